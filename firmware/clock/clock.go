// Package clock says what time it is and how far it may be believed offline
// (PROTOCOL C12).
//
// Signed times (the TUF timestamp, orders, the centre's marks) raise a floor that
// the time never falls below. A trusted time sets it; from then on it is carried
// by the monotonic clock, and doubt about it grows.
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
	ErrStepped = errors.New("clock: moved away from the last trusted time, which is carried on instead: set the clock")
)

// Confidence in a time; verdict.Verdict and the rules use these words.
type Confidence string

const (
	Trusted  Confidence = "trusted"
	Drifting Confidence = "drifting" // trusted some days ago
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

// Reading is one look at the clock.
type Reading struct {
	Time        time.Time
	Uncertainty time.Duration // either way; 0 with Unknown: nobody knows
	Confidence  Confidence
	Fault       error // ErrBelowFloor, ErrStepped or nil
}

// Clock is for any number of goroutines.
type Clock struct {
	wall func() time.Time

	mu      sync.Mutex
	floor   time.Time
	trusted time.Time     // the last trusted time; zero if there was none
	within  time.Duration // its uncertainty then
	at      time.Time     // when it was, on the monotonic clock
}

// New returns a clock over the machine's wall clock (time.Now if nil) that never
// falls below floor, the highest signed time known from before.
func New(wall func() time.Time, floor time.Time) *Clock {
	if wall == nil {
		wall = time.Now
	}
	return &Clock{wall: wall, floor: floor}
}

// Raise takes a time that the centre has signed. The floor never sinks. Times of
// holders, of issuers and of the network are not for Raise.
func (c *Clock) Raise(signed time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if signed.After(c.floor) {
		c.floor = signed
	}
}

// Trust takes the present time from a source that the device trusts, with its
// uncertainty. One below the floor is refused with ErrBelowFloor.
func (c *Clock) Trust(now time.Time, within time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Add(within).Before(c.floor) {
		return ErrBelowFloor
	}
	c.trusted, c.within, c.at = now.Round(0), within, time.Now()
	return nil
}

// Now is the time of Read.
func (c *Clock) Now() time.Time { return c.Read().Time }

// Read gives the time. The machine's clock is believed within the doubt about the
// last trusted time, which is carried on where it strays further. Either way it
// is not below the floor.
func (c *Clock) Read() Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Reading{Time: c.wall().Round(0), Confidence: Unknown}
	if !c.trusted.IsZero() {
		passed := time.Since(c.at)
		carried := c.trusted.Add(passed)
		r.Uncertainty = c.within + passed/1_000_000*drift
		if off := r.Time.Sub(carried).Abs(); off > r.Uncertainty+bound {
			r.Time, r.Fault = carried, ErrStepped
		}
		switch {
		case r.Uncertainty <= trustedUp:
			r.Confidence = Trusted
		case r.Uncertainty <= driftingUp:
			r.Confidence = Drifting
		}
	}
	if r.Time.Before(c.floor) {
		r.Time, r.Confidence, r.Fault = c.floor, Unknown, ErrBelowFloor
	}
	if r.Confidence == Unknown {
		r.Uncertainty = 0
	}
	return r
}
