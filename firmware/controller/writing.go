package controller

import (
	"errors"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

const (
	retry = time.Second // between two attempts to write what the journal could not
	// reasonSize is what is left of a reason in an event that was stripped, in bytes.
	reasonSize = 64
)

// write carries out an order to the journal. What cannot be written is tried again
// for as long as the program runs, so that no event is lost and none overtakes
// another; the lane is out of service meanwhile. An event that no journal could ever
// write is stripped instead, so that those behind it are written. A claim is not
// tried again: the lane gives it up, and what it writes about that is.
func (c *Controller) write(w *workers, o order) {
	if e, ok := o.effect.(lane.Claim); ok {
		w.answer(c.claim(e))
		return
	}
	for failed, bare := false, false; ; {
		err := c.record(o.effect)
		switch {
		case err == nil:
			return
		case hopeless(err) && bare:
			c.Log.Error("journal: an event is lost", "err", err)
			return
		case hopeless(err):
			c.Log.Error("journal: an event is written without its details", "err", err)
			o.effect, bare = strip(o.effect), true
			continue
		case !failed:
			c.Log.Error("journal", "err", err)
			w.answer(lane.Failed{Fault: lane.JournalFault})
		}
		select {
		case <-time.After(retry):
		case <-w.over:
			if failed {
				return
			}
		}
		failed = true
	}
}

func (c *Controller) record(e lane.Effect) error {
	if e, ok := e.(lane.Settle); ok {
		return c.Journal.Settle(e.Event, e.Used)
	}
	return c.Journal.Append(e.(lane.Record).Event)
}

// claim answers with a reason where the claim could never be written: that is the
// code's fault, not the journal's.
func (c *Controller) claim(e lane.Claim) lane.Input {
	reason, err := c.Journal.Claim(e.Event)
	switch {
	case hopeless(err):
		c.Log.Error("journal: a claim cannot be written, its code is refused", "err", err)
		return lane.Recorded{Number: e.Event.Presentation, Reason: verdict.PolicyError}
	case err != nil:
		c.Log.Error("journal", "err", err)
		return lane.Recorded{Number: e.Event.Presentation}
	}
	return lane.Recorded{Number: e.Event.Presentation, Pending: reason == "", Reason: reason}
}

// hopeless reports whether an event is at fault, which another attempt does not mend.
func hopeless(err error) bool {
	return errors.Is(err, event.ErrTooLarge) || errors.Is(err, event.ErrName) || errors.Is(err, event.ErrTime)
}

// strip leaves of an event what it is about. A time that cannot be written becomes the
// zero time.
func strip(e lane.Effect) lane.Effect {
	bare := func(e event.Event) event.Event {
		if at := e.At.UTC().Year(); at < 0 || at > 9999 {
			e.At = time.Time{}
		}
		reason := e.Verdict.Reason[:min(len(e.Verdict.Reason), reasonSize)]
		return event.Event{At: e.At, Kind: e.Kind, Presentation: e.Presentation, Note: map[string]string{"stripped": "true"},
			Verdict: verdict.Verdict{Outcome: e.Verdict.Outcome, Reason: reason}}
	}
	if s, ok := e.(lane.Settle); ok {
		s.Event = bare(s.Event)
		return s
	}
	return lane.Record{Event: bare(e.(lane.Record).Event)}
}
