package gate

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

const (
	tries = 3 // of an order

	// hangs is how long Run may be stuck in one call to the wire.
	hangs = time.Second

	// patience is how long a board may give no answer, and misses how often in a row,
	// before it is lost: a computer that is busy for a while has not lost it. What the
	// relay does meanwhile it does by itself.
	patience = 400 * time.Millisecond
	misses   = 4

	// lapse is the pause in the heartbeat after which the board may have dropped
	// the relay: half of the watchdog's time.
	lapse = wire.Watchdog / 2
)

// link is the way to one kind of board. Each call but Open is one transaction, or
// repairs the connection first if the one before failed.
type link interface {
	Wired(door bool, out byte, in wire.Inputs) // once, before all: whether for a door, and what is active low
	Open() error                               // finds the board and leaves its outputs as they are, or off
	Close()                                    // lets go of it
	Sense() (samples []wire.Inputs, _ error)   // the inputs, oldest sample first; good also with wire.ErrUnsound
	Drive(outputs, which byte) error           // sets the outputs named by which
	Beat() error                               // changes the heartbeat
	Wait(at time.Time)                         // until then, or until an input changes
	Rest()                                     // Run ends: nobody waits any more
}

// Board is one interface board. Its methods may be called at any time from any
// goroutine, but succeed only once Run has found the board. An order returns after
// three tries at the latest, less than half a second, whatever becomes of its
// context: a way out does not depend on one.
type Board struct {
	link      link
	running   atomic.Bool
	invertOut byte
	invertIn  wire.Inputs
	pulse     time.Duration // of access; 0 holds
	wired     sync.Once

	// turn guards what is below. Run takes it for reading, one transaction at a
	// time, and is the only one to do so; orders take it for writing. A waiting
	// order therefore goes before the next poll.
	turn     sync.RWMutex
	up       bool
	missed   bool      // BoardLost was reported, BoardBack not yet
	heard    time.Time // when the inputs were last read, or Run began
	failed   int       // transactions in a row
	contacts contacts
	known    bool    // the state of the contacts was reported
	news     []Input // to be reported
	diagnosis
	trouble trouble

	light   Light
	lit     time.Time // since when
	sound   Sound
	sounded time.Time
	shown   byte // lamps and buzzer as the board was told
	showing bool // it was told

	beaten  time.Time // last beat
	alive   func() bool
	obeys   bool      // access was de-energised since the heartbeat began: the drive opens when told
	given   bool      // an order was carried out since the board was found
	open    bool      // it was to open
	moved   time.Time // when it was given anew, or first
	pulsing bool      // access is energised until the pulse has lasted long enough

	faultMu sync.Mutex
	fault   error
	turned  time.Time // when Run last went round; zero while it does not run
}

func newBoard(w link) *Board {
	return &Board{link: w, fault: ErrLost, contacts: contacts{settle: settled}}
}

// Fault says what is wrong with the board, nil for nothing; also while the wire hangs
// and nothing can be reported.
func (b *Board) Fault() error {
	b.faultMu.Lock()
	defer b.faultMu.Unlock()
	if !b.turned.IsZero() && time.Since(b.turned) > hangs {
		return lost(errors.New("the bus hangs, or the lane does: switch the board off and on"))
	}
	return b.fault
}

// goesRound notes that Run goes round, or that it has ended.
func (b *Board) goesRound(at time.Time) {
	b.faultMu.Lock()
	defer b.faultMu.Unlock()
	b.turned = at
}

func (b *Board) setFault(err error) {
	b.faultMu.Lock()
	defer b.faultMu.Unlock()
	b.fault = err
}

// Release opens the leaf.
func (b *Board) Release(context.Context) error {
	return b.order(func() error {
		b.revive()
		if !b.beating() || !b.obeys {
			if err := b.shut(); err != nil {
				return err
			}
		}
		b.note(true)
		b.pulsing = true
		return b.link.Drive(wire.Access, wire.Access)
	})
}

// revive beats if the heart has paused for as long as the program did: what the drive is
// told while the relay is dropped it does not do later either. A board that cannot be read
// gets no beat (G16), and the order all the same: it may be an alarm's.
func (b *Board) revive() {
	if b.beaten.IsZero() || b.beating() || !b.alive() {
		return
	}
	if b.sense() == nil {
		b.beat()
	}
}

// note remembers an order to the leaf.
func (b *Board) note(open bool) {
	if open || !b.given || b.open {
		b.moved = time.Now()
	}
	b.given, b.open = true, open
}

// Secure shuts the leaf. While the alarm contact is open or a beam is broken, or was
// until a moment ago, it moves nothing and fails with ErrAlarm or ErrObstructed.
func (b *Board) Secure(context.Context) error {
	return b.order(func() error {
		switch err := b.sense(); {
		case err != nil:
			return err
		case b.contacts.believed&wire.Alarm == 0:
			return ErrAlarm
		case b.contacts.obstructed():
			return ErrObstructed
		}
		b.note(false)
		return b.shut()
	})
}

// Light sets the lamps. While the board is lost it fails, and is done when the board
// is back.
func (b *Board) Light(_ context.Context, l Light) error {
	b.turn.Lock()
	if b.light != l {
		b.light, b.lit = l, time.Now()
	}
	b.turn.Unlock()
	return b.order(b.show)
}

// Sound starts a sound, from its beginning if it is the same again.
func (b *Board) Sound(_ context.Context, s Sound) error {
	b.turn.Lock()
	b.sound, b.sounded = s, time.Now()
	b.turn.Unlock()
	return b.order(b.show)
}

// Close leaves the gate safe: red, silent, and without a heartbeat, so that the way out
// is free. It does not tell the leaf to shut: the board does not know whether somebody
// has yet to end an evacuation (G3). Who does know gives Secure before; else the drive
// shuts the leaf of its own accord. Call it when Run has returned.
func (b *Board) Close() error {
	err := b.order(func() error {
		b.light, b.sound = Red, Silence
		return b.show()
	})
	b.turn.Lock()
	defer b.turn.Unlock()
	if b.up {
		b.up = false
		b.link.Close()
		b.setFault(ErrLost)
	}
	return err
}

// order carries out f before the next poll, and again if it fails.
func (b *Board) order(f func() error) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	if !b.up {
		return b.Fault()
	}
	var err error
	for range tries {
		if err = f(); err == nil || err == ErrObstructed || err == ErrAlarm || err == ErrInterlock {
			return err
		}
		b.failed++
	}
	b.doubt(err)
	return err
}

// doubt gives the board up if it has not answered for long.
func (b *Board) doubt(err error) {
	if time.Since(b.heard) > patience && b.failed >= misses {
		b.lose(err)
	}
}

// lose gives the board up until Run finds it again.
func (b *Board) lose(err error) {
	if b.up {
		b.link.Close()
	}
	if !b.missed {
		b.news = append(b.news, Input{BoardLost})
	}
	b.up, b.missed, b.known, b.given = false, true, false, false
	b.setFault(lost(err))
}

func (b *Board) beating() bool { return time.Since(b.beaten) < lapse }

// shut de-energises access.
func (b *Board) shut() error {
	err := b.link.Drive(0, wire.Access)
	b.obeys = err == nil && b.beating()
	return err
}

// sense reads the inputs and keeps what is new for Run to report.
func (b *Board) sense() error {
	samples, err := b.link.Sense()
	if err != nil && !errors.Is(err, wire.ErrUnsound) {
		return err
	}
	now := time.Now()
	b.heard, b.failed = now, 0
	for _, s := range samples {
		if !b.known {
			b.news, b.known = append(b.news, b.contacts.first(s)...), true
		} else {
			b.news = append(b.news, b.contacts.sample(now, s)...)
		}
		b.diagnose(now)
	}
	if err == nil {
		err = b.trouble.err()
	}
	b.setFault(err)
	return nil
}

// diagnose looks for troubles in what is believed.
func (b *Board) diagnose(now time.Time) {
	t, forced := b.diagnosis.step(now, &b.contacts, orders{open: b.open, since: now.Sub(b.moved), obeyed: b.given && b.beating()})
	if forced {
		b.news = append(b.news, Input{DoorForced})
	}
	if was := b.trouble; was == 0 && t != 0 {
		b.news = append(b.news, Input{Trouble})
	} else if was != 0 && t == 0 {
		b.news = append(b.news, Input{TroubleOver})
	}
	b.trouble = t
}

// show tells the board what lamps and buzzer are to do now, if it is something new.
func (b *Board) show() error {
	now := time.Now()
	outputs := b.light.outputs(now.Sub(b.lit)) | b.sound.outputs(now.Sub(b.sounded))
	if b.showing && outputs == b.shown {
		return nil
	}
	err := b.link.Drive(outputs, wire.Signals)
	b.shown, b.showing = outputs, err == nil
	return err
}
