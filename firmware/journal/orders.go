package journal

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/verdict"
)

// Order takes an order of the centre, of which the caller has checked that the centre
// signed it, and keeps it for ever, with an event. One that is not newer than the last word
// on its kind and scope changes nothing and gives order.ErrOld. Doubted says that it needs a
// supervisor's word, whatever it is; an opening in a journal whose orders were lost does too.
//
// A halt is obeyed also while the file cannot take it; the error says to give it again.
func (j *Journal) Order(o centre.Order, signed []byte, doubted bool) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	latest := j.options.Latest()
	err := j.direct(func(book *order.Book, tx *bolt.Tx) error {
		if s, waits := j.unwritten(o); waits && s.Order.Number < o.Number {
			_, _ = book.Apply(s.Order, latest, false) // older than what is known: changes nothing
		}
		lost := o.Kind != centre.Time && (j.origin == Missing || j.origin == Damaged || j.origin == Restored)
		s, err := book.Apply(o, latest, doubted || lost)
		if err != nil {
			return err
		}
		if err := putStanding(tx, s, signed); err != nil {
			return err
		}
		return j.obeyed(tx, o, stateOf(s))
	})
	s, waits := j.unwritten(o)
	switch {
	case err == nil && waits && s.Order.Number <= o.Number:
		j.refuse(func(b *order.Book) { b.Forget(o) })
	case err != nil && !errors.Is(err, order.ErrOld) && o.Halt && (!waits || s.Order.Number < o.Number):
		j.refuse(func(b *order.Book) { b.Restore(order.Standing{Order: o, Begun: !latest.Before(o.NotBefore)}) })
	}
	return err
}

// unwritten is the halt of the same kind and scope that the file could not take.
func (j *Journal) unwritten(o centre.Order) (order.Standing, bool) {
	b := j.refused.Load()
	if b == nil {
		return order.Standing{}, false
	}
	return b.Of(o)
}

// refuse changes the halts that the file could not take. It needs writing.
func (j *Journal) refuse(change func(*order.Book)) {
	b := &order.Book{}
	if had := j.refused.Load(); had != nil {
		b = had.Clone()
	}
	change(b)
	j.refused.Store(b)
}

func stateOf(s order.Standing) string {
	switch {
	case s.Order.Halt:
		return "halt"
	case s.Held:
		return "open, waits for a supervisor"
	}
	return "open"
}

// Disown says whose orders are believed, since the keys have changed.
func (j *Journal) Disown(believed func(centre.Order) bool) {
	j.writing.Lock()
	defer j.writing.Unlock()
	book := j.book.Load().Clone()
	book.Disown(believed)
	j.book.Store(book)
}

// Confirm is a supervisor at a lane agreeing to what the centre would have open there. It
// returns the orders that that concerned.
func (j *Journal) Confirm(p order.Place) (opened []order.Standing, err error) {
	if len(j.book.Load().Clone().Confirm(p, j.options.Now())) == 0 {
		return nil, nil
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	err = j.direct(func(book *order.Book, tx *bolt.Tx) error {
		for _, s := range book.Confirm(p, j.options.Now()) {
			if err := restand(tx, s); err != nil {
				return err
			}
			if err := j.obeyed(tx, s.Order, "opened by a supervisor"); err != nil {
				return err
			}
			opened = append(opened, s)
		}
		return nil
	})
	return opened, err
}

// Overrule notes that a supervisor has agreed to an order of the centre that takes the floor of
// the clock back, from that time on.
func (j *Journal) Overrule(floor time.Time) error {
	return j.write(atUpkeep, func(tx *bolt.Tx) error {
		return tx.Bucket(metaBucket).Put(overruledKey, u64(uint64(floor.Unix())))
	})
}

// Overruled is the latest floor that was taken back; the zero Unix time for none.
func (j *Journal) Overruled() (floor time.Time) {
	_ = j.db.Load().View(func(tx *bolt.Tx) error { // of a closed journal: nothing is known
		floor = time.Unix(int64(number(tx.Bucket(metaBucket).Get(overruledKey))), 0)
		return nil
	})
	return floor
}

// noteBegun notes which halts have begun, so that no clock that is set back undoes it. It needs writing.
func (j *Journal) noteBegun() {
	latest := j.options.Latest()
	if len(j.book.Load().Clone().Begin(latest)) == 0 {
		return
	}
	_ = j.direct(func(book *order.Book, tx *bolt.Tx) error { // what could not be noted is at the next claim
		for _, s := range book.Begin(latest) {
			if err := restand(tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// direct changes the book in one transaction. The book that lanes look at changes when that is
// on the disk. It needs writing.
func (j *Journal) direct(change func(*order.Book, *bolt.Tx) error) error {
	if err := j.ready(); err != nil {
		return err
	}
	book := j.book.Load().Clone()
	if err := j.writeLocked(atUpkeep, func(tx *bolt.Tx) error { return change(book, tx) }); err != nil {
		return err
	}
	j.book.Store(book)
	j.wake()
	_ = j.copyOrders() // the next order, or start, writes it again
	return nil
}

// obeyed writes the event of an order.
func (j *Journal) obeyed(tx *bolt.Tx, o centre.Order, state string) error {
	note := map[string]string{"number": strconv.FormatUint(o.Number, 10), "kind": string(o.Kind), "state": state}
	for name, limit := range map[string]string{"site": o.Scope.Site, "direction": o.Scope.Direction, "scheme": o.Scope.Scheme, "lane": o.Scope.Lane, "reason": o.Reason} {
		if limit != "" {
			note[name] = event.Clip(limit)
		}
	}
	return j.put(tx, event.Record{Boot: j.boot, Event: event.Event{At: j.options.Now(), Kind: event.OrderApplied, Note: note}})
}

// Orders is the book as it stands; it is not to be changed.
func (j *Journal) Orders() *order.Book { return j.book.Load() }

// Allows reports whether the centre's orders let a lane of this device admit: order.ErrHalted
// if not. The claim asks again.
func (j *Journal) Allows(p order.Place) error {
	p.Version = j.options.Version
	latest := j.options.Latest()
	if b := j.refused.Load(); b != nil {
		if err := b.Allows(p, latest); err != nil {
			return err
		}
	}
	return j.book.Load().Allows(p, latest)
}

// Halted reports whether an order stops a lane, whatever the code that is shown; waiting that there
// is something for a supervisor to agree to.
func (j *Journal) Halted(p order.Place) (halted, waiting bool) {
	_, waiting = j.book.Load().Halted(p, j.options.Now(), j.options.Latest())
	return j.Allows(p) != nil, waiting
}

// Place is where the lane stands, for orders and quotas.
func (l *Lane) Place() order.Place {
	o := l.journal.options
	return order.Place{Site: o.Site, Lane: l.name, Direction: o.Directions[l.name], Version: o.Version}
}

// places are the lane's with each of the schemes that a verdict rests on.
func (l *Lane) places(v verdict.Verdict) []order.Place {
	p := l.Place()
	p.Scheme = v.Scheme
	all := []order.Place{p}
	for _, scheme := range v.Schemes {
		if scheme != v.Scheme {
			p.Scheme = scheme
			all = append(all, p)
		}
	}
	return all
}

// halted reports whether an order forbids a claim.
func (l *Lane) halted(v verdict.Verdict) bool {
	for _, p := range l.places(v) {
		if l.journal.Allows(p) != nil {
			return true
		}
	}
	return false
}

// putStanding writes an order as it stands.
func putStanding(tx *bolt.Tx, s order.Standing, signed []byte) error {
	key, state := []byte(order.Key(s.Order)), byte(0)
	if s.Held {
		state = 1
	}
	begun := []byte{0}
	if s.Begun {
		begun[0] = 1
	}
	return errors.Join(tx.Bucket(ordersBucket).Put(key, append([]byte{state}, signed...)), tx.Bucket(begunBucket).Put(key, append(begun, s.Least...)))
}

// restand writes how an order stands that is there already.
func restand(tx *bolt.Tx, s order.Standing) error {
	kept := tx.Bucket(ordersBucket).Get([]byte(order.Key(s.Order)))
	if len(kept) == 0 {
		return fmt.Errorf("%w: an order is missing", boltfile.ErrDamaged)
	}
	return putStanding(tx, s, bytes.Clone(kept[1:]))
}

// readBook reads all orders. Their signatures were checked when they came.
func readBook(tx *bolt.Tx) (*order.Book, error) {
	book, begun := &order.Book{}, tx.Bucket(begunBucket)
	err := tx.Bucket(ordersBucket).ForEach(func(k, v []byte) error {
		if len(v) == 0 {
			return fmt.Errorf("%w: an order is empty", boltfile.ErrDamaged)
		}
		o, err := centre.DecodeOrder(v[1:])
		if err != nil || order.Key(o) != string(k) {
			return fmt.Errorf("%w: the order of %s: %v", boltfile.ErrDamaged, strings.ReplaceAll(string(k), "\x00", "/"), err)
		}
		s := order.Standing{Order: o, Held: v[0] == 1}
		if begun != nil {
			if b := begun.Get(k); len(b) > 0 {
				s.Begun, s.Least = b[0] == 1, string(b[1:])
			}
		}
		book.Restore(s)
		return nil
	})
	return book, err
}
