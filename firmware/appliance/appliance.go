// Package appliance wires one device together as it is configured: its lanes, its
// journal, its rules and the way to the centre. It alone knows everybody.
package appliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/hardware/watchdog"
	"example.org/checkpoint/kiosk/screen"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/outbox"
	"example.org/checkpoint/sync/sign1"
)

// Appliance is one device.
type Appliance struct {
	config    config.Config
	log       *slog.Logger
	clock     *clock.Clock
	journal   *journal.Journal
	lanes     []*laneLoop
	attendant net.Listener // nil for none
	scraped   net.Listener // likewise
	troubles  troubles
	watchdog  *watchdog.Watchdog
	printer   *bench.Printer // nil for none

	store    *bundle.Store   // nil without a centre
	link     *jetstream.Link // likewise
	outbox   *outbox.Outbox  // likewise
	sign     journal.Signer  // likewise
	markKeys atomic.Pointer[sign1.Dated]
	lists    atomic.Pointer[[]screen.ListStatus]
	legal    atomic.Pointer[map[string]legal.Text] // by language
	desk     desk
	asks     asks
	meeting  meeting

	rules       atomic.Pointer[inspection.Snapshot] // in force; nil before the first
	agreed      chan *laneLoop                      // a supervisor turned the key there
	ordered     atomic.Pointer[[]order.Signed]      // by the set in force
	missed      atomic.Bool                         // an order could not be written
	stick       []byte                              // the last timestamp that a stick had, likewise
	disbelieved string                              // why the repository was last refused; of followBundle alone
}

// New opens everything a device keeps and makes its lanes; nothing moves before Run.
// An error names what to do.
func New(c config.Config, log *slog.Logger) (a *Appliance, err error) {
	a = &Appliance{config: c, log: log, agreed: make(chan *laneLoop, len(c.Lanes)+1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if err := os.MkdirAll(c.Device.State, 0o700); err != nil {
		return a, fmt.Errorf("state folder: %w", err)
	}
	if err := a.desk.recall(filepath.Join(c.Device.State, missesFile)); err != nil {
		log.Error("staff: wrong PINs count anew", "err", err)
	}
	if err := a.openCentre(); err != nil {
		return a, err
	}
	a.clock = clock.New(nil, a.floor())
	a.readClock()
	a.journal, err = journal.Open(c.Device.State, journal.Options{Device: c.Device.Name, Site: c.Device.Site, Now: a.clock.Now, Latest: a.clock.Latest,
		Directions: directions(c), Version: c.Version, Sign: a.sign})
	if err != nil {
		return a, err
	}
	a.orderedFloor()
	if err := a.openHall(); err != nil {
		return a, err
	}
	if c.Attendant.Listen != "" {
		if a.attendant, err = net.Listen("tcp", c.Attendant.Listen); err != nil {
			return a, fmt.Errorf("attendant's page: %w", err)
		}
	}
	if c.Health.Listen != "" {
		if a.scraped, err = net.Listen("tcp", c.Health.Listen); err != nil {
			return a, fmt.Errorf("health page: %w", err)
		}
	}
	a.watchdog = watchdog.New(watchdog.Options{Device: c.Watchdog.Device, Timeout: c.Watchdog.Timeout.Duration, Log: log})
	if c.Printer.Device != "" {
		a.printer = bench.OpenPrinter(c.Printer, log)
	}
	papers, err := documentKeys(c.Device.DocumentKeys)
	if err != nil {
		return a, err
	}
	for _, lc := range c.Lanes {
		l, err := newLane(lc, c.Device.Site, a.journal.Lane(lc.Name), a.clock.Now, a.doubt, log)
		if err != nil {
			return a, err
		}
		l.overruling = overrulings[c.Attendant.Overrule]
		l.supervised = a.supervised
		l.beside.keys = papers
		l.entries.crowd = crowd{a.meeting.hall, map[uint64]uint64{}}
		a.lanes = append(a.lanes, l)
	}
	a.resume()
	return a, nil
}

// directions are those of all lanes, by name.
func directions(c config.Config) map[string]string {
	all := map[string]string{}
	for _, l := range c.Lanes {
		all[l.Name] = l.Direction
	}
	return all
}

// openCentre opens what has to do with the centre, if there is one.
func (a *Appliance) openCentre() error {
	c := a.config
	if c.Centre.URL == "" {
		return nil
	}
	root, err := os.ReadFile(c.Centre.Root)
	if err != nil {
		return fmt.Errorf("centre.root: %w: give the root.json that came with the package", err)
	}
	key, _, err := enrol.Load(c.Device.State)
	if err != nil {
		return err
	}
	pass, err := enrol.LoadPass(c.Device.State, c.Device.Name)
	if err != nil {
		return err
	}
	if a.link, err = jetstream.Open(jetstream.Options{URL: c.Centre.URL, Device: c.Device.Name, Pass: pass, Log: a.log}); err != nil {
		return err
	}
	if a.store, err = bundle.Open(filepath.Join(c.Device.State, "bundle.db"), root, a.link.Fetch); err != nil {
		return err
	}
	a.asks.client = a.client(key.Sign)
	a.sign = outbox.Checkpoint(c.Device.Name, key.Sign)
	a.outbox = outbox.New(journalOf{a}, a.link, outbox.Options{Device: c.Device.Name, Sign: key.Sign, MarkKeys: a.marks, Log: a.log})
	return nil
}

// journalOf is the journal for the outbox, which is made before the journal is open.
type journalOf struct{ a *Appliance }

func (j journalOf) Entries(max, maxBytes int) ([]journal.Entry, error) {
	return j.a.journal.Entries(max, maxBytes)
}
func (j journalOf) Mark(epoch, seq uint64, hash [32]byte) error {
	return j.a.journal.Mark(epoch, seq, hash)
}
func (j journalOf) Changed() <-chan struct{} { return j.a.journal.Changed() }

// marks are the centre's mark keys of the bundle in force that are trusted now.
func (a *Appliance) marks() sign1.Keys {
	if keys := a.markKeys.Load(); keys != nil {
		return keys.At(a.clock.Now())
	}
	return nil
}

// grace is how long the outbox may go on after the lanes have ended, so that a
// device that is stopped in good order leaves nothing behind.
const grace = 2 * time.Second

// ending is how long the devices may take to end, longer than any patience with one.
const ending = 12 * time.Second

var errHangs = errors.New("a device hangs and was left behind: switch it off and on")

// within reports whether all have ended within d.
func within(all *sync.WaitGroup, d time.Duration) bool {
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }() // ends with the last of all
	select {
	case <-ended:
		return true
	case <-time.After(d):
		return false
	}
}

// Run serves until ctx is done, and then ends in order: the lanes make their
// barriers safe while their devices still run, the outbox delivers what is left,
// the journal closes last. ready is called once when everything has been started.
func (a *Appliance) Run(ctx context.Context, ready func()) error {
	bench, stopBench := context.WithCancel(context.WithoutCancel(ctx))
	uplink, stopUplink := context.WithCancel(context.WithoutCancel(ctx))
	var lanes, devices, links sync.WaitGroup
	serving, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for _, l := range a.lanes {
		lanes.Go(func() {
			if err := l.serve(serving, bench, &devices); err != nil {
				fail(fmt.Errorf("lane %s: %w", l.config.Name, err))
			}
		})
	}
	devices.Go(func() { a.keepWatch(bench) })
	devices.Go(func() { a.watchdog.Run(bench, a.Alive, nil) })
	if a.printer != nil {
		devices.Go(func() { a.printer.Run(bench) })
	}
	a.serve(bench, &devices, a.attendant, a.attendantPage())
	a.serve(bench, &devices, a.scraped, http.HandlerFunc(a.healthz))
	if a.store != nil {
		links.Go(func() { a.outbox.Run(uplink) })
		links.Go(func() { a.followBundle(uplink) })
		links.Go(func() { a.followOrders(uplink) })
		links.Go(func() { a.askCentre(uplink) })
		links.Go(func() { a.meet(uplink) })
		links.Go(func() { a.reportIn(uplink) })
		links.Go(func() { outbox.Witness{Head: a.journal.Head, Sign: a.sign, Tell: a.link.Tell, Log: a.log}.Run(uplink) })
	}
	a.watchdog.Ready()
	ready()
	<-serving.Done()
	a.watchdog.Stopping()
	lanes.Wait()
	stopBench()
	ended := within(&devices, ending)
	a.flush()
	stopUplink()
	links.Wait()
	err := errHangs // what it holds cannot be closed; the journal is whole without
	if ended {
		err = a.close()
	}
	if cause := context.Cause(serving); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	if err == nil { // else the watchdog resets what did not end well
		err = a.watchdog.Disarm()
	}
	return err
}

// serve serves one surface of the whole device, if it is wanted.
func (a *Appliance) serve(ctx context.Context, devices *sync.WaitGroup, l net.Listener, h http.Handler) {
	if l == nil {
		return
	}
	devices.Go(func() {
		if err := screen.Serve(ctx, l, h); err != nil {
			a.log.Error("page", "address", l.Addr().String(), "err", err)
		}
	})
}

// Alive reports whether the loop of every lane turns.
func (a *Appliance) Alive() bool {
	for _, l := range a.lanes {
		if !l.controller.Alive() {
			return false
		}
	}
	return true
}

// flush waits until the centre has confirmed everything, within grace.
func (a *Appliance) flush() {
	if a.store == nil || !a.link.State().Connected {
		return
	}
	for end := time.Now().Add(grace); a.journal.Stats().Unsynced > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
}

// close closes what New opened.
func (a *Appliance) close() error {
	var errs []error
	for _, l := range a.lanes {
		l.board.Close()
		if l.listener != nil {
			l.listener.Close()
		}
	}
	for _, l := range []net.Listener{a.attendant, a.scraped} {
		if l != nil {
			l.Close()
		}
	}
	errs = append(errs, a.meeting.close())
	if a.link != nil {
		a.link.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.journal != nil {
		errs = append(errs, a.journal.Close())
	}
	return errors.Join(errs...)
}

// doubt is the checked time and how far it may be believed, for an inspection.
func (a *Appliance) doubt() inspection.Clock {
	r := a.clock.Read()
	return inspection.Clock{Time: r.Time, Uncertainty: r.Uncertainty, Confidence: string(r.Confidence)}
}
