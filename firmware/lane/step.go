package lane

import (
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

const (
	// calm is how long everything must have been right before an unattended lane
	// opens itself (G14, G17).
	calm = time.Second
	// retries is how often in a row one person may be asked to show a code again;
	// then an officer helps (G19).
	retries = 3
	// patience is the time after which whoever shows a code is somebody else.
	patience = 30 * time.Second
)

// Step advances l by one input. What a state does not expect changes nothing.
func (l Lane) Step(now time.Time, in Input) (Lane, []Effect) {
	if l.stale(now, in) {
		return l, nil
	}
	shown, was := l.View(), l.State
	l, fx := l.step(now, in)
	l = l.settleDown(now).forget(was)
	if l.State != Ready {
		l.Hint = HintNone
	}
	if v := l.View(); v != shown {
		fx = append(fx, Show{v})
	}
	return l, fx
}

// stale reports whether in answers a question that is not open any more.
func (l Lane) stale(now time.Time, in Input) bool {
	switch in := in.(type) {
	case Judged:
		return l.State != Inspecting && !l.Unjudged || in.Number != l.Asked
	case Overruled:
		return l.State != Waiting || in.Number != l.Asked
	case Recorded:
		return l.State != Admitting && !l.Unanswered || in.Number != l.Asked
	case Moved:
		return in.Number != l.Ordered
	case Stuck:
		return in.Number != l.Ordered
	case AlarmCleared:
		return in.Alarm != l.Alarms
	case Elapsed:
		return l.Deadline.IsZero() || now.Before(l.Deadline)
	}
	return false
}

// step is what all profiles have in common.
func (l Lane) step(now time.Time, in Input) (Lane, []Effect) {
	switch in := in.(type) {
	case OpenLane:
		return l.open()
	case Presented:
		if l.Invites() {
			l.Asked++
			l.Verdict, l.Unjudged = verdict.Verdict{}, false
			return l.to(Inspecting, now.Add(l.Timing.Judge)), []Effect{Inspect{l.Asked, now, in.Codes}}
		}
	case Guided:
		// An answer that is being shown keeps its hint: taking it back would sound the tone again.
		if l.State == Ready && (l.Deadline.IsZero() || in.Hint != HintNone) {
			l.Hint = in.Hint
		}
	case Judged:
		if l.Unjudged {
			return l.late(now, in.Verdict)
		}
		return l.judge(now, in.Verdict)
	case Overruled:
		if l.Overruling == ByKeys {
			in.Who = ""
		}
		return l.overrule(now, in.By, in.Who, in.Reason, in.Papers)
	case Recorded:
		return l.recorded(now, in)
	case Elapsed:
		return l.elapsed(now)
	case Failed:
		return l.fail(now, in.Fault)
	case Recovered:
		l.Faults &^= in.Fault
		if in.Fault.Has(BoardFault) {
			l.Faults &^= BarrierFault
		}
	case Stop:
		l.Unattended = false
		l, fx := l.fail(now, 0)
		l, end := l.settle(now, event.Interrupted, false)
		return l, append(fx, end...)
	case Evacuate:
		l.Alarms = in.Alarm
		return l.evacuate(now)
	case AlarmCleared:
		was := l.Normal
		l.Normal = true
		if !was && l.State != Evacuating {
			return l.shut()
		}
	case Reset:
		return l.reset(now, in.By)
	case Turned:
		switch {
		case l.State == Secured:
			return l.open()
		case l.State == Waiting && l.Overruling == ByKeys:
			return l.overrule(now, in.By, keys[in.By], "", "")
		}
		return l.reset(now, in.By)
	default:
		if l.Profile == Single {
			return l.gate(now, in)
		}
	}
	return l, nil
}

// right reports whether nothing but some faults, of which there must be none,
// speaks against service.
func (l Lane) right(faults Fault) bool {
	return faults == 0 && !l.Unanswered && (l.Profile == Open || l.Zone == ZoneClear && l.Normal)
}

// settleDown lets an unattended lane wait until everything has been right for a
// while. A lane that is alarmed or evacuated first needs its reset (G3).
func (l Lane) settleDown(now time.Time) Lane {
	switch {
	case l.State != Secured:
	case !l.Unattended || !l.right(l.Faults):
		l.Deadline = time.Time{}
	case l.Deadline.IsZero():
		l.Deadline = now.Add(calm)
	}
	return l
}

// open is the officer's: a barrier that did not obey has been looked at.
func (l Lane) open() (Lane, []Effect) {
	if l.State == Secured && l.right(l.Faults&^BarrierFault) {
		return l.serve()
	}
	return l, nil
}

func (l Lane) serve() (Lane, []Effect) {
	l.Faults = 0
	return l.to(Ready, time.Time{}).shut()
}

func (l Lane) elapsed(now time.Time) (Lane, []Effect) {
	switch l.State {
	case Secured:
		return l.serve()
	case Ready, Waiting:
		l.Hint = HintNone // what is still true is said again
		return l.to(Ready, time.Time{}), nil
	case Inspecting:
		l.Unjudged = true
		return l.decline(now, verdict.Verdict{Reason: verdict.TooSlow})
	case Admitting:
		return l.halt(now, Secured)
	}
	return l.passage(now)
}

func (l Lane) judge(now time.Time, v verdict.Verdict) (Lane, []Effect) {
	if v.Outcome != verdict.Admit {
		return l.decline(now, v)
	}
	l.Verdict = v
	return l.to(Admitting, now.Add(l.Timing.Judge)), []Effect{Claim{l.event(now, event.Claimed, v)}}
}

// decline turns the person down, and lets them try again if they can mend it and
// have not done so too often.
func (l Lane) decline(now time.Time, v verdict.Verdict) (Lane, []Effect) {
	if now.Sub(l.Retried) > patience || !Mendable(v) {
		l.Retries = 0
	}
	if Mendable(v) {
		l.Retries, l.Retried = l.Retries+1, now
		if l.Retries > retries {
			v.Outcome = verdict.Refer
		}
	}
	l, written := l.presented(now, v)
	return l.to(Ready, now.Add(l.Timing.Show)).wait(now, v.Counts), []Effect{written}
}

// presented writes down a presentation that was not admitted.
func (l Lane) presented(now time.Time, v verdict.Verdict) (Lane, Effect) {
	v.Counts = nil
	l.Verdict = v
	return l, Record{l.event(now, event.Presented, v)}
}

func (l Lane) recorded(now time.Time, in Recorded) (Lane, []Effect) {
	late, refused := l.Unanswered, l.Verdict.Because(verdict.Refuse, in.Reason)
	interrupted := l.end(now, event.Interrupted, false)
	l.Unanswered, l.Verdict.Counts = false, nil
	switch {
	case in.Pending && late:
		return l, []Effect{interrupted}
	case in.Pending:
		l.Retries = 0
		return l.admit(now)
	case in.Reason != "" && late:
		l, written := l.presented(now, refused)
		return l, []Effect{written}
	case in.Reason != "":
		return l.decline(now, refused)
	}
	l.Faults |= JournalFault
	if late {
		return l, []Effect{interrupted} // the claim may have been written all the same
	}
	l, fx := l.to(Secured, time.Time{}).shut()
	return l, append(fx, interrupted)
}

// admit lets the person pass: their claim is written.
func (l Lane) admit(now time.Time) (Lane, []Effect) {
	if l.Profile == Open {
		return l.admitOpen(now)
	}
	return l.to(Released, now.Add(l.Timing.Enter)).release()
}

// fail takes the lane out of service, if it is in service. Without its board
// nothing is known of the zone, nor of who leaves it.
func (l Lane) fail(now time.Time, f Fault) (Lane, []Effect) {
	l.Faults |= f
	var fx, end []Effect
	if f.Has(BoardFault) {
		l.Zone, l.Entry, l.Normal = ZoneUnknown, false, false
		l, end = l.settle(now, event.Interrupted, true)
	}
	switch l.State {
	case Secured, Alarmed, Evacuating:
	default:
		l, fx = l.halt(now, Secured)
	}
	return l, append(fx, end...)
}

// halt stops serving. With somebody in the zone the barrier stays as it is until
// Clear; an admitted person in there may still leave, so their claim stays open.
func (l Lane) halt(now time.Time, s State) (Lane, []Effect) {
	l, end := l.abandon(now)
	l, fx := l.to(s, time.Time{}).shut()
	return l, append(fx, end...)
}

// abandon ends what is open for a person who has not entered, as far as anybody sees.
// A claim the journal has not answered ends when it does.
func (l Lane) abandon(now time.Time) (Lane, []Effect) {
	switch l.State {
	case Inspecting:
		l.Unjudged = true
		l, written := l.presented(now, verdict.Verdict{Reason: verdict.Interrupted})
		return l, []Effect{written}
	case Admitting:
		l.Unanswered = true
	case Released:
		used := l.Opened && l.Faults.Has(BoardFault)
		return l, []Effect{l.end(now, event.Interrupted, used)}
	}
	return l, nil
}

func (l Lane) evacuate(now time.Time) (Lane, []Effect) {
	first, written := l.State != Evacuating, l.incident(now, event.Evacuated)
	l, end := l.abandon(now)
	l, left := l.settle(now, event.Interrupted, false)
	l.Normal = false
	l, fx := l.keepOpen(now)
	if first {
		fx = append(fx, written)
	}
	return l, append(append(fx, end...), left...)
}

// reset ends an alarm, or an evacuation once the building's alarm has cleared.
// Both lead out of service; OpenLane or an unattended lane itself leads back.
func (l Lane) reset(now time.Time, by Role) (Lane, []Effect) {
	if l.State == Alarmed || l.State == Evacuating && l.Normal && by == Supervisor {
		l, fx := l.halt(now, Secured)
		return l, append(fx, l.incident(now, event.Secured))
	}
	return l, nil
}

// settle ends the claim of the admitted person in the zone, if there is one.
func (l Lane) settle(now time.Time, k event.Kind, used bool) (Lane, []Effect) {
	if !l.Inside {
		return l, nil
	}
	end := l.end(now, k, used)
	l.Inside = false
	return l, []Effect{end}
}

// end ends the claim of the last presentation. Where nobody knows whether they have passed, the
// code stays used and the event says so: staff let them in.
func (l Lane) end(now time.Time, k event.Kind, used bool) Settle {
	e := l.event(now, k, verdict.Verdict{})
	if used && k == event.Interrupted {
		e.Note = map[string]string{"code": "used"}
	}
	return Settle{e, used}
}

// event is about the last presentation.
func (l Lane) event(now time.Time, k event.Kind, v verdict.Verdict) event.Event {
	return event.Event{At: now, Kind: k, Presentation: l.Asked, Verdict: v}
}

// incident is about the last presentation while that is open, else about none.
func (l Lane) incident(now time.Time, k event.Kind) Record {
	e := event.Event{At: now, Kind: k}
	switch l.State {
	case Inspecting, Admitting, Released:
		e.Presentation = l.Asked
	default:
		if l.Inside || l.Unanswered {
			e.Presentation = l.Asked
		}
	}
	return Record{e}
}

func (l Lane) to(s State, deadline time.Time) Lane {
	l.State, l.Deadline = s, deadline
	return l
}
