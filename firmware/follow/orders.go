package follow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/sync/bundle"
)

// ordersFile is where a bundle keeps the last order on each kind and scope, for those who
// were away when it was given.
const ordersFile = "orders/latest.cose"

// siteIn reads what an admission costs at this site, and what is kept of it.
func (f *Follower) siteIn(set bundle.Set) (quotas order.Quotas, moves movement.Rule, err error) {
	name := "sites/" + f.config.Device.Site + ".json"
	text, err := fs.ReadFile(set.FS, name)
	if errors.Is(err, fs.ErrNotExist) {
		return quotas, moves, nil
	} else if err != nil {
		return quotas, moves, err
	}
	quotas, err1 := order.ParseQuotas(text)
	moves, err2 := movement.Parse(text)
	if err := errors.Join(err1, err2); err != nil {
		return quotas, moves, fmt.Errorf("%s: %w", name, err)
	}
	return quotas, moves, nil
}

// ordersIn reads the orders of a set. One that the centre has not signed spoils the set.
func (f *Follower) ordersIn(set bundle.Set, rules *inspection.Snapshot) ([]order.Signed, error) {
	data, err := fs.ReadFile(set.FS, ordersFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	at := set.Published
	if at.IsZero() {
		at = f.device.Clock.Now()
	}
	orders, err := order.Read(rules.Trust(), data, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ordersFile, err)
	}
	return orders, nil
}

// standingEvery is how often the device asks for what the centre has said, besides at every
// new connection.
const standingEvery = 5 * time.Minute

// followOrders obeys what the centre says as it comes, and asks for what stands after every
// time that the line was away, until ctx is done.
func (f *Follower) followOrders(ctx context.Context) {
	var asked struct {
		line, at time.Time
		rules    *inspection.Snapshot
	}
	var words <-chan []byte // without a line there are none
	if f.link != nil {
		words = f.link.Words()
	}
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case word := <-words:
			if f.hear(word) {
				f.returnLeases(ctx)
			}
		case a := <-f.agreed:
			f.agree(a)
		case <-tick.C:
			if f.missed.Swap(false) { // the journal could not take one: nobody was admitted meanwhile
				f.obeyAll()
				asked.line = time.Time{}
			}
			if f.link == nil {
				continue
			}
			if f.link.Missed() {
				asked.line = time.Time{}
			}
			line, rules := f.link.State(), f.rules.Load()
			if !line.Connected || rules == nil || line.Since.Equal(asked.line) && time.Since(asked.at) < standingEvery {
				continue
			}
			standing, err := f.link.Standing(ctx)
			if err != nil {
				f.log.Debug("orders", "err", err)
				continue
			}
			asked.line, asked.at = line.Since, time.Now()
			for _, word := range standing {
				f.hear(word)
			}
			f.returnLeases(ctx)
		}
	}
}

// hear takes an order or a lease that came over the line, and reports whether it was a new lease.
func (f *Follower) hear(word []byte) (leased bool) {
	rules, now := f.rules.Load(), f.device.Clock.Now()
	if rules == nil {
		return false // without keys nobody is believed, nor admitted; it is asked for again
	}
	o, _, err := order.Order(rules.Trust(), word, now)
	if err == nil {
		f.obey(order.Signed{Order: o, Bytes: word})
		return false
	}
	if errors.Is(err, credential.ErrMalformed) {
		var l centre.Lease
		if l, _, err = order.Lease(rules.Trust(), word, now); err == nil {
			err = f.device.Journal.Lease(l, word)
			leased = err == nil
		}
	}
	if err != nil && !errors.Is(err, order.ErrOld) && !errors.Is(err, order.ErrExpired) && !errors.Is(err, journal.ErrHolder) {
		f.log.Warn("a word of the centre is not obeyed", "err", err)
	}
	return leased
}

// concerns reports whether an order speaks of this device's site. A device that is moved to another
// finds what stands there in the set in force. The clock is all lanes': an order about the time has to speak
// of one of them.
func (f *Follower) concerns(o centre.Order) bool {
	if o.Kind != centre.Time {
		return o.Scope.Site == "" || o.Scope.Site == f.config.Device.Site
	}
	return slices.ContainsFunc(f.config.Lanes, func(l config.Lane) bool {
		return order.Standing{Order: o}.Covers(f.device.Journal.Lane(l.Name).Place())
	})
}

// obey makes an order the last word, if it is newer and concerns this device.
func (f *Follower) obey(o order.Signed) {
	if !f.concerns(o.Order) {
		return
	}
	lowers := false
	if o.Order.Kind == centre.Time {
		lowers = o.Order.NotBefore.Before(f.device.Clock.Floor())
	}
	err := f.device.Journal.Order(o.Order, o.Bytes, lowers)
	switch {
	case errors.Is(err, order.ErrOld):
		return
	case err != nil:
		f.missed.Store(true)
		f.log.Error("an order is not written yet", "number", o.Order.Number, "err", err)
		return
	}
	f.log.Warn("order of the centre", "number", o.Order.Number, "kind", string(o.Order.Kind), "halt", o.Order.Halt)
	if o.Order.Kind == centre.Time && !lowers {
		f.device.Clock.Raise(o.Order.NotBefore)
	}
}

// agreement is a supervisor at a place agreeing to what the key agreed to there when it was turned.
type agreement struct {
	place order.Place
	shown order.Standing
}

// Agreed says, without waiting, that a supervisor at a place agrees to what the centre would
// have open, or have lowered. What comes from now on has not been shown to anybody yet.
func (f *Follower) Agreed(place order.Place) {
	next := f.device.Journal.Orders().Waiting(place, f.device.Clock.Now())
	if len(next) == 0 {
		return
	}
	select {
	case f.agreed <- agreement{place, next[0]}:
	default:
	}
}

// agree has a supervisor agree to what the centre would have open, or have lowered.
func (f *Follower) agree(a agreement) {
	log := f.log.With("lane", a.place.Lane)
	opened, err := f.device.Journal.Confirm(a.place, a.shown)
	if err != nil {
		log.Error("a supervisor agreed to an order, which is not written", "err", err)
		return
	}
	for _, s := range opened {
		log.Warn("a supervisor agrees to an order of the centre", "number", s.Order.Number)
		if s.Order.Kind == centre.Time {
			if err := f.device.Journal.Overrule(f.device.Clock.Floor()); err != nil {
				log.Error("journal", "err", err)
			}
			f.device.Clock.Lower(s.Order.NotBefore)
		}
	}
}

// orderedFloor is the floor of the clock at a start, between what the stored bundle vouches for
// and what orders have said of the time since.
func (f *Follower) orderedFloor() {
	for _, s := range f.device.Journal.Orders().All() {
		if s.Order.Kind != centre.Time || s.Held {
			continue
		}
		if wrong := f.device.Journal.Overruled(); f.device.Clock.Floor().Unix() == wrong.Unix() { // the bundle still says so
			f.device.Clock.Lower(s.Order.NotBefore)
		}
		f.device.Clock.Raise(s.Order.NotBefore)
	}
}

// returnLeases tells the centre what was spent of leases that have nothing left: those that it
// took back count there only then.
func (f *Follower) returnLeases(ctx context.Context) {
	all, err := f.device.Journal.Holdings()
	if err != nil {
		f.log.Error("journal", "err", err)
		return
	}
	for _, h := range all {
		if h.Spent < h.Tokens || !f.device.Clock.Now().Before(h.Expires) {
			continue
		}
		signed, err := f.outbox.Return(h)
		if err == nil {
			err = f.link.Tell(ctx, "lr", signed)
		}
		if err != nil {
			f.log.Debug("lease", "err", err)
			return
		}
	}
}

// overdue reports whether somebody should have looked at a halt again.
func (f *Follower) overdue() bool {
	return len(f.device.Journal.Orders().Overdue(f.device.Clock.Now())) > 0
}

// Why says which order of the centre stops a place, and of a least version which one is wanted; nil if
// none does.
func (f *Follower) Why(place order.Place) error { return f.device.Journal.Allows(place) }

// Halted is what the centre's orders do to a place.
func (f *Follower) Halted(place order.Place) (s health.Set) {
	halted, waits := f.device.Journal.Halted(place)
	switch {
	case waits:
		return s.With(health.OrderWaits)
	case halted:
		return s.With(health.OrderHalts)
	}
	return s
}
