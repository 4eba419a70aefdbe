package lane

import (
	"time"

	"example.org/checkpoint/firmware/event"
)

// admitOpen lets the person walk by. Nothing watches them do it: the claim is the
// passage.
func (l Lane) admitOpen(now time.Time) (Lane, []Effect) {
	passed := l.end(now, event.Passed, true)
	return l.to(Ready, now.Add(l.Timing.Show)), []Effect{passed}
}
