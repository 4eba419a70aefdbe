package journal

import (
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
func (j *Journal) Order(o centre.Order, signed []byte, doubted bool) error {
	return j.direct(func(book *order.Book, tx *bolt.Tx) error {
		lost := o.Kind != centre.Time && (j.origin == Missing || j.origin == Damaged)
		s, err := book.Apply(o, doubted || lost)
		if err != nil {
			return err
		}
		if err := tx.Bucket(ordersBucket).Put([]byte(order.Key(o)), standing(s.Held, signed)); err != nil {
			return err
		}
		state := "open"
		switch {
		case o.Halt:
			state = "halt"
		case s.Held:
			state = "open, waits for a supervisor"
		}
		return j.obeyed(tx, o, state)
	})
}

// Confirm is a supervisor at a lane agreeing to what the centre would have open there. It
// returns the orders that that concerned.
func (j *Journal) Confirm(p order.Place) (opened []order.Standing, err error) {
	if len(j.book.Load().Clone().Confirm(p, j.options.Now())) == 0 {
		return nil, nil
	}
	err = j.direct(func(book *order.Book, tx *bolt.Tx) error {
		orders := tx.Bucket(ordersBucket)
		for _, s := range book.Confirm(p, j.options.Now()) {
			key := []byte(order.Key(s.Order))
			kept := orders.Get(key)
			if len(kept) == 0 {
				return fmt.Errorf("%w: an order is missing", boltfile.ErrDamaged)
			}
			if err := orders.Put(key, standing(false, kept[1:])); err != nil {
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

// direct changes the book in one transaction. The book that lanes look at changes when that is
// on the disk.
func (j *Journal) direct(change func(*order.Book, *bolt.Tx) error) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.ready(); err != nil {
		return err
	}
	book := j.book.Load().Clone()
	if err := j.writeLocked(atUpkeep, func(tx *bolt.Tx) error { return change(book, tx) }); err != nil {
		return err
	}
	j.book.Store(book)
	j.wake()
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
	return j.book.Load().Allows(p, j.options.Now())
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

// standing is the value of an order in ordersBucket: whether it is held, and what was signed.
func standing(held bool, signed []byte) []byte {
	if held {
		return append([]byte{1}, signed...)
	}
	return append([]byte{0}, signed...)
}

// readBook reads all orders. Their signatures were checked when they came.
func readBook(tx *bolt.Tx) (*order.Book, error) {
	book := &order.Book{}
	err := tx.Bucket(ordersBucket).ForEach(func(k, v []byte) error {
		if len(v) == 0 {
			return fmt.Errorf("%w: an order is empty", boltfile.ErrDamaged)
		}
		o, err := centre.DecodeOrder(v[1:])
		if err != nil || order.Key(o) != string(k) {
			return fmt.Errorf("%w: the order of %s: %v", boltfile.ErrDamaged, strings.ReplaceAll(string(k), "\x00", "/"), err)
		}
		book.Restore(order.Standing{Order: o, Held: v[0] == 1})
		return nil
	})
	return book, err
}
