package gate

import (
	"context"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

const (
	poll  = 15 * time.Millisecond  // from one look at the inputs to the next (G16: at most 20 ms)
	pulse = 80 * time.Millisecond  // from beat to beat
	again = 100 * time.Millisecond // from one look for a lost board to the next
)

// Run finds the board and serves it until the context ends; then it returns nil.
// It reports the state of alarm contact and beams, and from then on what every
// contact does. A lost board is reported once; once it is back, so is that, and
// then the state again. Nothing has moved by then, and access is as the board has
// it: what is to happen is the caller's to decide. Lamps and buzzer are restored.
//
// The heart beats while alive returns true and the board can be read. Run calls alive and report one after
// the other, so that a report which blocks stops the heart. Orders may be given
// from within report; Release calls alive too.
func (b *Board) Run(ctx context.Context, alive func() bool, report func(Input)) error {
	if !b.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer b.running.Store(false)
	defer b.link.Rest()
	defer b.goesRound(time.Time{})
	b.begin(alive)
	for ctx.Err() == nil {
		b.goesRound(time.Now())
		next := time.Now().Add(poll)
		b.find()
		b.poll(b.sense)
		for _, in := range b.reports() {
			report(in)
		}
		if alive() {
			b.poll(b.beat)
		}
		b.poll(b.release)
		if !b.poll(b.show) {
			next = next.Add(again)
		}
		b.link.Wait(next)
	}
	return nil
}

func (b *Board) begin(alive func() bool) {
	b.turn.RLock()
	defer b.turn.RUnlock()
	b.wired.Do(func() { b.link.Wired(b.contacts.door, b.invertOut, b.invertIn) })
	b.alive, b.known, b.heard = alive, false, time.Now()
}

// find opens the board if it is lost.
func (b *Board) find() {
	b.turn.RLock()
	defer b.turn.RUnlock()
	if b.up {
		return
	}
	if err := b.link.Open(); err != nil {
		b.failed++
		b.doubt(err)
		return
	}
	if b.missed {
		b.news = append(b.news, Input{BoardBack})
	}
	b.up, b.missed, b.heard, b.failed = true, false, time.Now(), 0
	b.showing, b.obeys = false, false
}

// poll has its turn for one transaction, and reports whether the board is there.
func (b *Board) poll(f func() error) bool {
	b.turn.RLock()
	defer b.turn.RUnlock()
	if !b.up {
		return false
	}
	if err := f(); err != nil {
		b.failed++
		b.doubt(err)
	}
	return b.up
}

// release ends a pulse that has lasted long enough.
func (b *Board) release() error {
	if b.pulse == 0 || !b.pulsing || time.Since(b.moved) < b.pulse {
		return nil
	}
	err := b.link.Drive(0, wire.Access)
	b.pulsing = err != nil
	return err
}

// reports takes what is new.
func (b *Board) reports() []Input {
	b.turn.RLock()
	defer b.turn.RUnlock()
	news := b.news
	b.news = nil
	return news
}

// beat makes the heart beat if it is time, and if the board was read just now: a
// gate whose beams and alarm contact are not known is not alive (G16).
func (b *Board) beat() error {
	if time.Since(b.beaten) < pulse || b.failed > 0 {
		return nil
	}
	if !b.beating() {
		b.obeys = false
	}
	err := b.link.Beat()
	if err == nil {
		b.beaten = time.Now()
	}
	return err
}
