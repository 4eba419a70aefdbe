package controller

import (
	"context"
	"slices"
	"time"

	"example.org/checkpoint/firmware/lane"
)

// Run serves until ctx is done. It fails if a device then still hangs.
func (c *Controller) Run(ctx context.Context, l lane.Lane) error {
	r := run{Controller: c, workers: c.start(context.WithoutCancel(ctx)), lane: l, timer: time.NewTimer(0)}
	tick := time.NewTicker(turn)
	defer tick.Stop()
	defer c.turned.Store(0)
	r.wait()
	r.hand(order{lane.Show{View: l.View()}, 0})
	r.take(lane.Recovered{}) // the program runs: an unattended lane begins to wait
	for {
		c.turned.Store(max(1, int64(time.Since(c.made))))
		select {
		case <-tick.C:
			if f := r.well() & r.lane.Faults; f != 0 {
				r.take(lane.Recovered{Fault: f})
			}
			r.offer()
		case <-c.wake:
			r.listen()
		case in := <-c.Reports:
			r.take(in)
		case in := <-r.answers:
			r.take(in)
		case f := <-c.seen:
			r.see(f)
		case text := <-c.scans:
			if len(r.scanned) < lane.MaxCodes {
				r.scanned = append(r.scanned, frame{[][]byte{text}, time.Now()})
			}
			r.offer()
		case <-r.timer.C:
			r.take(lane.Elapsed{})
		case <-ctx.Done():
			r.drain()
			close(c.ended)
			r.take(lane.Stop{})
			r.timer.Stop()
			return r.finish()
		}
	}
}

// run is what only the goroutine of Run touches.
type run struct {
	*Controller
	*workers
	lane  lane.Lane
	sight lane.Sight
	timer *time.Timer // for lane.Deadline
	heard uint64      // alarms the lane knows of

	scanned []frame // texts that were scanned of late and not presented, with when they came
}

// inView is how long a text counts as held up that was scanned once.
const inView = time.Second

// offer presents what was scanned, one text at a time, as soon as the lane takes it.
func (r *run) offer() {
	now := time.Now()
	r.scanned = slices.DeleteFunc(r.scanned, func(f frame) bool {
		return now.Sub(f.at) >= inView || r.see(frame{f.texts, now})
	})
}

// see presents what is new in a frame, and reports whether anything was.
func (r *run) see(f frame) bool {
	var codes [][]byte
	r.sight, codes = r.sight.Look(f.at, f.texts, r.lane.Invites())
	if len(codes) > 0 {
		r.take(lane.Presented{Codes: codes})
	}
	return len(codes) > 0
}

// take steps the lane. An alarm goes first, however late the loop hears of it, and
// also before what was reported earlier: the end of an earlier alarm is stale then.
func (r *run) take(in lane.Input) {
	r.listen()
	r.step(in)
}

func (r *run) listen() {
	if n := r.alarms.Load(); n != r.heard {
		r.heard = n
		r.step(lane.Evacuate{Alarm: n})
	}
}

func (r *run) step(in lane.Input) {
	now, deadline := time.Now(), r.lane.Deadline
	var effects []lane.Effect
	r.lane, effects = r.lane.Step(now, in)
	public := r.lane
	public.Verdict.Counts = nil
	r.state.Store(&public)
	if !r.lane.Deadline.Equal(deadline) {
		r.wait()
	}
	var fault lane.Fault
	for _, e := range effects {
		if show, ok := e.(lane.Show); ok && show.View.Screen == lane.ScreenRetry && show.View.Hint == lane.HintNone {
			r.sight = r.sight.Again(now)
		}
		fault |= r.hand(order{e, r.heard})
	}
	if fault != 0 {
		r.Log.Error("a device hangs, the lane is out of service", "device", fault)
		r.step(lane.Failed{Fault: fault})
	}
}

// wait sets the timer to the lane's deadline.
func (r *run) wait() {
	r.timer.Stop()
	if !r.lane.Deadline.IsZero() {
		r.timer.Reset(time.Until(r.lane.Deadline))
	}
}

// drain takes what was reported before the end: it may be a person in the zone.
func (r *run) drain() {
	for {
		select {
		case in := <-r.Reports:
			r.take(in)
		default:
			return
		}
	}
}

// finish waits for the answer to a claim and lets the workers carry out what they
// were handed. What does not return in time is left behind.
func (r *run) finish() error {
	late := time.After(grace)
	for r.lane.Unanswered {
		select {
		case in := <-r.answers:
			r.take(in)
		case <-late:
			r.close()
			return errHangs
		}
	}
	done := r.close()
	select {
	case <-done:
		return nil
	case <-late:
		return errHangs
	}
}
