package appliance

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
)

// troubles is what is wrong with the device and each lane, as last looked.
type troubles struct {
	mu     sync.Mutex
	device health.Set
	lanes  map[string]health.Set
}

func (t *troubles) get() (device health.Set, lanes map[string]health.Set) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.device, t.lanes
}

// set replaces what was, and returns it.
func (t *troubles) set(device health.Set, lanes map[string]health.Set) (wasDevice health.Set, wasLanes map[string]health.Set) {
	t.mu.Lock()
	defer t.mu.Unlock()
	wasDevice, wasLanes = t.device, t.lanes
	t.device, t.lanes = device, lanes
	return wasDevice, wasLanes
}

// clockFile holds, in the state folder, the time that the machine goes on from.
const clockFile = "clock.json"

// keepWatch looks at everything once a second and journals what has changed.
func (a *Appliance) keepWatch(ctx context.Context) {
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		a.readClock()
		if err := a.clock.Keep(filepath.Join(a.config.Device.State, clockFile)); err != nil {
			a.log.Debug("clock", "err", err)
		}
		_ = a.journal.Tend() // the condition says it
		a.watch()
	}
}

// watch looks once, and journals what has begun or is over, of a lane in its name.
func (a *Appliance) watch() {
	device, lanes := a.deviceTroubles(), a.laneTroubles()
	wasDevice, wasLanes := a.troubles.set(device, lanes)
	if wasDevice.Has(health.CentreOffline) && !device.Has(health.CentreOffline) {
		a.centre.Hurry()
	}
	a.tell(a.journal, a.log, wasDevice, device, nil)
	for _, l := range a.lanes {
		a.tell(l.journal, l.log, wasLanes[l.config.Name], lanes[l.config.Name], a.centre.Why(l.journal.Place()))
	}
}

// tell journals what has begun or is over. Ordered is why an order of the centre halts; nil if none does.
func (a *Appliance) tell(j interface{ Append(event.Event) error }, log *slog.Logger, before, now health.Set, ordered error) {
	for _, c := range health.All() {
		if now.Has(c.Code) == before.Has(c.Code) {
			continue
		}
		note := map[string]string{"condition": c.Name, "state": "over"}
		if now.Has(c.Code) {
			note["state"] = "begun"
			said := log
			if c.Code == health.OrderHalts && ordered != nil {
				note["why"] = event.Clip(ordered.Error())
				said = log.With("why", ordered)
			}
			said.Warn(c.Title, "condition", c.Name, "do", c.Action)
		} else {
			log.Info("over: "+c.Title, "condition", c.Name)
		}
		if err := j.Append(event.Event{Kind: event.Condition, Note: note}); err != nil {
			log.Error("journal", "err", err)
		}
	}
}

func (a *Appliance) deviceTroubles() (s health.Set) {
	add := func(holds bool, c health.Code) {
		if holds {
			s = s.With(c)
		}
	}
	stats := a.journal.Stats()
	add(stats.Full, health.JournalFull)
	add(stats.DiskLow, health.DiskLow)
	add(stats.Fault != nil, health.JournalFailed)
	add(stats.Aside != "", health.JournalDamaged)
	r := a.clock.Read()
	add(r.Confidence == "unknown" || r.Fault != nil, health.ClockUntrusted)
	add(a.watchdog.Fault() != nil, health.WatchdogLost)
	if a.printer != nil {
		s = s.Union(a.printer.Troubles())
	}
	return s.Union(a.centre.Troubles())
}

func (a *Appliance) laneTroubles() map[string]health.Set {
	all := map[string]health.Set{}
	for _, l := range a.lanes {
		s := a.centre.Halted(l.journal.Place()).Union(l.troubles())
		if l.unseen() {
			s = s.With(health.DisplayLost)
		}
		all[l.config.Name] = s
	}
	return all
}

// unsynchronised is STA_UNSYNC of adjtimex(2): the kernel does not know the time.
const unsynchronised = 0x0040

// readClock tells the clock how far the machine's own may be believed: as far as
// the kernel says when something disciplines it, or as far as the site has said. What it
// may not be believed for, Read says as a fault.
func (a *Appliance) readClock() {
	within := a.config.Clock.Within.Duration
	if within == 0 {
		var t syscall.Timex
		if _, err := syscall.Adjtimex(&t); err != nil || t.Status&unsynchronised != 0 {
			a.clock.Alone()
			return
		}
		within = time.Duration(t.Maxerror) * time.Microsecond
	}
	if err := a.clock.Trust(time.Now(), within); err != nil {
		a.log.Debug("clock", "err", err)
	}
}
