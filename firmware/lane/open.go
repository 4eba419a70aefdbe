package lane

import (
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

// admitOpen lets the person walk by. Nothing watches them do it: the claim is the
// passage.
func (l Lane) admitOpen(now time.Time) (Lane, []Effect) {
	passed := Settle{l.event(now, event.Passed, verdict.Verdict{}), true}
	return l.to(Ready, now.Add(l.Timing.Show)), []Effect{passed}
}
