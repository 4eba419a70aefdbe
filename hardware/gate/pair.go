package gate

import (
	"context"
	"sync"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// Pair is the two doors of a chamber, each with a board that is wired for one. Its
// orders never have both open (G6); an alarm's may (G1). Give it every order to open
// for a person, and Release of the boards those of an alarm, which waits for nobody.
type Pair struct {
	turn  sync.Mutex
	doors [2]*Board // entry, exit
}

// NewPair returns the interlock of two boards.
func NewPair(entry, exit *Board) *Pair { return &Pair{doors: [2]*Board{entry, exit}} }

// Release opens door 0 or 1 if the other is told to be shut, and is shut and locked by
// its contacts, read for the purpose. Else it moves nothing and fails with
// ErrInterlock, also when the other board does not answer.
func (p *Pair) Release(ctx context.Context, door int) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	if err := p.doors[1-door].order(p.doors[1-door].barred); err != nil {
		return ErrInterlock
	}
	return p.doors[door].Release(ctx)
}

// barred fails if the door is not known to be shut, locked and told so.
func (b *Board) barred() error {
	const in = wire.Closed | wire.Locked | wire.Beams
	if err := b.sense(); err != nil {
		return err
	}
	if b.contacts.believed&in != in || !b.given || b.open || !b.contacts.door || b.trouble&(lockOpen|contactDead) != 0 {
		return ErrInterlock
	}
	return nil
}
