package clock

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

const day = 24 * time.Hour

// machine is a wall clock that somebody may set wrong.
type machine struct{ off time.Duration }

func (m *machine) now() time.Time { return time.Now().Add(m.off) }

func expect(t *testing.T, c *Clock, want Confidence, fault error) Reading {
	t.Helper()
	r := c.Read()
	if r.Confidence != want || !errors.Is(r.Fault, fault) {
		t.Errorf("%+v; want %s, %v", r, want, fault)
	}
	return r
}

func TestDoubtGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil, time.Time{})
		expect(t, c, Unknown, nil)
		if err := c.Trust(time.Now(), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		expect(t, c, Trusted, nil)
		time.Sleep(10_000 * time.Second) // 1 s at 100 ppm
		if r := expect(t, c, Trusted, nil); r.Uncertainty != 1050*time.Millisecond || !r.Time.Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
		time.Sleep(day)
		expect(t, c, Trusted, nil)
		time.Sleep(day)
		expect(t, c, Drifting, nil)
		time.Sleep(40 * day)
		if r := expect(t, c, Unknown, nil); r.Uncertainty != 0 {
			t.Errorf("%+v", r)
		}
		if err := c.Trust(time.Now(), 0); err != nil {
			t.Fatal(err)
		}
		expect(t, c, Trusted, nil)
	})
}

func TestFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{off: -30 * day} // the battery was empty
		floor := time.Now().Add(-day)
		c := New(m.now, floor)
		if r := expect(t, c, Unknown, ErrBelowFloor); !r.Time.Equal(floor) {
			t.Errorf("%+v", r)
		}
		c.Raise(floor.Add(-time.Hour)) // it never sinks
		c.Raise(floor.Add(time.Hour))
		if now := c.Now(); !now.Equal(floor.Add(time.Hour)) {
			t.Error(now)
		}
		if err := c.Trust(floor, time.Second); !errors.Is(err, ErrBelowFloor) {
			t.Errorf("a time below the floor: %v", err)
		}
		m.off = 0
		expect(t, c, Unknown, nil)
		if err := c.Trust(time.Now(), time.Second); err != nil {
			t.Fatal(err)
		}
		expect(t, c, Trusted, nil)
		c.Raise(time.Now().Add(time.Hour)) // the centre says that it is later than that
		expect(t, c, Unknown, ErrBelowFloor)
	})
}

func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		c := New(m.now, time.Time{})
		if err := c.Trust(time.Now(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10_000 * time.Second)
		for _, off := range []time.Duration{2 * time.Second, -2 * time.Second} { // within 100 ms + 1 s + bound
			m.off = off
			if r := expect(t, c, Trusted, nil); !r.Time.Equal(m.now()) {
				t.Errorf("%v: %+v", off, r)
			}
		}
		for _, off := range []time.Duration{3 * time.Second, -3 * time.Second, 365 * day, -365 * day} {
			m.off = off
			if r := expect(t, c, Trusted, ErrStepped); !r.Time.Equal(time.Now()) {
				t.Errorf("%v: %+v", off, r)
			}
		}
		m.off = 0
		expect(t, c, Trusted, nil)
	})
}
