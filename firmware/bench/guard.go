package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// ErrPanicked is the fault of a driver that has failed in a way that nobody foresaw.
var ErrPanicked = errors.New("its driver failed and was started again: report this with the log")

// When a driver that has panicked is started again, and believed.
const (
	soonAgain = 50 * time.Millisecond // doubled each time, up to
	lateAgain = 5 * time.Second
	steady    = 5 * time.Second // that it then runs for
)

// Guard keeps the program from ending with a driver. A panic of one is the fault of its device, with
// the stack in the log, until the driver has been started again and has run for a while. Of a panic's
// value only the type is logged. Goroutines that a driver starts are its own: their panics are not
// kept. The methods are for any goroutine.
type Guard struct {
	log *slog.Logger

	mu    sync.Mutex
	fault error
	until time.Time
}

// NewGuard guards the driver of one device.
func NewGuard(log *slog.Logger) *Guard { return &Guard{log: log} }

// Run runs a driver until ctx is done, again when it panics.
func (g *Guard) Run(ctx context.Context, run func(context.Context) error) error {
	for wait := soonAgain; ; wait = min(2*wait, lateAgain) {
		began := time.Now()
		err := g.Do(func() error { return run(ctx) })
		if !errors.Is(err, ErrPanicked) || ctx.Err() != nil {
			return err
		}
		if time.Since(began) > steady {
			wait = soonAgain
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		g.again()
	}
}

// Do has a driver do one thing; if it panics the error is ErrPanicked.
func (g *Guard) Do(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%T)", ErrPanicked, p)
			g.log.Error("a driver panicked: report this", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			g.mu.Lock()
			defer g.mu.Unlock()
			g.fault, g.until = err, time.Now().Add(lateAgain+steady)
		}
	}()
	return f()
}

// again has the fault stay until the driver has run for a while.
func (g *Guard) again() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Now().Add(steady)
}

// Fault is the panic's as long as that counts, and else what the driver says.
func (g *Guard) Fault(driver error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fault != nil && time.Now().After(g.until) {
		g.fault = nil
	}
	if g.fault != nil {
		return g.fault
	}
	return driver
}

// guarded is a device whose driver may panic.
func guarded(d Device, log *slog.Logger) Device {
	g := NewGuard(log.With("device", d.What))
	run, fault := d.Run, d.Fault
	d.Run = func(ctx context.Context) error { return g.Run(ctx, run) }
	d.Fault = func() error { return g.Fault(fault()) }
	return d
}
