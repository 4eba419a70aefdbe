package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/sign1"
)

// Resume puts the stored set in force, if there is one. A stored bundle that no
// longer parses (an older program wrote it) leaves the lanes without rules.
func (f *Follower) Resume() {
	if f.store == nil {
		return
	}
	set, ok := f.store.Current()
	if !ok {
		return
	}
	if err := f.use(set); err != nil {
		f.log.Error("stored bundle", "version", set.Version, "err", err)
	}
}

// use parses a set whole and has every lane judge by it from the next presentation on.
func (f *Follower) use(set bundle.Set) error {
	p, err := f.parse(set)
	if err != nil {
		return err
	}
	f.take(p)
	return nil
}

// parsed is what a set holds for this device.
type parsed struct {
	files  fs.FS // as this device sees them
	cohort string
	rules  *inspection.Snapshot
	marks  sign1.Dated // keys that sign marks
	reply  sign1.Dated // that sign the centre's answers
	peers  sign1.Dated // of the site's devices
	orders []order.Signed
	quotas order.Quotas
	moves  movement.Rule
	legal  map[string]legal.Text // by language
	staff  *staff.List           // nil for nobody
}

// parse reads everything that a set must have for this device. What makes it panic, as a list that is
// mapped from a disk that fails, is a set that cannot be used, and does not end the program.
func (f *Follower) parse(set bundle.Set) (p parsed, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			f.log.Error("reading a set panicked: report this", "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			err = fmt.Errorf("set %s cannot be read (%T): check the disk, and report this with the log", set.Version, r)
		}
	}()
	if p.files, p.cohort, err = fileset.For(set.FS, f.config.Device.Name); err != nil {
		return p, err
	}
	set.FS = p.files
	if err := ForVersion(set.FS, f.config.Version); err != nil {
		return p, err
	}
	if p.rules, err = inspection.Load(set.FS, set.Version, set.Published); err != nil {
		return p, err
	}
	policies := map[string]bool{}
	for _, name := range p.rules.Policies() {
		policies[name] = true
	}
	for _, l := range f.config.Lanes {
		if by := p.rules.PolicyOf(l.At(f.config.Device.Site)); !policies[by] {
			return p, fmt.Errorf("no policy %q, which lane %s judges by", by, l.Name)
		}
	}
	text, err := fs.ReadFile(set.FS, "keys.json")
	if err != nil {
		return p, fmt.Errorf("the centre's keys: %w", err)
	}
	for purpose, keys := range map[string]*sign1.Dated{"mark": &p.marks, "reply": &p.reply, "device": &p.peers} {
		if *keys, err = sign1.ReadKeys(text, purpose); err != nil {
			return p, err
		}
	}
	p.peers = p.peers.Of(f.config.Device.Site)
	if p.legal, err = legalTexts(set.FS, f.config.Device.Site); err != nil {
		return p, err
	}
	if p.staff, err = staffOf(set.FS, f.config.Device.Site); err != nil {
		return p, err
	}
	if p.quotas, p.moves, err = f.siteIn(set); err != nil {
		return p, err
	}
	p.orders, err = f.ordersIn(set, p.rules)
	return p, err
}

// take puts a set in force. What it orders is obeyed before anybody is judged by it.
func (f *Follower) take(p parsed) {
	f.device.Journal.Disown(func(o centre.Order) bool { return order.Believed(p.rules.Trust(), o, f.device.Clock.Now()) })
	f.ordered.Store(&p.orders)
	f.obeyAll()
	f.device.Journal.Quotas(p.quotas)
	f.device.Journal.Movements(p.moves)
	f.markKeys.Store(&p.marks)
	f.Hurry()
	f.asks.quotas.Store(&p.quotas)
	f.asks.keys.Store(&p.reply)
	f.asks.peers.Store(&p.peers)
	lists := listsOf(p.files)
	f.lists.Store(&lists)
	f.legal.Store(&p.legal)
	f.cohort.Store(&p.cohort)
	f.device.Staff(p.staff)
	f.judgeBy(p.rules)
}

// obeyAll obeys the orders of the set in force, as far as they are new.
func (f *Follower) obeyAll() {
	if orders := f.ordered.Load(); orders != nil {
		for _, o := range *orders {
			f.obey(o)
		}
	}
}

// vouched tells the clock when the newest timestamp was signed, unless a supervisor has agreed that
// this was wrong.
func (f *Follower) vouched(before, now bundle.Set) {
	if now.Published.Before(before.Published) && !now.Published.IsZero() {
		f.log.Warn("the centre signs an earlier time than before: the clock's floor stays until it orders the time and a supervisor agrees", "was", before.Published, "is", now.Published)
	}
	if now.Published.Unix() != f.device.Journal.Overruled().Unix() {
		f.device.Clock.Raise(now.Published)
	}
}

// judgeBy keeps a snapshot and has every lane judge by it from the next presentation on.
func (f *Follower) judgeBy(snapshot *inspection.Snapshot) {
	f.rules.Store(snapshot)
	snapshot = snapshot.WithOrders(f.device.Journal.Allows)
	if keys := f.siteKeys(); len(keys) > 0 {
		snapshot = snapshot.WithKeys(keys)
	}
	f.device.Judge(snapshot)
}

// listsOf is every file of a set with the time of its last change.
func listsOf(files fs.FS) (all []List) {
	fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			all = append(all, List{Name: name, Changed: info.ModTime()})
		}
		return nil
	})
	return all
}

// followBundle looks for a new bundle at once, at every hint and every refresh
// interval, until ctx is done.
func (f *Follower) followBundle(ctx context.Context) {
	tick := time.NewTicker(f.config.Centre.Refresh.Duration)
	defer tick.Stop()
	soon := time.NewTimer(0) // until the first answer, more often
	stick, told := bundle.Dir(f.config.Centre.Stick), ""
	var hints <-chan struct{} // without a line there are none
	if f.link != nil {
		hints = f.link.Hints()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hints:
		case <-tick.C:
		case <-soon.C:
		}
		if f.link != nil {
			f.refresh(ctx)
		}
		told = f.readStick(ctx, stick, told)
		if _, ok := f.store.Current(); !ok {
			soon.Reset(200 * time.Millisecond)
		}
	}
}

// refresh takes the centre's newest set whole or not at all.
func (f *Follower) refresh(ctx context.Context) {
	err := f.renew(ctx, f.store.Refresh)
	if err != nil {
		f.refused(err)
		return
	}
	f.disbelieved = ""
}

// readStick takes the set on a USB stick by the same rules, when there is another one than before,
// or that one could not be read or judged yet. Told is what was last said of it, and is returned anew.
func (f *Follower) readStick(ctx context.Context, stick bundle.Fetcher, told string) string {
	if f.config.Centre.Stick == "" {
		return ""
	}
	short, cancel := context.WithTimeout(ctx, stickPatience)
	stamp, err := stick(short, "timestamp.json", maxStamp)
	cancel()
	if err != nil || bytes.Equal(stamp, f.stick) {
		return told
	}
	err = f.renew(ctx, func(ctx context.Context, now bundle.Time) (bundle.Set, bool, error) {
		return f.store.Import(ctx, now, stick)
	})
	if err == nil || errors.Is(err, bundle.ErrRefused) || errors.Is(err, bundle.ErrContents) {
		f.stick = stamp
	}
	switch {
	case err == nil:
		f.log.Info("USB stick read")
		return ""
	case err.Error() != told:
		f.log.Error("USB stick", "err", err)
		f.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"from": "stick", "why": err.Error()}})
	}
	return err.Error()
}

// stickPatience is how long a stick may take to say whether there is anything new on it.
const stickPatience = 5 * time.Second

// maxStamp bounds what is compared of a stick.
const maxStamp = 16 << 10

// renew takes what a repository offers, if it is newer.
func (f *Follower) renew(ctx context.Context, get func(context.Context, bundle.Time) (bundle.Set, bool, error)) error {
	before, _ := f.store.Current()
	r := f.device.Clock.Read()
	set, changed, err := get(ctx, bundle.Time{Now: r.Unfloored, Doubt: r.Uncertainty, Known: r.Confidence != clock.Unknown && r.Fault == nil})
	if err != nil {
		return err
	}
	if !changed {
		f.vouched(before, set)
		f.obeyAll()
		if rules := f.rules.Load(); rules != nil {
			f.judgeBy(rules.Vouched(set.Published))
		}
		return nil
	}
	p, err := f.parse(set)
	if err == nil {
		err = f.store.Activate(set)
	}
	if err != nil {
		f.store.Reject(set, err)
		f.log.Error("bundle rejected", "version", set.Version, "err", err)
		f.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"version": set.Version, "why": err.Error()}})
		return nil
	}
	f.vouched(before, set)
	f.take(p)
	f.log.Info("bundle activated", "version", set.Version, "cohort", p.cohort)
	note := map[string]string{"version": set.Version}
	if p.cohort != "" {
		note["cohort"] = p.cohort
	}
	if lanes := f.unlisted(p.quotas); lanes != "" {
		note["unlisted"] = lanes
		f.log.Warn("the site's file lists its lanes, and not all of this device: correct their names here or there", "file", "sites/"+f.config.Device.Site+".json", "lanes", lanes)
	}
	f.note(event.Event{Kind: event.BundleActivated, Note: note})
	return nil
}

// unlisted are the lanes of this device that the site's file does not know, though it lists them.
func (f *Follower) unlisted(site order.Quotas) string {
	var names []string
	for _, l := range f.config.Lanes {
		if site.Unlisted(l.Name) {
			names = append(names, l.Name)
		}
	}
	return strings.Join(names, ", ")
}

// refused journals, once, that the repository offers what is not to be believed. That
// it cannot be reached is a condition, not an event for every try.
func (f *Follower) refused(err error) {
	if !errors.Is(err, bundle.ErrRefused) && !errors.Is(err, bundle.ErrContents) {
		f.log.Debug("bundle", "err", err)
		return
	}
	if why := err.Error(); why != f.disbelieved {
		f.disbelieved = why
		f.log.Error("bundle refused", "err", err)
		f.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"why": why}})
	}
}

// note journals an event of the whole device.
func (f *Follower) note(e event.Event) { f.noteIn(f.device.Journal, e) }

// noteIn journals an event of the device or of one lane. Texts are shortened to what an event holds.
func (f *Follower) noteIn(j interface{ Append(event.Event) error }, e event.Event) {
	for name, text := range e.Note {
		e.Note[name] = event.Clip(text)
	}
	if err := j.Append(e); err != nil {
		f.log.Error("journal", "kind", string(e.Kind), "err", err)
	}
}
