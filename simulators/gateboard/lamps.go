package gateboard

import (
	"strings"
	"time"
)

// A lamp flashes if it changed three times within the last 1.6 s.
const (
	flashes = 3
	recent  = 1600 * time.Millisecond
)

var lampOf = []struct {
	bit    byte
	colour string
}{{outWhite, "white"}, {outBlue, "blue"}, {outAmber, "amber"}, {outGreen, "green"}, {outRed, "red"}}

// LampChange is one change of the lamps.
type LampChange struct {
	At  time.Time
	Lit string // as in State
}

// lamps remembers what the lamps did.
type lamps struct {
	lit     string
	changes []LampChange
}

func (l *lamps) note(at time.Time, outputs byte) {
	lit := colours(outputs)
	if lit == l.lit {
		return
	}
	l.lit = lit
	if len(l.changes) == 1000 {
		l.changes = l.changes[1:]
	}
	l.changes = append(l.changes, LampChange{at, lit})
}

// flashing returns the colours that come and go.
func (l *lamps) flashing(now time.Time) string {
	var found []string
	for _, lamp := range lampOf {
		n := 0
		for i := len(l.changes) - 1; i >= 0 && now.Sub(l.changes[i].At) < recent; i-- {
			before := ""
			if i > 0 {
				before = l.changes[i-1].Lit
			}
			if has(l.changes[i].Lit, lamp.colour) != has(before, lamp.colour) {
				n++
			}
		}
		if n >= flashes {
			found = append(found, lamp.colour)
		}
	}
	return strings.Join(found, "+")
}

func has(lit, colour string) bool { return strings.Contains(lit, colour) }

func colours(outputs byte) string {
	var lit []string
	for _, lamp := range lampOf {
		if outputs&lamp.bit != 0 {
			lit = append(lit, lamp.colour)
		}
	}
	return strings.Join(lit, "+")
}
