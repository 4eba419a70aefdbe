package bench

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2creg"

	"example.org/checkpoint/firmware/config"
)

// TestGuard has a driver panic again and again, then run: the fault is the device's all the while
// and for as long as it takes to believe it, each start is later than the one before, and nothing of
// what panicked is logged but where.
func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var starts []time.Time
		d := guarded(Device{What: "code scanner", Fault: func() error { return nil }, Run: func(ctx context.Context) error {
			if starts = append(starts, time.Now()); len(starts) <= 10 {
				panic("HCT1:a-secret")
			}
			<-ctx.Done()
			return nil
		}}, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }() // ends with stop
		for range 250 {
			time.Sleep(100 * time.Millisecond)
			if len(starts) <= 10 && !errors.Is(d.Fault(), ErrPanicked) {
				t.Fatalf("start %d: %v", len(starts), d.Fault())
			}
		}
		if len(starts) != 11 || starts[1].Sub(starts[0]) > 100*time.Millisecond || starts[10].Sub(starts[9]) < lateAgain {
			t.Errorf("%d starts: %v", len(starts), starts)
		}
		time.Sleep(steady)
		if err := d.Fault(); err != nil {
			t.Errorf("it runs: %v", err)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := log.String(); strings.Contains(got, "secret") || strings.Count(got, "guard_test.go") < 10 || !strings.Contains(got, `device="code scanner"`) {
			t.Errorf("logged: %s", got)
		}
	})
}

// TestThermometerAsked: whoever asks how the thermometer is does not wait for a bus that hangs when it is
// opened.
func TestThermometerAsked(t *testing.T) {
	hangs, there := make(chan struct{}), make(chan struct{})
	err := i2creg.Register("bus-that-hangs", nil, -1, func() (i2c.BusCloser, error) {
		close(there)
		<-hangs
		return nil, errors.New("switched off")
	})
	if err != nil {
		t.Fatal(err)
	}
	defer i2creg.Unregister("bus-that-hangs")
	d := thermometer{config: config.Thermal{Bus: "bus-that-hangs"}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx, nil) }() // ends with stop
	<-there
	if d.fault() == nil { // it would wait here for ever
		t.Error("a bus that hangs is no fault")
	}
	stop()
	close(hangs)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
