package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/kiosk/screen"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/sign1"
)

// floor is the latest time that the stored bundle vouches for.
func (a *Appliance) floor() time.Time {
	if a.store == nil {
		return time.Time{}
	}
	set, _ := a.store.Current()
	return set.Published
}

// resume puts the stored bundle in force, if there is one. A stored bundle that no
// longer parses (an older program wrote it) leaves the lanes without rules.
func (a *Appliance) resume() {
	if a.store == nil {
		return
	}
	set, ok := a.store.Current()
	if !ok {
		return
	}
	if err := a.use(set); err != nil {
		a.log.Error("stored bundle", "version", set.Version, "err", err)
	}
}

// use parses a set whole and has every lane judge by it from the next presentation on.
func (a *Appliance) use(set bundle.Set) error {
	p, err := a.parse(set)
	if err != nil {
		return err
	}
	a.take(set, p)
	return nil
}

// parsed is what a set holds for this device.
type parsed struct {
	files  fs.FS // as this device sees them
	cohort string
	rules  *inspection.Snapshot
	keys   sign1.Dated // that sign marks
	orders []order.Signed
	quotas order.Quotas
	legal  map[string]legal.Text // by language
	staff  *staff.List           // nil for nobody
}

// parse reads everything that a set must have for this device.
func (a *Appliance) parse(set bundle.Set) (p parsed, err error) {
	if p.files, p.cohort, err = fileset.For(set.FS, a.config.Device.Name); err != nil {
		return p, err
	}
	set.FS = p.files
	if p.rules, err = inspection.Load(set.FS, set.Version, set.Published); err != nil {
		return p, err
	}
	policies := map[string]bool{}
	for _, name := range p.rules.Policies() {
		policies[name] = true
	}
	for _, l := range a.config.Lanes {
		if !policies[l.Policy] {
			return p, fmt.Errorf("no policy %q, which lane %s judges by", l.Policy, l.Name)
		}
	}
	text, err := fs.ReadFile(set.FS, "keys.json")
	if err != nil {
		return p, fmt.Errorf("the centre's keys: %w", err)
	}
	if p.keys, err = sign1.ReadKeys(text, "mark"); err != nil {
		return p, err
	}
	if p.legal, err = legalTexts(set.FS, a.config.Device.Site); err != nil {
		return p, err
	}
	if p.staff, err = staffOf(set.FS, a.config.Device.Site); err != nil {
		return p, err
	}
	p.orders, p.quotas, err = a.ordersIn(set, p.rules)
	return p, err
}

// take puts a set in force. What it orders is obeyed before anybody is judged by it.
func (a *Appliance) take(set bundle.Set, p parsed) {
	a.journal.Disown(func(o centre.Order) bool { return order.Believed(p.rules.Trust(), o, a.clock.Now()) })
	a.ordered.Store(&p.orders)
	a.obeyAll()
	a.journal.Quotas(p.quotas)
	a.markKeys.Store(&p.keys)
	a.outbox.Hurry()
	if err := a.asks.use(set, p.quotas); err != nil {
		a.log.Warn("nobody is asked", "err", err)
	}
	lists := listsOf(p.files)
	a.lists.Store(&lists)
	a.legal.Store(&p.legal)
	a.desk.use(p.staff)
	a.judgeBy(p.rules)
}

// obeyAll obeys the orders of the set in force, as far as they are new.
func (a *Appliance) obeyAll() {
	if orders := a.ordered.Load(); orders != nil {
		for _, o := range *orders {
			a.obey(o)
		}
	}
}

// vouched tells the clock when the newest timestamp was signed. A newer version may say an
// earlier time than the one before: then that was signed wrongly.
func (a *Appliance) vouched(before, now bundle.Set) {
	if now.Published.Before(before.Published) && !now.Published.IsZero() {
		a.log.Warn("the centre takes back the time of its last signature", "was", before.Published, "is", now.Published)
		a.clock.Lower(now.Published)
		return
	}
	a.clock.Raise(now.Published)
}

// judgeBy has every lane judge by a snapshot from the next presentation on.
func (a *Appliance) judgeBy(snapshot *inspection.Snapshot) {
	a.rules.Store(snapshot)
	snapshot = snapshot.WithOrders(a.journal.Allows)
	if keys := a.siteKeys(); len(keys) > 0 {
		snapshot = snapshot.WithKeys(keys)
	}
	for _, l := range a.lanes {
		l.use(snapshot.Inspect)
	}
}

// listsOf is every file of a set with the time of its last change.
func listsOf(files fs.FS) (all []screen.ListStatus) {
	fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			all = append(all, screen.ListStatus{Name: name, Changed: info.ModTime()})
		}
		return nil
	})
	return all
}

// followBundle looks for a new bundle at once, at every hint and every refresh
// interval, until ctx is done.
func (a *Appliance) followBundle(ctx context.Context) {
	tick := time.NewTicker(a.config.Centre.Refresh.Duration)
	defer tick.Stop()
	soon := time.NewTimer(0) // until the first answer, more often
	stick, told := bundle.Dir(a.config.Centre.Stick), ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.link.Hints():
		case <-tick.C:
		case <-soon.C:
		}
		a.refresh(ctx)
		told = a.readStick(ctx, stick, told)
		if _, ok := a.store.Current(); !ok {
			soon.Reset(200 * time.Millisecond)
		}
	}
}

// refresh takes the centre's newest set whole or not at all.
func (a *Appliance) refresh(ctx context.Context) {
	err := a.renew(ctx, a.store.Refresh)
	if err != nil {
		a.refused(err)
		return
	}
	a.disbelieved = ""
}

// readStick takes the set on a USB stick by the same rules, when there is another one than before,
// or that one could not be read or judged yet. Told is what was last said of it, and is returned anew.
func (a *Appliance) readStick(ctx context.Context, stick bundle.Fetcher, told string) string {
	if a.config.Centre.Stick == "" {
		return ""
	}
	short, cancel := context.WithTimeout(ctx, stickPatience)
	stamp, err := stick(short, "timestamp.json", maxStamp)
	cancel()
	if err != nil || bytes.Equal(stamp, a.stick) {
		return told
	}
	err = a.renew(ctx, func(ctx context.Context, now bundle.Time) (bundle.Set, bool, error) {
		return a.store.Import(ctx, now, stick)
	})
	if err == nil || errors.Is(err, bundle.ErrRefused) || errors.Is(err, bundle.ErrContents) {
		a.stick = stamp
	}
	switch {
	case err == nil:
		a.log.Info("USB stick read")
		return ""
	case err.Error() != told:
		a.log.Error("USB stick", "err", err)
		a.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"from": "stick", "why": err.Error()}})
	}
	return err.Error()
}

// stickPatience is how long a stick may take to say whether there is anything new on it.
const stickPatience = 5 * time.Second

// maxStamp bounds what is compared of a stick.
const maxStamp = 16 << 10

// renew takes what a repository offers, if it is newer.
func (a *Appliance) renew(ctx context.Context, get func(context.Context, bundle.Time) (bundle.Set, bool, error)) error {
	before, _ := a.store.Current()
	r := a.clock.Read()
	set, changed, err := get(ctx, bundle.Time{Now: r.Unfloored, Doubt: r.Uncertainty, Known: r.Confidence != clock.Unknown && r.Fault == nil})
	if err != nil {
		return err
	}
	if !changed {
		a.vouched(before, set)
		a.obeyAll()
		if rules := a.rules.Load(); rules != nil {
			a.judgeBy(rules.Vouched(set.Published))
		}
		return nil
	}
	p, err := a.parse(set)
	if err == nil {
		err = a.store.Activate(set)
	}
	if err != nil {
		a.store.Reject(set, err)
		a.log.Error("bundle rejected", "version", set.Version, "err", err)
		a.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"version": set.Version, "why": err.Error()}})
		return nil
	}
	a.vouched(before, set)
	a.take(set, p)
	a.log.Info("bundle activated", "version", set.Version, "cohort", p.cohort)
	note := map[string]string{"version": set.Version}
	if p.cohort != "" {
		note["cohort"] = p.cohort
	}
	a.note(event.Event{Kind: event.BundleActivated, Note: note})
	return nil
}

// refused journals, once, that the repository offers what is not to be believed. That
// it cannot be reached is a condition, not an event for every try.
func (a *Appliance) refused(err error) {
	if !errors.Is(err, bundle.ErrRefused) && !errors.Is(err, bundle.ErrContents) {
		a.log.Debug("bundle", "err", err)
		return
	}
	if why := err.Error(); why != a.disbelieved {
		a.disbelieved = why
		a.log.Error("bundle refused", "err", err)
		a.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"why": why}})
	}
}

// note journals an event of the whole device.
func (a *Appliance) note(e event.Event) { a.noteIn(a.journal, e) }

// noteIn journals an event of the device or of one lane. Texts are shortened to what an event holds.
func (a *Appliance) noteIn(j interface{ Append(event.Event) error }, e event.Event) {
	for name, text := range e.Note {
		e.Note[name] = event.Clip(text)
	}
	if err := j.Append(e); err != nil {
		a.log.Error("journal", "kind", string(e.Kind), "err", err)
	}
}
