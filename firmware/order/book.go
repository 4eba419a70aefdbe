package order

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/credential/centre"
)

// Book is the last word for each kind and scope, kept for ever. The zero Book is empty.
type Book struct {
	orders map[slot]Standing
}

type slot struct {
	kind  centre.Kind
	scope centre.Scope
}

// Standing is the last word for one kind and scope.
type Standing struct {
	Order centre.Order
	Held  bool   // it came after a halt, and no supervisor has agreed to open since
	Begun bool   // its time has come once: a clock that is set back does not undo it
	Least string // of a held one of min-version: the version that was demanded before

	Came time.Time // of a held one: when it came, later than every other that came before; zero if nobody has noted it

	Disowned bool // it opens, and who signed it is believed no more: a halt of any number replaces it
}

// Key tells one kind and scope from every other.
func Key(o centre.Order) string {
	return strings.Join([]string{string(o.Kind), o.Scope.Site, o.Scope.Direction, o.Scope.Scheme, o.Scope.Lane}, "\x00")
}

// Of gives the last word on the kind and scope of an order.
func (b *Book) Of(o centre.Order) (s Standing, known bool) {
	s, known = b.orders[slot{o.Kind, o.Scope}]
	return s, known
}

// Forget drops the last word on the kind and scope of an order.
func (b *Book) Forget(o centre.Order) { delete(b.orders, slot{o.Kind, o.Scope}) }

// Clone returns a copy that later changes of b do not touch.
func (b *Book) Clone() *Book {
	again := &Book{orders: make(map[slot]Standing, len(b.orders))}
	for at, s := range b.orders {
		again.orders[at] = s
	}
	return again
}

// Restore puts back what was kept.
func (b *Book) Restore(s Standing) {
	if b.orders == nil {
		b.orders = map[slot]Standing{}
	}
	b.orders[slot{s.Order.Kind, s.Order.Scope}] = s
}

// Apply makes o the last word and returns how it stands. Latest is the latest time that it may
// be. One with the same or a lower number changes nothing and gives ErrOld. Doubted says that an
// opening waits for a supervisor also where no halt is known that it ends.
func (b *Book) Apply(o centre.Order, latest time.Time, doubted bool) (Standing, error) {
	before, known := b.orders[slot{o.Kind, o.Scope}]
	if known && o.Number <= before.Order.Number && !(before.Disowned && o.Halt) {
		return before, fmt.Errorf("order %d: %w: %d", o.Number, ErrOld, before.Order.Number)
	}
	s := Standing{Order: o, Held: before.Held || before.halting(latest), Begun: !latest.Before(o.NotBefore)}
	switch {
	case !known || o.Kind == centre.Time:
		s.Held = doubted && !o.Halt
	case o.Kind == centre.MinVersion && s.Held:
		s.Least = before.least(latest)
		if o.Halt && s.Begun && !older(o.Reason, s.Least) { // it demands as much by itself
			s.Held, s.Least = false, ""
		}
	}
	if s.Held {
		s.Came = b.after(latest)
	}
	b.Restore(s)
	return s, nil
}

// after is a time in whole microseconds, if possible this one, that is later than any at which a
// held one came.
func (b *Book) after(t time.Time) time.Time {
	t = t.Truncate(time.Microsecond)
	for _, s := range b.orders {
		if s.Held && !t.After(s.Came) {
			t = s.Came.Add(time.Microsecond)
		}
	}
	return t
}

// Since is from when on it could be agreed to: it was here, and its time had come.
func (s Standing) Since() time.Time {
	if s.Came.After(s.Order.NotBefore) {
		return s.Came
	}
	return s.Order.NotBefore
}

// halting reports whether it halts by itself, not for what was before.
func (s Standing) halting(latest time.Time) bool {
	return s.Order.Halt && (s.Begun || !latest.Before(s.Order.NotBefore))
}

// least is the version that it demands.
func (s Standing) least(latest time.Time) string {
	if !s.halting(latest) || s.Held && older(s.Order.Reason, s.Least) {
		return s.Least
	}
	return s.Order.Reason
}

// Disown looks anew at who is believed. A key that was stolen may have opened under the highest of
// all numbers: when it is believed no more that must not keep the centre from halting.
func (b *Book) Disown(believed func(centre.Order) bool) {
	for at, s := range b.orders {
		s.Disowned = !s.Order.Halt && !believed(s.Order)
		b.orders[at] = s
	}
}

// Begin notes which halts have begun, and returns those that had not before.
func (b *Book) Begin(latest time.Time) []Standing {
	var begun []Standing
	for at, s := range b.orders {
		if !s.Begun && s.halting(latest) {
			s.Begun = true
			b.orders[at] = s
			begun = append(begun, s)
		}
	}
	return begun
}

// Join takes over what another record of the same centre's words has against admitting: of each
// kind and scope the higher number, if it halts or speaks of the time, and of the same number
// whatever halts. An opening comes from the centre alone.
func (b *Book) Join(other *Book) []Standing {
	var better []Standing
	for at, s := range other.orders {
		if !s.Order.Halt && !s.Held && s.Order.Kind != centre.Time {
			continue
		}
		have, known := b.orders[at]
		if known && have.Order.Number == s.Order.Number {
			s.Begun = s.Begun || have.Begun
			if have.Held && !s.Held {
				s.Held, s.Least = true, have.Least
			}
		}
		if known && have.Order.Number > s.Order.Number || known && have.same(s) {
			continue
		}
		b.Restore(s)
		better = append(better, s)
	}
	return better
}

// Is reports whether it is the same order.
func (s Standing) Is(t Standing) bool {
	return s.Order.Number == t.Order.Number && Key(s.Order) == Key(t.Order)
}

func (s Standing) same(t Standing) bool {
	return s.Order.Number == t.Order.Number && s.Held == t.Held && s.Begun == t.Begun && s.Least == t.Least
}

// Confirm is a supervisor at a place agreeing to the first of what waits there, and returns
// that: who turns a key once agrees to one thing. Only then does what was halted open again.
func (b *Book) Confirm(p Place, now time.Time) []Standing {
	waiting := b.Waiting(p, now)
	if len(waiting) == 0 {
		return nil
	}
	s := waiting[0]
	s.Held, s.Least = false, ""
	b.Restore(s)
	return []Standing{s}
}

// Waiting returns what a supervisor at a place may agree to, in the order in which that is
// done: by the time since when it waits, so that what comes now does not push in before what
// a supervisor has seen. An opening whose time has not come waits on.
func (b *Book) Waiting(p Place, now time.Time) []Standing {
	var waiting []Standing
	for _, s := range b.orders {
		lowered := s.Order.Kind == centre.MinVersion // by a halt that demands less
		if s.Held && (!s.Order.Halt || lowered) && !now.Before(s.Order.NotBefore) && s.Covers(p) {
			waiting = append(waiting, s)
		}
	}
	slices.SortFunc(waiting, func(a, b Standing) int {
		return cmp.Or(a.Since().Compare(b.Since()), cmp.Compare(a.Order.Number, b.Order.Number), cmp.Compare(Key(a.Order), Key(b.Order)))
	})
	return waiting
}

// Covers reports whether an order speaks of a place, whatever the scheme of a code: a
// supervisor stands at a lane, not for a scheme.
func (s Standing) Covers(p Place) bool {
	p.Scheme = s.Order.Scope.Scheme
	return covers(s.Order.Scope, p)
}

// Allows returns ErrHalted where an order stops admitting. Latest is the latest time that it may
// be: when in doubt an order has begun. It never speaks of letting people out.
func (b *Book) Allows(p Place, latest time.Time) error {
	for at, s := range b.orders {
		if !covers(at.scope, p) || !s.halts(p, latest) {
			continue
		}
		if least, lacks := s.Lacks(p, latest); lacks {
			return fmt.Errorf("order %d: %w: it wants version %s, and this is %q%s", s.Order.Number, ErrHalted, least, p.Version,
				map[bool]string{false: ", which is no release"}[Released(p.Version)])
		}
		return fmt.Errorf("order %d: %w", s.Order.Number, ErrHalted)
	}
	return nil
}

func (s Standing) halts(p Place, latest time.Time) bool {
	switch s.Order.Kind {
	case centre.Breaker, centre.Lockdown:
		return s.Held || s.halting(latest)
	case centre.MinVersion: // its reason is the lowest version that may admit
		return s.Held && older(p.Version, s.Least) || s.halting(latest) && older(p.Version, s.Order.Reason)
	}
	return false
}

// Lacks gives the least version that it demands of a place, if that has an older one.
func (s Standing) Lacks(p Place, latest time.Time) (least string, lacks bool) {
	if s.Order.Kind != centre.MinVersion || !s.Covers(p) || !s.halts(p, latest) {
		return "", false
	}
	return versionIn(s.least(latest)), true
}

// Halted reports whether an order stops admitting at a place, whatever the code that is shown;
// waiting that there is something for a supervisor to agree to. Now is at most latest.
func (b *Book) Halted(p Place, now, latest time.Time) (halted, waiting bool) {
	return b.Allows(p, latest) != nil, len(b.Waiting(p, now)) > 0
}

// Overdue returns the halts that somebody should have looked at again. They stay in force.
func (b *Book) Overdue(now time.Time) []centre.Order {
	var out []centre.Order
	for _, s := range b.orders {
		if s.Order.Halt && now.After(s.Order.ReviewBy) {
			out = append(out, s.Order)
		}
	}
	return out
}

// All returns the last words, in the order of their keys.
func (b *Book) All() []Standing {
	out := make([]Standing, 0, len(b.orders))
	for _, s := range b.orders {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Standing) int { return cmp.Compare(Key(a.Order), Key(b.Order)) })
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
