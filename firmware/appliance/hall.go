package appliance

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/hall"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/sign1"
)

// meeting is where the lanes of a hall meet, for one device (PROTOCOL C10).
type meeting struct {
	hall    *hall.Hall // nil: this device is in no hall
	hub     *jetstream.Link
	sharing *hall.Sharing
}

// hallWindow is how long the hall's key of a day is looked under after its end, at least.
const hallWindow = time.Hour

// openHall opens the line to the hub, if there is one. A code that counts once does so at
// the hub, else at the centre, else at this device.
func (a *Appliance) openHall() error {
	c := a.config
	if c.Hall.URL == "" {
		return nil
	}
	key, _, err := enrol.Load(c.Device.State)
	if err != nil {
		return err
	}
	pass, err := enrol.LoadPass(c.Device.State, c.Device.Name)
	if err != nil {
		return err
	}
	log := a.log.With("line", "hub")
	if a.meeting.hub, err = jetstream.Open(jetstream.Options{URL: c.Hall.URL, Device: c.Device.Name, Pass: pass, Log: log}); err != nil {
		return fmt.Errorf("hall.url: %w", err)
	}
	window := hallWindow
	for _, l := range c.Lanes {
		window = max(window, l.ReplayWindow.Duration)
	}
	hub := a.meeting.hub
	a.meeting.hall, err = hall.Open(hall.Options{Device: c.Device.Name, State: c.Device.State, Places: []hall.Place{hub.Bucket("replay"), a.link.Bucket("replay")},
		Taken: jetstream.ErrTaken, Absent: jetstream.ErrNone, Now: a.clock.Now, Window: window, Double: a.double, Log: log})
	if err != nil {
		return err
	}
	a.meeting.sharing = &hall.Sharing{Hall: a.meeting.hall, Site: c.Device.Site, Names: hub.Bucket("hall"), Line: hub, Sign: key.Sign,
		Trusted: a.peers, Log: log}
	return nil
}

// peers are the device keys that the bundle in force names.
func (a *Appliance) peers() sign1.Keys {
	if keys := a.asks.peers.Load(); keys != nil {
		return keys.At(a.clock.Now())
	}
	return nil
}

// meet serves the hall until ctx is done.
func (a *Appliance) meet(ctx context.Context) {
	if a.meeting.hall == nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { a.meeting.hall.Run(ctx) })
	both.Go(func() {
		if err := a.meeting.sharing.Run(ctx); err != nil {
			a.log.Error("hall", "err", err)
		}
	})
	both.Wait()
}

func (m *meeting) close() (err error) {
	if m.hub != nil {
		m.hub.Close()
	}
	if m.hall != nil {
		err = m.hall.Close()
	}
	return err
}

// double journals, at the lane that it was claimed at, that a code counted at another device
// too while this one was alone.
func (a *Appliance) double(d hall.Double) {
	name, presentation, _ := strings.Cut(d.What, "/")
	for _, l := range a.lanes {
		if l.config.Name == name {
			a.noteIn(l.journal, event.Event{At: a.clock.Now(), Kind: event.Reconciled, Verdict: verdict.Verdict{Outcome: verdict.Refuse, Reason: verdict.Replayed},
				Note: map[string]string{"found": "double", "presentation": presentation, "claimed": d.At.UTC().Format(time.RFC3339), "also": d.Other}})
		}
	}
}

// crowd makes a lane's claims known in the hall. It is used by the lane's journal worker alone.
type crowd struct {
	hall *hall.Hall        // nil for none
	open map[uint64]uint64 // presentation → claim of the hall
}

// Claim has the hall say first whether somebody was here with that code, at any lane.
func (e *entries) Claim(ev event.Event) (verdict.Reason, error) {
	if e.crowd.hall == nil {
		return e.Lane.Claim(ev)
	}
	var ids []hall.Identity
	for _, c := range ev.Verdict.Counts {
		ids = append(ids, hall.Identity{Bytes: c.Identity, Until: c.Until})
	}
	c, replayed, err := e.crowd.hall.Claim(context.Background(), e.Lane.Place().Lane+"/"+strconv.FormatUint(ev.Presentation, 10), ids)
	switch {
	case err != nil:
		return "", err
	case replayed:
		return verdict.Replayed, nil
	case c.Alone:
		ev.Note = noted(ev.Note, "hall", "alone")
	case c.Placed > 0:
		ev.Note = noted(ev.Note, "hall", "centre")
	}
	reason, err := e.Lane.Claim(ev)
	if err != nil || reason != "" {
		e.crowd.hall.Settle(c.N, false)
		return reason, err
	}
	e.crowd.open[ev.Presentation] = c.N
	return "", nil
}

// settle ends a claim in the hall: before the journal writes that somebody has passed, and
// after it that nobody has.
func (c *crowd) settle(presentation uint64, used bool) {
	if n := c.open[presentation]; n != 0 {
		c.hall.Settle(n, used)
	}
}

// noted is a note with one thing more.
func noted(note map[string]string, name, text string) map[string]string {
	more := map[string]string{name: text}
	maps.Copy(more, note)
	return more
}
