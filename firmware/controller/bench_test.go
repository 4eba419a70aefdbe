package controller

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// instant is a gate and a journal that take no time.
type instant struct{ released chan struct{} }

func (i instant) Release(context.Context) error           { i.released <- struct{}{}; return nil }
func (instant) Secure(context.Context) error              { return nil }
func (instant) Append(event.Event) error                  { return nil }
func (instant) Claim(event.Event) (verdict.Reason, error) { return "", nil }
func (instant) Settle(event.Event, bool) error            { return nil }

// BenchmarkController measures from a frame with a new code to the order to open the
// gate, with a journal and an inspection that take no time; the figure "see-release"
// leaves out the passage that follows.
func BenchmarkController(b *testing.B) {
	i, reports := instant{make(chan struct{}, 1)}, make(chan lane.Input)
	c := New(Devices{Barrier: i, Journal: i, Reports: reports, Log: slog.New(slog.DiscardHandler),
		Display: func(lane.View) {}, Lamp: func(lane.View) {},
		Clock: func() inspection.Clock { return inspection.Clock{} }})
	c.Use(func(inspection.Presentation) verdict.Verdict { return verdict.Verdict{Outcome: verdict.Admit} })
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, lane.Lane{Timing: timing}) }() // ends with stop
	reports <- lane.AlarmCleared{}
	reports <- lane.Clear{}
	reports <- lane.OpenLane{}
	awaitReady(c)
	var taken time.Duration
	var n int
	b.ReportAllocs()
	for b.Loop() {
		n++
		began := time.Now()
		c.See([][]byte{fmt.Append(nil, n)}, began)
		<-i.released
		taken += time.Since(began)
		for _, in := range []lane.Input{lane.Entered{}, lane.Reached{}, lane.EntryWhole{}, lane.Left{}, lane.Clear{}} {
			reports <- in
		}
		awaitReady(c)
	}
	b.ReportMetric(float64(taken.Nanoseconds())/float64(n), "see-release-ns/op")
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

func awaitReady(c *Controller) {
	for c.State().State != lane.Ready {
		time.Sleep(time.Microsecond)
	}
}
