package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// bench is everything around one lane. It keeps what gate, journal and screens were
// told.
type bench struct {
	*Controller
	lane    lane.Lane       // at power-up
	ctx     context.Context // ends with the test: devices that hang wait for it
	stop    context.CancelFunc
	reports chan lane.Input
	done    chan error

	stuck    int           // how many times Release fails
	slow     time.Duration // of Secure
	thinks   time.Duration // of Claim
	replayed bool
	codes    int // shown so far

	mu             sync.Mutex
	hangs          string        // name of the device that does not return
	wakes          chan struct{} // closed when it does after all
	broken         error         // of the journal
	gate, journal  []string
	open           bool
	display, lamps []lane.View
	inspected      []string
}

var timing = lane.Timing{Judge: 2 * time.Second, Enter: 6 * time.Second, Leave: 4 * time.Second, Show: 3 * time.Second}

// build wires the controller of a lane that does not run yet.
func build(t testing.TB, b *bench) *bench {
	b.ctx, b.reports, b.done = t.Context(), make(chan lane.Input), make(chan error, 1)
	b.wakes = make(chan struct{})
	b.lane.Timing = timing
	d := Devices{Barrier: b, Journal: b, Reports: b.reports, Log: slog.New(slog.DiscardHandler),
		Place: inspection.Lane{Name: "3"}, Clock: func() inspection.Clock { return inspection.Clock{Confidence: "trusted"} },
		Display: func(v lane.View) { b.show("display", &b.display, v) },
		Lamp:    func(v lane.View) { b.show("lamp", &b.lamps, v) }}
	if b.lane.Profile == lane.Open {
		d.Barrier = nil
	}
	b.Controller = New(d)
	b.Use(b.inspect)
	return b
}

// serve starts a lane that is clear and open for service.
func serve(t testing.TB, b *bench) *bench {
	build(t, b)
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() { b.done <- b.Run(ctx, b.lane) }() // ends with stop
	b.report(lane.AlarmCleared{}, lane.Clear{}, lane.OpenLane{})
	return b
}

// report sends inputs and lets everything that follows at once happen.
func (b *bench) report(ins ...lane.Input) {
	for _, in := range ins {
		b.reports <- in
		synctest.Wait()
	}
}

// view has the camera see texts in one frame.
func (b *bench) view(texts ...string) {
	var codes [][]byte
	for _, text := range texts {
		codes = append(codes, []byte(text))
	}
	b.See(codes, time.Now())
	synctest.Wait()
}

// present shows a code that was not shown before.
func (b *bench) present() {
	b.codes++
	b.view(fmt.Sprint("HCT1:", b.codes))
}

// use hangs if the device is the one that does.
func (b *bench) use(device string) {
	b.mu.Lock()
	hangs, wakes := b.hangs == device, b.wakes
	b.mu.Unlock()
	if hangs {
		select {
		case <-b.ctx.Done():
		case <-wakes:
		}
	}
}

// wakeUp lets the device that hangs go on.
func (b *bench) wakeUp() {
	b.mu.Lock()
	b.hangs = ""
	b.mu.Unlock()
	close(b.wakes)
	synctest.Wait()
}

// set changes something while the lane runs.
func (b *bench) set(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

func (b *bench) Release(context.Context) error {
	b.use("gate")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stuck > 0 {
		b.stuck--
		b.gate = append(b.gate, "stuck")
		return errors.New("no acknowledge")
	}
	b.gate, b.open = append(b.gate, "release"), true
	return nil
}

func (b *bench) Secure(context.Context) error {
	time.Sleep(b.slow)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate, b.open = append(b.gate, "secure"), false
	return nil
}

func (b *bench) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

func (b *bench) write(kind event.Kind, e event.Event) error {
	b.use("journal")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	if _, err := event.Encode(event.Record{Position: event.Position{Device: "d", Site: "s"}, Event: e}); err != nil {
		return err
	}
	line := string(kind)
	if e.Kind == event.Presented {
		line += " " + string(e.Verdict.Reason)
	}
	if e.Note["stripped"] != "" {
		line += " stripped"
	}
	b.journal = append(b.journal, line)
	return nil
}

func (b *bench) Append(e event.Event) error { return b.write(e.Kind, e) }

func (b *bench) Claim(e event.Event) (verdict.Reason, error) {
	time.Sleep(b.thinks)
	if b.replayed {
		return verdict.Replayed, nil
	}
	return "", b.write(e.Kind, e)
}

func (b *bench) Settle(e event.Event, passed bool) error { return b.write("settle "+e.Kind, e) }

func (b *bench) show(device string, to *[]lane.View, v lane.View) {
	b.use(device)
	b.mu.Lock()
	defer b.mu.Unlock()
	*to = append(*to, v)
}

// shown is the last screen on the display and the last lamp.
func (b *bench) shown() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(last(b.display).Screen, " ", last(b.lamps).Lamp)
}

func last(vs []lane.View) lane.View {
	if len(vs) == 0 {
		return lane.View{}
	}
	return vs[len(vs)-1]
}

// inspect admits every code but those that name a reason after an exclamation mark.
// What they are "citing" is cited more often than an event can hold.
func (b *bench) inspect(p inspection.Presentation) verdict.Verdict {
	b.use("inspection")
	b.set(func() { b.inspected = append(b.inspected, fmt.Sprintf("%d %s", p.Number, p.Codes)) })
	if p.Lane.Name != "3" || p.Clock.Confidence != "trusted" || p.At.IsZero() {
		return verdict.Verdict{Reason: verdict.ClockUnknown}
	}
	for _, code := range p.Codes {
		text, cited, _ := strings.Cut(string(code), " citing ")
		cite := strings.Repeat(cited, event.MaxSize)
		if text[0] == '!' {
			return verdict.Verdict{Reason: verdict.Reason(text[1:]), Cite: cite}
		} else if cite != "" {
			return verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Cite: cite}
		}
	}
	return verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied}
}
