package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/sync/bundle"
)

// ordersFile is where a bundle keeps the last order on each kind and scope, for those who
// were away when it was given.
const ordersFile = "orders/latest.cose"

// ordersIn reads the orders of a set, and what an admission costs at this site. One that the
// centre has not signed spoils the set.
func (a *Appliance) ordersIn(set bundle.Set, rules *inspection.Snapshot) ([]order.Signed, order.Quotas, error) {
	var quotas order.Quotas
	if text, err := fs.ReadFile(set.FS, "sites/"+a.config.Device.Site+".json"); err == nil {
		if quotas, err = order.ParseQuotas(text); err != nil {
			return nil, quotas, fmt.Errorf("sites/%s.json: %w", a.config.Device.Site, err)
		}
	}
	data, err := fs.ReadFile(set.FS, ordersFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, quotas, nil
	} else if err != nil {
		return nil, quotas, err
	}
	at := set.Published
	if at.IsZero() {
		at = a.clock.Now()
	}
	orders, err := order.Read(rules.Trust(), data, at)
	if err != nil {
		return nil, quotas, fmt.Errorf("%s: %w", ordersFile, err)
	}
	return orders, quotas, nil
}

// standingEvery is how often the device asks for what the centre has said, besides at every
// new connection.
const standingEvery = 5 * time.Minute

// followOrders obeys what the centre says as it comes, and asks for what stands after every
// time that the line was away, until ctx is done.
func (a *Appliance) followOrders(ctx context.Context) {
	var asked struct {
		line, at time.Time
		rules    *inspection.Snapshot
	}
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case word := <-a.link.Words():
			if a.hear(word) {
				a.returnLeases(ctx)
			}
		case l := <-a.agreed:
			a.agree(l)
		case <-tick.C:
			if a.missed.Swap(false) { // the journal could not take one: nobody was admitted meanwhile
				a.obeyAll()
				asked.line = time.Time{}
			}
			if a.link.Missed() {
				asked.line = time.Time{}
			}
			line, rules := a.link.State(), a.rules.Load()
			if !line.Connected || rules == nil || line.Since.Equal(asked.line) && time.Since(asked.at) < standingEvery {
				continue
			}
			words, err := a.link.Standing(ctx)
			if err != nil {
				a.log.Debug("orders", "err", err)
				continue
			}
			asked.line, asked.at = line.Since, time.Now()
			for _, word := range words {
				a.hear(word)
			}
			a.returnLeases(ctx)
		}
	}
}

// hear takes an order or a lease that came over the line, and reports whether it was a new lease.
func (a *Appliance) hear(word []byte) (leased bool) {
	rules, now := a.rules.Load(), a.clock.Now()
	if rules == nil {
		return false // without keys nobody is believed, nor admitted; it is asked for again
	}
	o, _, err := order.Order(rules.Trust(), word, now)
	if err == nil {
		a.obey(order.Signed{Order: o, Bytes: word})
		return false
	}
	if errors.Is(err, credential.ErrMalformed) {
		var l centre.Lease
		if l, _, err = order.Lease(rules.Trust(), word, now); err == nil {
			err = a.journal.Lease(l, word)
			leased = err == nil
		}
	}
	if err != nil && !errors.Is(err, order.ErrOld) && !errors.Is(err, order.ErrExpired) && !errors.Is(err, journal.ErrHolder) {
		a.log.Warn("a word of the centre is not obeyed", "err", err)
	}
	return leased
}

// obey makes an order the last word, if it is newer.
func (a *Appliance) obey(o order.Signed) {
	lowers := false
	if o.Order.Kind == centre.Time {
		lowers = o.Order.NotBefore.Before(a.clock.Floor())
	}
	err := a.journal.Order(o.Order, o.Bytes, lowers)
	switch {
	case errors.Is(err, order.ErrOld):
		return
	case err != nil:
		a.missed.Store(true)
		a.log.Error("an order is not written yet", "number", o.Order.Number, "err", err)
		return
	}
	a.log.Warn("order of the centre", "number", o.Order.Number, "kind", string(o.Order.Kind), "halt", o.Order.Halt)
	if o.Order.Kind == centre.Time && !lowers {
		a.clock.Raise(o.Order.NotBefore)
	}
}

// supervised says, without waiting, that a supervisor has turned the key at a lane. Where the
// key ends an alarm or lets somebody pass it means that and nothing else.
func (a *Appliance) supervised(l *laneLoop) {
	if s := l.controller.State().State; s != lane.Secured && s != lane.Ready {
		return
	}
	select {
	case a.agreed <- l:
	default:
	}
}

// agree has a supervisor agree to what the centre would have open, or have lowered.
func (a *Appliance) agree(l *laneLoop) {
	opened, err := a.journal.Confirm(l.journal.Place())
	if err != nil {
		l.log.Error("a supervisor agreed to an order, which is not written", "err", err)
		return
	}
	for _, s := range opened {
		l.log.Warn("a supervisor agrees to an order of the centre", "number", s.Order.Number)
		if s.Order.Kind == centre.Time {
			if err := a.journal.Overrule(a.clock.Floor()); err != nil {
				l.log.Error("journal", "err", err)
			}
			a.clock.Lower(s.Order.NotBefore)
		}
	}
}

// orderedFloor is the floor of the clock at a start, between what the stored bundle vouches for
// and what orders have said of the time since.
func (a *Appliance) orderedFloor() {
	for _, s := range a.journal.Orders().All() {
		if s.Order.Kind != centre.Time || s.Held {
			continue
		}
		if wrong := a.journal.Overruled(); a.clock.Floor().Unix() == wrong.Unix() { // the bundle still says so
			a.clock.Lower(s.Order.NotBefore)
		}
		a.clock.Raise(s.Order.NotBefore)
	}
}

// returnLeases tells the centre what was spent of leases that have nothing left: those that it
// took back count there only then.
func (a *Appliance) returnLeases(ctx context.Context) {
	all, err := a.journal.Holdings()
	if err != nil {
		a.log.Error("journal", "err", err)
		return
	}
	for _, h := range all {
		if h.Spent < h.Tokens || !a.clock.Now().Before(h.Expires) {
			continue
		}
		signed, err := a.outbox.Return(h)
		if err == nil {
			err = a.link.Tell(ctx, "lr", signed)
		}
		if err != nil {
			a.log.Debug("lease", "err", err)
			return
		}
	}
}

// overdue reports whether somebody should have looked at a halt again.
func (a *Appliance) overdue() bool { return len(a.journal.Orders().Overdue(a.clock.Now())) > 0 }

// halted is what the centre's orders do to a lane.
func (a *Appliance) halted(l *laneLoop) (s health.Set) {
	halted, waits := a.journal.Halted(l.journal.Place())
	switch {
	case waits:
		return s.With(health.OrderWaits)
	case halted:
		return s.With(health.OrderHalts)
	}
	return s
}
