package gate

import (
	"fmt"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// How long something may last before it is a trouble (G8, G13, G15).
const (
	blocked  = time.Minute            // a beam is broken
	travel   = 4 * time.Second        // the leaf and the lock are on their way
	reaction = 500 * time.Millisecond // the drive has heard an order
	disagree = 200 * time.Millisecond // the lock is engaged and the leaf is not shut
	jammed   = 30 * time.Second       // a key is turned
	openings = 3                      // in which the leaf's contact did not move
)

// trouble is one thing, or a set of things, that may be wrong with what is sensed.
type trouble uint16

const (
	loopShorted trouble = 1 << iota
	lockOpen
	notOpened
	notShut
	notLocked
	contactDead
	entryStuck
	middleStuck
	exitStuck
	beamDead
	cabinetOpen
	keyJammed
)

// said is what Fault says, the gravest first.
var said = [...]struct {
	what trouble
	err  error
	text string
}{
	{loopShorted, ErrLoop, "the alarm loop or the cabinet's is short-circuited or has lost its end resistor: no alarm would be heard by the program; mend the wire"},
	{lockOpen, ErrDoor, "the lock says locked while the leaf is open: adjust the lock's contact"},
	{contactDead, ErrDoor, "the leaf's contact says shut whenever the leaf opens: adjust the contact"},
	{notOpened, ErrDoor, "the leaf does not open: look for what blocks it, then check the drive"},
	{notShut, ErrDoor, "the leaf does not shut: look for what blocks it, then check the drive"},
	{notLocked, ErrDoor, "the leaf is shut and the lock does not engage: check the lock"},
	{beamDead, ErrBeam, "one does not break while people pass: align it and clean its lens"},
	{entryStuck, ErrBeam, "the entry beam is broken for a minute: remove what stands there, clean its lens"},
	{middleStuck, ErrBeam, "the middle beam is broken for a minute: remove what stands there, clean its lens"},
	{exitStuck, ErrBeam, "the exit beam is broken for a minute: remove what stands there, clean its lens"},
	{cabinetOpen, ErrTamper, "it is open: shut it, and look what was done to it"},
	{keyJammed, ErrKey, "one stays turned: turn it back, or free it"},
}

// err says the gravest of t, nil for nothing.
func (t trouble) err() error {
	for _, s := range said {
		if t&s.what != 0 {
			return fmt.Errorf("%w: %s", s.err, s.text)
		}
	}
	return nil
}

// diagnosis finds troubles in what is believed of the inputs.
type diagnosis struct {
	since  [16]time.Time // when each trouble began to look like one; zero for does not
	before wire.Inputs
	opened bool // the leaf's contact moved since it was told to open
	told   bool
	deaf   int // openings in which it did not move
}

// orders is what the gate has been told.
type orders struct {
	open   bool          // the leaf is to be open; else shut
	since  time.Duration // that long ago
	obeyed bool          // an order was given, and the drive listens
}

// step takes what is believed now, and returns what is wrong and whether the leaf was
// forced (G13).
func (d *diagnosis) step(now time.Time, c *contacts, o orders) (t trouble, forced bool) {
	in, calm := c.believed, o.obeyed && c.believed&wire.Alarm != 0
	look := func(what trouble, is bool, patience time.Duration) {
		i := 0
		for what>>i != 1 {
			i++
		}
		switch {
		case !is:
			d.since[i] = time.Time{}
		case d.since[i].IsZero():
			d.since[i] = now
		}
		if is && now.Sub(d.since[i]) >= patience {
			t |= what
		}
	}
	look(entryStuck, in&wire.Entry == 0, blocked)
	look(exitStuck, in&wire.Exit == 0, blocked)
	look(keyJammed, in&wire.Keys != 0, jammed)
	if !c.door {
		return t, false
	}
	shut, locked := in&wire.Closed != 0, in&wire.Locked != 0
	look(middleStuck, in&wire.Middle == 0, blocked)
	look(beamDead, c.passage.deadBeams() != 0, 0)
	look(loopShorted, in&wire.Loops == 0, 0)
	look(cabinetOpen, in&wire.Tamper == 0, 0)
	look(lockOpen, locked && !shut, disagree)
	look(notOpened, calm && o.open && shut && d.deaf < openings, travel)
	look(notShut, calm && !o.open && !shut && !c.obstructed(), travel)
	look(notLocked, calm && !o.open && shut && !locked, travel)
	d.count(o.open && calm, !shut, c.believed&wire.Beams != d.before&wire.Beams)
	look(contactDead, d.deaf >= openings, 0)
	forced = calm && !o.open && o.since >= reaction && d.before&wire.Closed != 0 && !shut
	d.before = in
	return t, forced
}

// count counts openings in which people moved the beams and the leaf's contact did not
// move.
func (d *diagnosis) count(open, moved, people bool) {
	switch {
	case moved:
		d.opened, d.deaf = true, 0
	case open && !d.told:
		d.opened = false
	case open && people && !d.opened:
		d.deaf, d.opened = d.deaf+1, true
	}
	d.told = open
}
