package staff

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Desk is where staff say who they are: a list, and how often each gave a wrong PIN. The
// zero Desk knows nobody. It is one caller's at a time.
type Desk struct {
	list   *List
	missed map[string]miss
}

type miss struct {
	Times int       `json:"times"`
	Last  time.Time `json:"last"`
}

// Use takes a newer list. What was missed stays.
func (d *Desk) Use(l *List) { d.list = l }

// Check says who somebody is by name and PIN at a time. The sixth attempt after five wrong
// ones, and those of the 15 minutes after, fail whatever the PIN. It takes tens of
// milliseconds and the verifier's memory. A name that nobody has is answered as one that
// somebody has, and locked as such, so that nobody learns who works here.
func (d *Desk) Check(name, pin string, now time.Time) (Member, error) {
	m, known, check := Member{}, false, stranger
	if d.list != nil {
		m, known = d.list.members[name]
		if check = d.list.nobody; known {
			check = m.pin
		}
	}
	was := d.missed[name]
	if now.Before(was.Last) { // the clock was set back: the lock begins anew
		was.Last = now
		d.missed[name] = was
	}
	switch {
	case now.Sub(was.Last) >= locked:
		was.Times = 0
	case was.Times >= misses:
		return Member{}, ErrLocked
	}
	if right := check.check(pin); !right || !known || !now.Before(m.Until) {
		d.miss(name, known, miss{was.Times + 1, now})
		return Member{}, ErrDenied
	}
	delete(d.missed, name)
	return m, nil
}

// miss remembers a wrong attempt; of names that nobody has as many as there may be people.
func (d *Desk) miss(name string, known bool, m miss) {
	if d.missed == nil {
		d.missed = map[string]miss{}
	}
	if !known && (!named(name) || len(d.missed) >= 2*most) {
		maps.DeleteFunc(d.missed, func(_ string, o miss) bool { return m.Last.Sub(o.Last) >= locked })
		if !named(name) || len(d.missed) >= 2*most {
			return
		}
	}
	d.missed[name] = m
}

// Misses gives what has to outlive the program, so that a restart unlocks nobody.
func (d *Desk) Misses() ([]byte, error) { return json.Marshal(d.missed) }

// Recall takes what Misses gave.
func (d *Desk) Recall(misses []byte) error {
	var missed map[string]miss
	if err := json.Unmarshal(misses, &missed); err != nil || len(missed) > 4*most {
		return fmt.Errorf("staff: the record of wrong PINs cannot be read: %v", err)
	}
	d.missed = missed
	return nil
}
