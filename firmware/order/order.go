// Package order holds the centre's orders and quota leases: which of them is the
// last word, and whether a lane may admit (PROTOCOL C5, C6).
package order

import (
	"errors"
	"fmt"
	"slices"
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

// Place is what of a lane an order may speak of, the scheme of the code that is shown, and
// the version of the program that would admit.
type Place struct{ Site, Direction, Lane, Scheme, Version string }

// With gives the place once for each scheme.
func (p Place) With(schemes ...string) []Place {
	var all []Place
	for i, scheme := range schemes {
		if !slices.Contains(schemes[:i], scheme) {
			p.Scheme = scheme
			all = append(all, p)
		}
	}
	return all
}

// Order reads an order and checks its signature. Finding says what was found of the signer.
func Order(s *trust.Store, data []byte, now time.Time) (centre.Order, trust.Finding, error) {
	o, err := centre.DecodeOrder(data)
	if err != nil {
		return o, trust.Finding{}, err
	}
	f, err := signed(s, trust.Orders, o.Signed, now)
	return o, f, err
}

// Believed reports whether who signed an order is believed now.
func Believed(s *trust.Store, o centre.Order, now time.Time) bool {
	_, err := signed(s, trust.Orders, o.Signed, now)
	return err == nil
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

// Signed is an order with what the centre signed.
type Signed struct {
	Order centre.Order
	Bytes []byte
}

// Read takes orders/latest.cose apart and checks every order in it. One that is not believed
// spoils all: a device would not know what else was left out.
func Read(s *trust.Store, data []byte, now time.Time) ([]Signed, error) {
	list, err := centre.Orders(data)
	if err != nil {
		return nil, err
	}
	var out []Signed
	for i, b := range list {
		o, _, err := Order(s, b, now)
		if err != nil {
			return nil, fmt.Errorf("order %d of %d: %w", i+1, len(list), err)
		}
		out = append(out, Signed{o, b})
	}
	return out, nil
}
