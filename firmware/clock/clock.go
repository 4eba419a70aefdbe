// Package clock says what time it is and how far it may be believed offline
// (PROTOCOL C12).
//
// Signed times (the TUF timestamp, orders of the time; marks say none) raise a floor that
// the time never falls below. A trusted time sets it; from then on it is carried
// by the monotonic clock, and doubt about it grows. What a network says later can
// move it only as far as a plain quartz may have strayed since the first.
//
// The first trusted time counts for as long as the machine is up, also for a program that is
// started anew (Keep, Resume).
//
// The monotonic clock stands still while a machine is suspended. Such a machine
// finds its own clock ahead of the carried time afterwards (ErrStepped), until a
// signed time proves the carried one wrong or the program is started anew, since the
// machine counts in its uptime how long it was suspended.
package clock

import (
	"errors"
	"sync"
	"time"
)

var (
	// ErrBelowFloor: the machine's clock is behind what somebody has signed.
	ErrBelowFloor = errors.New("clock: behind the latest signed time, which is used instead: set the clock")
	// ErrStepped: the machine's clock was moved further than a trusted time allows.
	ErrStepped = errors.New("clock: moved away from the last trusted time, which is carried on instead: set the clock and switch the device off and on")
)

// Confidence in a time; verdict.Verdict and the rules use these words.
type Confidence string

const (
	Trusted  Confidence = "trusted"
	Drifting Confidence = "drifting" // trusted some days ago, or by nobody at the moment
	Unknown  Confidence = "unknown"  // never trusted, too long ago, or below the floor
)

const (
	drift = 100 // parts per million, of a plain quartz from cold to hot
	// trustedUp and driftingUp are the uncertainties up to which the words
	// hold: at 100 ppm a good day, and five weeks, after a time from a network.
	trustedUp  = 10 * time.Second
	driftingUp = 5 * time.Minute
	// bound is how much further the machine's own clock may stray before it is
	// left out: what sets it does so in small steps.
	bound = time.Second
)

// Slack is how far the clock of a centre may be ahead of a trusted one. A time that
// it signs further ahead proves one of the two wrong.
const Slack = 5 * time.Minute

// Reading is one look at the clock.
type Reading struct {
	Time        time.Time     // not below the floor
	Unfloored   time.Time     // the same without regard to the floor: what tells a floor that was signed wrongly
	Uncertainty time.Duration // either way; 0 with Unknown: nobody knows
	Confidence  Confidence
	Fault       error // ErrBelowFloor, ErrStepped or nil
}

// Clock is for any number of goroutines.
type Clock struct {
	wall   func() time.Time
	uptime func() (boot string, up time.Duration, err error)

	mu     sync.Mutex
	floor  time.Time
	first  vouched // the first trusted time, from which no later one may stray
	last   vouched // the last; zero if there was none
	kept   kept    // in a file
	alone  bool    // nobody vouches for the machine's clock any more: last is carried
	failed error   // why the last Trust was refused
}

// vouched is a time that somebody vouched for.
type vouched struct {
	time   time.Time
	within time.Duration // its uncertainty then
	at     time.Time     // when it was, on the monotonic clock
}

func (v vouched) none() bool { return v.time.IsZero() }

// carried is the time now as the monotonic clock carries it, and how far off it may be.
func (v vouched) carried() (time.Time, time.Duration) {
	passed := time.Since(v.at)
	return v.time.Add(passed), v.within + passed/1_000_000*drift
}

// New returns a clock over the machine's wall clock (time.Now if nil) that never
// falls below floor, the highest signed time known from before.
func New(wall func() time.Time, floor time.Time) *Clock {
	if wall == nil {
		wall = time.Now
	}
	return &Clock{wall: wall, uptime: uptime, floor: floor}
}

// Raise takes a time that the centre has signed. The floor never sinks by it. A time
// within Slack ahead of a carried one counts as that: two clocks are never the
// same. One further ahead proves the carried time wrong, which is then forgotten.
// Times of holders, of issuers and of the network are not for Raise.
func (c *Clock) Raise(signed time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.last.none() {
		carried, doubt := c.last.carried()
		switch {
		case signed.After(carried.Add(doubt + Slack)):
			c.first, c.last, c.failed = vouched{}, vouched{}, nil
		case signed.After(carried):
			signed = carried
		}
	}
	if signed.After(c.floor) {
		c.floor = signed
	}
}

// Lower takes the floor back to a time that the centre has ordered and a supervisor has
// agreed to, because what was signed before was too far ahead. Nothing else can do that.
func (c *Clock) Lower(signed time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if signed.Before(c.floor) {
		c.floor = signed
	}
}

// Floor is the time that Now is never below.
func (c *Clock) Floor() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.floor
}

// Trust takes the present time from a source that the device trusts, with its
// uncertainty. One below the floor is refused with ErrBelowFloor. The first may
// be any later one: the device may have been off for months. Every other one is
// refused with ErrStepped, and what was trusted before carried on, if it is further
// from the first than the drift since, both uncertainties and a second.
func (c *Clock) Trust(now time.Time, within time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = c.judge(now, within)
	if c.failed != nil {
		return c.failed
	}
	c.last, c.alone = vouched{now.Round(0), within, time.Now()}, false
	if c.first.none() {
		c.first = c.last
	}
	return nil
}

func (c *Clock) judge(now time.Time, within time.Duration) error {
	if now.Add(within).Before(c.floor) {
		return ErrBelowFloor
	}
	if c.first.none() {
		return nil
	}
	carried, doubt := c.first.carried()
	if now.Round(0).Sub(carried).Abs() > doubt+within+bound {
		return ErrStepped
	}
	return nil
}

// Alone says that nobody vouches for the machine's clock at the moment: until the
// next Trust the last trusted time is carried on, and is drifting at best.
func (c *Clock) Alone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alone = true
}

// Now is the time of Read.
func (c *Clock) Now() time.Time { return c.Read().Time }

// Latest is the latest time that it may be: what has a beginning has begun by then, unless the
// clock is sure that it has not. A clock of which nothing is known is never sure.
func (c *Clock) Latest() time.Time {
	r := c.Read()
	if r.Confidence == Unknown {
		return farAhead
	}
	return r.Time.Add(r.Uncertainty)
}

// farAhead is later than anything that is signed, and within what RFC 3339 can say.
var farAhead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Read gives the time. The machine's clock is believed within the doubt about the
// last trusted time, which is carried on where it strays further, or where nobody
// vouches for it. Either way it is not below the floor.
func (c *Clock) Read() Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Reading{Time: c.wall().Round(0), Confidence: Unknown}
	if !c.last.none() {
		carried, doubt := c.last.carried()
		r.Uncertainty = doubt
		switch off := r.Time.Sub(carried).Abs(); {
		case off > doubt+bound:
			r.Time, r.Fault = carried, ErrStepped
		case c.alone || c.failed != nil:
			r.Time, r.Fault = carried, c.failed
		}
		switch {
		case doubt <= trustedUp && !c.alone:
			r.Confidence = Trusted
		case doubt <= driftingUp:
			r.Confidence = Drifting
		}
	}
	r.Unfloored = r.Time
	if r.Time.Before(c.floor) {
		r.Time, r.Confidence, r.Fault = c.floor, Unknown, ErrBelowFloor
	}
	if r.Confidence == Unknown {
		r.Uncertainty = 0
	}
	return r
}
