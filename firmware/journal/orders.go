package journal

import (
	"errors"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/journal/standing"
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
		if err := standing.PutOrder(tx, s, signed); err != nil {
			return err
		}
		return j.obeyed(tx, o, standing.State(s))
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

// Disown says whose orders are believed, since the keys have changed.
func (j *Journal) Disown(believed func(centre.Order) bool) {
	j.writing.Lock()
	defer j.writing.Unlock()
	book := j.book.Load().Clone()
	book.Disown(believed)
	j.book.Store(book)
}

// Confirm is a supervisor at a lane agreeing to what the centre would have open there, as it was
// shown to them: if that is no longer what the lane's key agrees to, to nothing. It returns what
// that concerned.
func (j *Journal) Confirm(p order.Place, shown order.Standing) (opened []order.Standing, err error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	if next := j.book.Load().Waiting(p, j.options.Now()); len(next) == 0 || !next[0].Is(shown) {
		return nil, nil
	}
	err = j.direct(func(book *order.Book, tx *bolt.Tx) error {
		for _, s := range book.Confirm(p, j.options.Now()) {
			if err := standing.ChangeOrder(tx, s); err != nil {
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
	return j.write(room.Upkeep, func(tx *bolt.Tx) error {
		return tx.Bucket(epochs.Meta).Put(overruledKey, boltfile.U64(uint64(floor.Unix())))
	})
}

// Overruled is the latest floor that was taken back; the zero Unix time for none.
func (j *Journal) Overruled() (floor time.Time) {
	_ = j.db.Load().View(func(tx *bolt.Tx) error { // of a closed journal: nothing is known
		floor = time.Unix(int64(boltfile.Number(tx.Bucket(epochs.Meta).Get(overruledKey))), 0)
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
			if err := standing.ChangeOrder(tx, s); err != nil {
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
	if err := j.writeLocked(room.Upkeep, func(tx *bolt.Tx) error { return change(book, tx) }); err != nil {
		return err
	}
	j.book.Store(book)
	j.wake()
	_ = j.copyOrders() // the next order, or start, writes it again
	return nil
}

// obeyed writes the event of an order.
func (j *Journal) obeyed(tx *bolt.Tx, o centre.Order, state string) error {
	return j.put(tx, event.Record{Boot: j.boot, Event: event.Event{At: j.options.Now(), Kind: event.OrderApplied, Note: standing.Note(o, state)}})
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
	return l.Place().With(append([]string{v.Scheme}, v.Schemes...)...)
}

// halted reports whether an order forbids a claim.
func (l *Lane) halted(v verdict.Verdict) bool {
	return slices.ContainsFunc(l.places(v), func(p order.Place) bool { return l.journal.Allows(p) != nil })
}

// copyOrders writes the copy of the book beside the journal. It needs writing.
func (j *Journal) copyOrders() error {
	return j.db.Load().View(func(tx *bolt.Tx) error { return standing.WriteCopy(tx, j.book.Load(), j.dir) })
}

// joinOrders takes from the copy what halts more than this journal knows: then that was lost, or
// an older copy was put in its place. It needs writing.
func (j *Journal) joinOrders() error {
	copied, signed := standing.ReadCopy(j.dir)
	if len(j.book.Load().Clone().Join(copied)) == 0 {
		return j.copyOrders()
	}
	return j.direct(func(book *order.Book, tx *bolt.Tx) error {
		for _, s := range book.Join(copied) {
			if err := standing.PutOrder(tx, s, signed[order.Key(s.Order)]); err != nil {
				return err
			}
			if err := j.obeyed(tx, s.Order, standing.State(s)+", known from its copy"); err != nil {
				return err
			}
		}
		return nil
	})
}
