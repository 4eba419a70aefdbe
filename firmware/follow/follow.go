// Package follow keeps one device in step with its centre, as long as there is a line and
// from a stick: it takes the centre's sets and puts them in force, obeys its orders, asks it
// for what is needed, delivers the record, and meets the other devices of a hall.
package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/outbox"
	"example.org/checkpoint/sync/sign1"
)

// Follower follows the centre for one device. Without a line to it sets come by stick; without
// either it follows nobody: then the orders that the record holds stand, and there are no rules.
type Follower struct {
	config config.Config
	log    *slog.Logger
	device Device

	store    *bundle.Store   // nil without a centre and a stick
	link     *jetstream.Link // nil without a centre
	outbox   *outbox.Outbox  // likewise
	sign     journal.Signer  // likewise
	markKeys atomic.Pointer[sign1.Dated]
	lists    atomic.Pointer[[]List]
	legal    atomic.Pointer[map[string]legal.Text] // by language
	cohort   atomic.Pointer[string]
	asks     asks
	meeting  meeting

	rules       atomic.Pointer[inspection.Snapshot] // in force; nil before the first
	agreed      chan agreement                      // a supervisor has turned a key
	ordered     atomic.Pointer[[]order.Signed]      // by the set in force
	missed      atomic.Bool                         // an order could not be written
	stick       []byte                              // the last timestamp that a stick had
	disbelieved string                              // why the repository was last refused; of followBundle alone
}

// Device is what follows: its record and its clock, and who is told what the centre says.
type Device struct {
	Clock   *clock.Clock
	Journal *journal.Journal

	Judge  func(*inspection.Snapshot) // has every lane judge by it from the next presentation on
	Staff  func(*staff.List)          // says who may sign in; nil for nobody
	Report func() ([]byte, error)     // how the device is, for the centre's page of all devices
}

// List is one file of the set in force.
type List struct {
	Name    string
	Changed time.Time
}

// Open opens what has to do with the centre, if there is one. An error names what to do.
func Open(c config.Config, log *slog.Logger) (f *Follower, err error) {
	f = &Follower{config: c, log: log, agreed: make(chan agreement, len(c.Lanes)+1)}
	if c.Centre.URL == "" && c.Centre.Stick == "" {
		return f, nil
	}
	defer func() {
		if err != nil {
			f, err = nil, errors.Join(err, f.Close())
		}
	}()
	root, err := os.ReadFile(c.Centre.Root)
	if err != nil {
		return f, fmt.Errorf("centre.root: %w: give the root.json that came with the package", err)
	}
	stored := filepath.Join(c.Device.State, "bundle.db")
	if c.Centre.URL == "" {
		f.store, err = bundle.Open(stored, root, bundle.Dir(c.Centre.Stick))
		return f, err
	}
	key, _, err := enrol.Load(c.Device.State)
	if err != nil {
		return f, err
	}
	pass, err := enrol.LoadPass(c.Device.State, c.Device.Name)
	if err != nil {
		return f, err
	}
	if f.link, err = jetstream.Open(jetstream.Options{URL: c.Centre.URL, Device: c.Device.Name, Pass: pass, Log: f.log}); err != nil {
		return f, err
	}
	if f.store, err = bundle.Open(stored, root, f.link.Fetch); err != nil {
		return f, err
	}
	f.asks.client, f.asks.key = f.client(key.Sign), key
	f.asks.pass.Store(pass)
	f.sign = outbox.Checkpoint(c.Device.Name, key.Sign)
	f.outbox = outbox.New(recordOf{f}, f.link, outbox.Options{Device: c.Device.Name, Sign: key.Sign, MarkKeys: f.marks, Log: f.log})
	return f, nil
}

// recordOf is the record for the outbox, which is made before the journal is open.
type recordOf struct{ f *Follower }

func (r recordOf) Entries(max, maxBytes int) ([]journal.Entry, error) {
	return r.f.device.Journal.Entries(max, maxBytes)
}
func (r recordOf) Mark(epoch, seq uint64, hash [32]byte) error {
	return r.f.device.Journal.Mark(epoch, seq, hash)
}
func (r recordOf) Changed() <-chan struct{} { return r.f.device.Journal.Changed() }

// Floor is the latest time that the stored set vouches for.
func (f *Follower) Floor() time.Time {
	if f.store == nil {
		return time.Time{}
	}
	set, _ := f.store.Current()
	return set.Published
}

// Signer signs the checkpoints of the record; nil without a centre.
func (f *Follower) Signer() journal.Signer { return f.sign }

// Join has the device follow, and opens the line to the hall, if there is one. It raises the
// floor of the clock to what orders have said of the time.
func (f *Follower) Join(d Device) error {
	f.device = d
	f.orderedFloor()
	return f.openHall()
}

// Run follows until ctx is done.
func (f *Follower) Run(ctx context.Context) error {
	if f.store == nil {
		<-ctx.Done()
		return nil
	}
	var links sync.WaitGroup
	links.Go(func() { f.followBundle(ctx) })
	links.Go(func() { f.followOrders(ctx) })
	if f.link == nil {
		links.Wait()
		return nil
	}
	links.Go(func() { f.outbox.Run(ctx) })
	links.Go(func() { f.askCentre(ctx) })
	links.Go(func() { f.stayAdmitted(ctx) })
	links.Go(func() { f.meet(ctx) })
	links.Go(func() { f.reportIn(ctx) })
	links.Go(func() {
		outbox.Witness{Head: f.device.Journal.Head, Sign: f.sign, Tell: f.link.Tell, Log: f.log}.Run(ctx)
	})
	links.Wait()
	return nil
}

// Flush waits until the centre has confirmed everything, at most for d.
func (f *Follower) Flush(d time.Duration) {
	if f.link == nil || !f.link.State().Connected {
		return
	}
	for end := time.Now().Add(d); f.device.Journal.Stats().Unsynced > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
}

// Hurry tries to deliver at once what waits, because the line may be back.
func (f *Follower) Hurry() {
	if f.outbox != nil {
		f.outbox.Hurry()
	}
}

// Close closes what Open and Join have opened.
func (f *Follower) Close() error {
	err := f.meeting.close()
	if f.link != nil {
		f.link.Close()
	}
	if f.store != nil {
		err = errors.Join(err, f.store.Close())
	}
	return err
}

// marks are the centre's mark keys of the set in force that are trusted now.
func (f *Follower) marks() sign1.Keys {
	if keys := f.markKeys.Load(); keys != nil {
		return keys.At(f.device.Clock.Now())
	}
	return nil
}

// Status is how it stands with the centre.
type Status struct {
	Online   bool
	Accepted time.Time             // when the centre last confirmed something; zero for never
	Set      bundle.Status         // zero without a centre
	Cohort   string                // that the set in force puts the device in; empty: in none
	Lists    []List                // of the set in force
	Legal    map[string]legal.Text // likewise, by language
}

// Status says how it stands with the centre.
func (f *Follower) Status() (s Status) {
	if lists := f.lists.Load(); lists != nil {
		s.Lists = *lists
	}
	if texts := f.legal.Load(); texts != nil {
		s.Legal = *texts
	}
	if cohort := f.cohort.Load(); cohort != nil {
		s.Cohort = *cohort
	}
	if f.store != nil {
		s.Set = f.store.Status()
	}
	if f.link != nil {
		s.Online, s.Accepted = f.link.State().Connected, f.outbox.State().Accepted
	}
	return s
}

// Troubles is what is wrong between the device and its centre.
func (f *Follower) Troubles() (s health.Set) {
	add := func(holds bool, c health.Code) {
		if holds {
			s = s.With(c)
		}
	}
	add(f.lists.Load() == nil, health.TrustMissing)
	add(f.overdue(), health.OrderOverdue)
	if f.meeting.hall != nil {
		hall := f.meeting.hall.State()
		add(hall.Alone, health.HallAlone)
		add(hall.Away && !hall.Alone, health.HallAway)
		add(hall.Lied, health.HallLied)
	}
	if f.store == nil {
		return s
	}
	status := f.store.Status()
	refused := errors.Is(status.Fault, bundle.ErrRefused) || errors.Is(status.Fault, bundle.ErrContents)
	add(status.Rejected != "" || refused, health.BundleRejected)
	if f.link != nil {
		add(!f.link.State().Connected, health.CentreOffline)
		pass := f.asks.pass.Load()
		add(pass != nil && pass.Ends(f.device.Clock.Now()), health.AdmissionEnds)
		add(errors.Is(f.outbox.State().Fault, outbox.ErrRefuse) || f.device.Journal.Stats().Disputed > 0, health.CentreConflict)
	}
	set, ok := f.store.Current()
	add(ok && f.device.Clock.Read().Time.After(set.Expires) || errors.Is(status.Fault, bundle.ErrClock), health.BundleStale)
	return s
}
