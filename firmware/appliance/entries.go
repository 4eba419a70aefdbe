package appliance

import (
	"sync"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/kiosk/screen"
)

// entries is a lane's journal that also counts who came in today, for the display of
// a venue. It counts from the start of the program or of the day (R89: no identity).
type entries struct {
	*follow.Lane
	display *screen.Display
	now     func() time.Time

	mu  sync.Mutex
	day string
	in  int
}

// Settle counts a passage that the journal has taken. A code that is used by one who
// may have gone away is none.
func (e *entries) Settle(ev event.Event, used bool) error {
	if err := e.Lane.Settle(ev, used); err != nil {
		return err
	}
	if ev.Kind != event.Passed {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if today := e.now().Format(time.DateOnly); today != e.day {
		e.day, e.in = today, 0
	}
	e.in++
	e.display.Count(e.in)
	return nil
}

// unseen reports whether a browser has shown the lane's display, and for two looks in a
// row none does any more.
func (l *laneLoop) unseen() bool {
	readers := l.display.Readers()
	switch {
	case readers > 0:
		l.missed, l.watched = 0, true
	case l.watched:
		l.missed++
	}
	return l.missed > 1
}
