// Package order holds the centre's orders and quota leases: which of them is the
// last word, and whether a lane may admit (PROTOCOL C5, C6).
package order

import (
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/trust"
)

// Why a statement of the centre changes nothing, or a lane may not admit.
var (
	ErrOld     = errors.New("a newer one is known")
	ErrExpired = errors.New("it has expired")
	ErrHalted  = errors.New("halted by order of the centre")
)

// Book is the last word for each kind and scope, kept for ever, and the leases.
// The zero Book is empty.
type Book struct {
	orders map[slot]entry
	leases map[share]centre.Lease
}

type slot struct {
	kind  centre.Kind
	scope centre.Scope
}

// entry is the last word. Held: it came after a halt, and no supervisor has agreed to open since.
type entry struct {
	order centre.Order
	held  bool
}

type share struct{ quota, day, holder string }

// Place is what of a lane an order may speak of, and the scheme of the code that is shown.
type Place struct{ Site, Direction, Lane, Scheme string }

// Order reads an order and checks its signature. Finding says what was found of the signer.
func Order(s *trust.Store, data []byte, now time.Time) (centre.Order, trust.Finding, error) {
	o, err := centre.DecodeOrder(data)
	if err != nil {
		return o, trust.Finding{}, err
	}
	f, err := signed(s, trust.Orders, o.Signed, now)
	return o, f, err
}

// Lease is Order for a lease. One that has expired is void.
func Lease(s *trust.Store, data []byte, now time.Time) (centre.Lease, trust.Finding, error) {
	l, err := centre.DecodeLease(data)
	if err != nil {
		return l, trust.Finding{}, err
	}
	f, err := signed(s, trust.Orders, l.Signed, now)
	if err == nil && !now.Before(l.Expires) {
		err = ErrExpired
	}
	return l, f, err
}

// Mark is Order for a mark.
func Mark(s *trust.Store, data []byte, now time.Time) (centre.Mark, trust.Finding, error) {
	m, err := centre.DecodeMark(data)
	if err != nil {
		return m, trust.Finding{}, err
	}
	f, err := signed(s, trust.Mark, m.Signed, now)
	return m, f, err
}

// signed checks a statement that does not say when it was issued: its key has to be good now.
func signed(s *trust.Store, purpose string, what credential.Signed, now time.Time) (trust.Finding, error) {
	what.Issued = now
	_, f, err := s.VerifyUse(purpose, what)
	return f, err
}

// Apply makes o the last word. One with the same or a lower number changes
// nothing and gives ErrOld.
func (b *Book) Apply(o centre.Order) error {
	at := slot{o.Kind, o.Scope}
	before, known := b.orders[at]
	if known && o.Number <= before.order.Number {
		return fmt.Errorf("order %d: %w: %d", o.Number, ErrOld, before.order.Number)
	}
	if b.orders == nil {
		b.orders = map[slot]entry{}
	}
	b.orders[at] = entry{o, known && (before.order.Halt || before.held)}
	return nil
}

// Confirm is a supervisor at the device agreeing to every order that opens. Only
// then does what was halted open again.
func (b *Book) Confirm() {
	for at, e := range b.orders {
		e.held = false
		b.orders[at] = e
	}
}

// Allows returns ErrHalted where an order stops admitting. It never speaks of
// letting people out.
func (b *Book) Allows(p Place, now time.Time) error {
	for at, e := range b.orders {
		halts := e.held || e.order.Halt && !now.Before(e.order.NotBefore)
		if halts && (at.kind == centre.Breaker || at.kind == centre.Lockdown) && covers(at.scope, p) {
			return fmt.Errorf("order %d: %w", e.order.Number, ErrHalted)
		}
	}
	return nil
}

// Overdue returns the halts that somebody should have looked at again. They stay in force.
func (b *Book) Overdue(now time.Time) []centre.Order {
	var out []centre.Order
	for _, e := range b.orders {
		if e.order.Halt && now.After(e.order.ReviewBy) {
			out = append(out, e.order)
		}
	}
	return out
}

func covers(s centre.Scope, p Place) bool {
	for _, pair := range [][2]string{{s.Site, p.Site}, {s.Direction, p.Direction}, {s.Lane, p.Lane}, {s.Scheme, p.Scheme}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return true
}

// Take keeps a lease. One with the same or a lower serial of the same quota, day
// and holder gives ErrOld.
func (b *Book) Take(l centre.Lease) error {
	at := share{l.Quota, l.Day, l.Holder}
	if before, known := b.leases[at]; known && l.Serial <= before.Serial {
		return fmt.Errorf("lease %d: %w: %d", l.Serial, ErrOld, before.Serial)
	}
	if b.leases == nil {
		b.leases = map[share]centre.Lease{}
	}
	b.leases[at] = l
	return nil
}

// Tokens returns how many tokens of a quota a holder was leased for a day and not
// how many it has spent; 0 once they are void.
func (b *Book) Tokens(quota, day, holder string, now time.Time) uint64 {
	l, ok := b.leases[share{quota, day, holder}]
	if !ok || !now.Before(l.Expires) {
		return 0
	}
	return l.Tokens
}
