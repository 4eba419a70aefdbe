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

// TestStepsThatAreVouchedFor: a source that is trusted may not move the clock further than
// a quartz may have strayed since the first trusted time, neither at once nor bit by bit.
func TestStepsThatAreVouchedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{off: -30 * day}
		c := New(m.now, time.Now().Add(-60*day))
		trust := func(want error) {
			t.Helper()
			if err := c.Trust(m.now(), 10*time.Millisecond); !errors.Is(err, want) {
				t.Errorf("off by %v: %v, want %v", m.off, err, want)
			}
		}
		trust(nil) // the first may be anything above the floor: nobody knows better
		c = New(m.now, time.Now().Add(-60*day))
		m.off = 0
		trust(nil)
		for _, off := range []time.Duration{-72 * time.Hour, 72 * time.Hour} {
			time.Sleep(time.Minute)
			m.off = off
			for range 3 { // asking again does not help
				trust(ErrStepped)
			}
			if r := expect(t, c, Trusted, ErrStepped); !r.Time.Equal(time.Now()) {
				t.Errorf("%v: %+v", off, r)
			}
		}
		m.off = 0
		trust(nil)
		expect(t, c, Trusted, nil)
		for range 100 { // half a second every minute
			time.Sleep(time.Minute)
			m.off += 500 * time.Millisecond
			_ = c.Trust(m.now(), 10*time.Millisecond)
		}
		if r := expect(t, c, Trusted, ErrStepped); time.Until(r.Time).Abs() > 2*time.Second {
			t.Errorf("strayed by %v", time.Until(r.Time))
		}
	})
}

// TestLongUptime: a network that keeps a poor quartz right is believed for as long as it runs.
func TestLongUptime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		c := New(m.now, time.Time{})
		for range 400 {
			if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			expect(t, c, Trusted, nil)
			time.Sleep(day)
			m.off += 4 * time.Second // the quartz loses 46 ppm
		}
	})
}

// TestNobodyVouchesAnyMore: the kernel has lost what disciplined it.
func TestNobodyVouchesAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		c := New(m.now, time.Time{})
		c.Alone()
		expect(t, c, Unknown, nil)
		if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		c.Alone()
		m.off = 500 * time.Millisecond // within what a disciplined clock may stray
		if r := expect(t, c, Drifting, nil); !r.Time.Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
		if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if r := expect(t, c, Trusted, nil); !r.Time.Equal(m.now()) {
			t.Errorf("%+v", r)
		}
	})
}

// TestCentreALittleAhead: its clock is not ours, and that alone takes no confidence away.
func TestCentreALittleAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil, time.Time{})
		if err := c.Trust(time.Now(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		c.Raise(time.Now().Add(Slack))
		if r := expect(t, c, Trusted, nil); !r.Time.Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
	})
}

// TestSuspended: the monotonic clock stood still for a day. A signed time proves the carried
// one wrong, and the machine's own is believed again.
func TestSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		c := New(m.now, time.Time{})
		if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		m.off = day
		if err := c.Trust(m.now(), 10*time.Millisecond); !errors.Is(err, ErrStepped) {
			t.Fatal(err)
		}
		c.Raise(m.now().Add(-time.Hour))
		if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if r := expect(t, c, Trusted, nil); !r.Time.Equal(m.now()) {
			t.Errorf("%+v", r)
		}
	})
}

// TestFloorThatWasWrong: a floor a year ahead is told from the time, and can be taken back.
func TestFloorThatWasWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil, time.Now().Add(365*day))
		if r := expect(t, c, Unknown, ErrBelowFloor); !r.Unfloored.Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
		c.Lower(time.Now().Add(-time.Hour))
		if err := c.Trust(time.Now(), 0); err != nil {
			t.Fatal(err)
		}
		expect(t, c, Trusted, nil)
		c.Lower(time.Now().Add(time.Hour)) // it never raises
		expect(t, c, Trusted, nil)
	})
}

// TestLatest: nobody knows is later than anything, and doubt counts forward.
func TestLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil, time.Time{})
		if c.Latest().Year() != 9999 {
			t.Error("nobody has vouched: ", c.Latest())
		}
		now := time.Now()
		if err := c.Trust(now, 2*time.Second); err != nil || !c.Latest().Equal(now.Add(2*time.Second)) {
			t.Error(err, c.Latest())
		}
		c.Raise(now.Add(time.Hour)) // which proves it wrong
		if c.Latest().Year() != 9999 {
			t.Error("behind what was signed: ", c.Latest())
		}
	})
}
