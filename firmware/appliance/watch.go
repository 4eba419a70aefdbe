package appliance

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/outbox"
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

// set replaces what was, and returns all that holds now and held before.
func (t *troubles) set(device health.Set, lanes map[string]health.Set) (now, before health.Set) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, now = t.device, device
	for _, s := range t.lanes {
		before = before.Union(s)
	}
	for _, s := range lanes {
		now = now.Union(s)
	}
	t.device, t.lanes = device, lanes
	return now, before
}

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
		now, before := a.troubles.set(a.deviceTroubles(), a.laneTroubles())
		if before.Has(health.CentreOffline) && !now.Has(health.CentreOffline) {
			a.outbox.Hurry()
		}
		for _, c := range health.All() {
			if now.Has(c.Code) != before.Has(c.Code) {
				a.tell(c, now.Has(c.Code))
			}
		}
	}
}

func (a *Appliance) tell(c health.Condition, holds bool) {
	state := "over"
	if holds {
		state = "begun"
		a.log.Warn(c.Title, "condition", c.Name, "do", c.Action)
	} else {
		a.log.Info("over: "+c.Title, "condition", c.Name)
	}
	a.note(event.Event{Kind: event.Condition, Note: map[string]string{"condition": c.Name, "state": state}})
}

func (a *Appliance) deviceTroubles() (s health.Set) {
	add := func(holds bool, c health.Code) {
		if holds {
			s = s.With(c)
		}
	}
	stats := a.journal.Stats()
	add(stats.Full, health.JournalFull)
	add(stats.Fault != nil, health.JournalFailed)
	add(stats.Aside != "", health.JournalDamaged)
	r := a.clock.Read()
	add(r.Confidence == "unknown" || r.Fault != nil, health.ClockUntrusted)
	add(a.lists.Load() == nil, health.TrustMissing)
	if a.store != nil {
		status := a.store.Status()
		refused := errors.Is(status.Fault, bundle.ErrRefused) || errors.Is(status.Fault, bundle.ErrContents)
		add(status.Rejected != "" || refused, health.BundleRejected)
		add(!a.link.State().Connected, health.CentreOffline)
		add(errors.Is(a.outbox.State().Fault, outbox.ErrRefuse), health.CentreConflict)
	}
	return s
}

func (a *Appliance) laneTroubles() map[string]health.Set {
	all := map[string]health.Set{}
	for _, l := range a.lanes {
		var s health.Set
		if l.board.Fault() != nil {
			s = s.With(health.GateLost)
		}
		if l.camera.Fault() != nil {
			s = s.With(health.CameraLost)
		}
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
// the kernel says when something disciplines it, or as far as the site has said.
func (a *Appliance) readClock() {
	within := a.config.Clock.Within.Duration
	if within == 0 {
		var t syscall.Timex
		if _, err := syscall.Adjtimex(&t); err != nil || t.Status&unsynchronised != 0 {
			return
		}
		within = time.Duration(t.Maxerror) * time.Microsecond
	}
	if err := a.clock.Trust(time.Now(), within); err != nil {
		a.log.Debug("clock", "err", err)
	}
}
