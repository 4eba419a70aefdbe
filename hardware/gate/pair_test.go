package gate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/gateboard"
)

// chamber is two doors in one bubble, each with pins of its own.
type chamber struct {
	*gate.Pair
	doors [2]*bench
}

func newChamber(t *testing.T) *chamber {
	var c chamber
	for i := range c.doors {
		b := gpioAt(t, gateboard.NewDoor(fast, fast), gate.Wiring{Door: true})
		b.run(t)
		go func() { // ends with the bench: nobody listens
			for range b.news {
			}
		}()
		c.doors[i] = b
	}
	c.Pair = gate.NewPair(c.doors[0].Board, c.doors[1].Board)
	time.Sleep(200 * time.Millisecond)
	return &c
}

func (c *chamber) end(t *testing.T) {
	for i, b := range c.doors {
		b.stop()
		close(b.news)
		for _, e := range b.gate.Errors() {
			t.Errorf("door %d: %s", i, e)
		}
	}
}

func TestPair(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(*testing.T, *chamber)
		opens  bool // door 1
	}{
		"the other shut, locked and told so": {func(t *testing.T, c *chamber) { must(t, c.doors[0].Secure(t.Context())) }, true},
		"the other not told":                 {func(*testing.T, *chamber) {}, false},
		"the other open": {func(t *testing.T, c *chamber) {
			must(t, c.doors[1].Secure(t.Context()))
			must(t, c.Release(t.Context(), 0))
		}, false},
		"the other still on its way": {func(t *testing.T, c *chamber) {
			must(t, c.doors[0].Release(t.Context()))
			time.Sleep(100 * time.Millisecond)
			must(t, c.doors[0].Secure(t.Context()))
		}, false},
		"the other does not shut": {func(t *testing.T, c *chamber) {
			must(t, c.doors[0].Release(t.Context()))
			time.Sleep(time.Second)
			c.doors[0].gate.Jam(true)
			must(t, c.doors[0].Secure(t.Context()))
			time.Sleep(time.Second)
		}, false},
		"somebody in the other": {func(t *testing.T, c *chamber) {
			must(t, c.doors[0].Secure(t.Context()))
			c.doors[0].gate.BreakMiddle()
		}, false},
		"the other's lock free": {func(t *testing.T, c *chamber) {
			must(t, c.doors[0].Secure(t.Context()))
			c.doors[0].gate.Stick(false, "locked")
		}, false},
		"the other's board gone": {func(t *testing.T, c *chamber) {
			must(t, c.doors[0].Secure(t.Context()))
			c.doors[0].pins.Fail()
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChamber(t)
				tc.before(t, c)
				err := c.Release(t.Context(), 1)
				if tc.opens && err != nil || !tc.opens && !errors.Is(err, gate.ErrInterlock) {
					t.Error(err)
				}
				if got := c.doors[1].gate.State().Access; got != tc.opens {
					t.Errorf("access %v", got)
				}
				c.end(t)
			})
		})
	}
}

// moves are what can happen to a chamber: orders, people, the building and faults.
var moves = []struct {
	name string
	do   func(*testing.T, *chamber)
}{
	{"open 0", func(t *testing.T, c *chamber) { c.Release(t.Context(), 0) }},
	{"open 1", func(t *testing.T, c *chamber) { c.Release(t.Context(), 1) }},
	{"shut 0", func(t *testing.T, c *chamber) { c.doors[0].Secure(t.Context()) }},
	{"shut 1", func(t *testing.T, c *chamber) { c.doors[1].Secure(t.Context()) }},
	{"somebody in 0", func(_ *testing.T, c *chamber) { c.doors[0].gate.BreakMiddle() }},
	{"nobody in 0", func(_ *testing.T, c *chamber) { c.doors[0].gate.MendMiddle() }},
	{"fire", func(_ *testing.T, c *chamber) { c.doors[0].gate.Fire(true); c.doors[1].gate.Fire(true) }},
	{"no fire", func(_ *testing.T, c *chamber) { c.doors[0].gate.Fire(false); c.doors[1].gate.Fire(false) }},
	{"0 jammed", func(_ *testing.T, c *chamber) { c.doors[0].gate.Jam(true) }},
	{"0 hangs or lives", func(_ *testing.T, c *chamber) { c.doors[0].alive.Store(!c.doors[0].alive.Load()) }},
}

// TestInterlockWalk tries every order of four moves, with more or less time for the
// doors between, over simulated pins: never are both doors told to open, nor both open,
// but in a fire or after it; and in a fire both are open (G6, G1, G23).
func TestInterlockWalk(t *testing.T) {
	const depth, lots = 4, 100 // lots are bubbles
	total := 1
	for range depth {
		total *= len(moves)
	}
	opened := 0
	for lot := range lots {
		synctest.Test(t, func(t *testing.T) {
			for n := lot; n < total; n += lots {
				opened += walkInterlock(t, n, depth)
			}
		})
		if t.Failed() {
			return
		}
	}
	if opened < total/4 {
		t.Errorf("in %d walks only %d doors opened", total, opened)
	}
}

// walkInterlock takes walk n and returns how many doors were opened for somebody.
func walkInterlock(t *testing.T, n, depth int) int {
	c := newChamber(t)
	defer c.end(t)
	for _, b := range c.doors {
		must(t, b.Secure(t.Context()))
	}
	var path []string
	burning, burnt := false, false
	pause := time.Duration(20+n%3*100) * time.Millisecond // shorter than a door takes, and longer
	for range depth {
		m := moves[n%len(moves)]
		n /= len(moves)
		path = append(path, m.name)
		m.do(t, c)
		burning = m.name == "fire" || burning && m.name != "no fire"
		burnt = burnt || burning
		a, b := c.doors[0].gate.State(), c.doors[1].gate.State()
		if !burnt && a.Access && b.Access {
			t.Errorf("both told to open after %s", strings.Join(path, ", "))
		}
		time.Sleep(pause)
		a, b = c.doors[0].gate.State(), c.doors[1].gate.State()
		if !burnt && a.Leaf != gateboard.Shut && b.Leaf != gateboard.Shut {
			t.Errorf("both open after %s", strings.Join(path, ", "))
		}
		if burning && (!a.EgressFree || !b.EgressFree || a.Leaf == gateboard.Shut || b.Leaf == gateboard.Shut) {
			t.Errorf("fire, and not free after %s: %s", strings.Join(path, ", "), fmt.Sprint(a, b))
		}
	}
	return c.doors[0].gate.Counts().Openings + c.doors[1].gate.Counts().Openings
}
