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
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/watchdog"
	"example.org/checkpoint/kiosk/screen"
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

	centre *follow.Follower
	desk   desk
	rules  atomic.Pointer[inspection.Snapshot] // in force; nil before the first
}

// New opens everything a device keeps and makes its lanes; nothing moves before Run.
// An error names what to do.
func New(c config.Config, log *slog.Logger) (a *Appliance, err error) {
	a = &Appliance{config: c, log: log}
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
	if a.centre, err = follow.Open(c, log); err != nil {
		return a, err
	}
	a.clock = clock.New(nil, a.centre.Floor())
	a.clock.Resume(filepath.Join(c.Device.State, clockFile))
	a.readClock()
	a.journal, err = journal.Open(c.Device.State, journal.Options{Device: c.Device.Name, Site: c.Device.Site, Now: a.clock.Now, Latest: a.clock.Latest,
		Directions: directions(c), Version: c.Version, Sign: a.centre.Signer()})
	if err != nil {
		return a, err
	}
	if err := a.centre.Join(follow.Device{Clock: a.clock, Journal: a.journal, Judge: a.judgeBy, Staff: a.desk.use, Report: a.reported}); err != nil {
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
		l, err := newLane(lc, c.Device.Site, a.centre.Lane(lc.Name), a.clock.Now, a.doubt, log)
		if err != nil {
			return a, err
		}
		l.overruling = overrulings[c.Attendant.Overrule]
		l.supervised = a.supervised
		l.beside.keys = papers
		a.lanes = append(a.lanes, l)
	}
	a.centre.Resume()
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

// judgeBy has every lane judge by a snapshot from the next presentation on.
func (a *Appliance) judgeBy(snapshot *inspection.Snapshot) {
	a.rules.Store(snapshot)
	for _, l := range a.lanes {
		l.use(snapshot.Inspect)
	}
}

// supervised says, without waiting, that a supervisor has turned the key at a lane. Where the
// key ends an alarm or lets somebody pass it means that and nothing else.
func (a *Appliance) supervised(l *laneLoop) {
	if l.agrees() {
		a.centre.Agreed(l.journal.Place())
	}
}

// agrees reports whether the supervisor's key would agree to an order of the centre now.
func (l *laneLoop) agrees() bool {
	s := l.controller.State().State
	return s == lane.Secured || s == lane.Ready
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
	links.Go(func() { a.centre.Run(uplink) })
	a.watchdog.Ready()
	ready()
	<-serving.Done()
	a.watchdog.Stopping()
	lanes.Wait()
	stopBench()
	ended := within(&devices, ending)
	a.centre.Flush(grace)
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
	if a.centre != nil {
		errs = append(errs, a.centre.Close())
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
