package follow

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/hall"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/outbox"
	"example.org/checkpoint/sync/sign1"
)

// meeting is where the lanes of a hall meet, for one device (PROTOCOL C10).
type meeting struct {
	hall    *hall.Hall // nil: this device is in no hall
	hub     *jetstream.Link
	sharing *hall.Sharing
}

// hallWindow is how long the hall's key of a day is looked under after its end: as long as a mark counts
// that was made just before it, which at a border is to the end of a day elsewhere, with 2 h for what
// clocks are unsure of.
func hallWindow(lanes []config.Lane) time.Duration {
	var longest time.Duration
	for _, l := range lanes {
		longest = max(longest, l.ReplayWindow.Duration)
		if l.Kind == "border" {
			longest = max(longest, 24*time.Hour)
		}
	}
	return longest + 2*time.Hour
}

// openHall opens the line to the hub, if there is one. A code that counts once does so at
// the hub, else at the centre, else at this device.
func (f *Follower) openHall() error {
	c := f.config
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
	log := f.log.With("line", "hub")
	if f.meeting.hub, err = jetstream.Open(jetstream.Options{URL: c.Hall.URL, Device: c.Device.Name, Pass: pass, Log: log}); err != nil {
		return fmt.Errorf("hall.url: %w", err)
	}
	hub, site := f.meeting.hub, c.Device.Site
	f.meeting.hall, err = hall.Open(hall.Options{Device: c.Device.Name, State: c.Device.State, Places: []hall.Place{hub.Bucket("replay", site), f.link.Bucket("replay", site)},
		Taken: jetstream.ErrTaken, Absent: jetstream.ErrNone, Now: f.device.Clock.Now, Window: hallWindow(c.Lanes), Double: f.double, Log: log})
	if err != nil {
		return err
	}
	f.meeting.sharing = &hall.Sharing{Hall: f.meeting.hall, Site: site, Names: hub.Bucket("hall", site), Line: hub, Sign: key.Sign,
		Trusted: f.peers, Log: log}
	return nil
}

// peers are the keys of the site's devices that the bundle in force names.
func (f *Follower) peers() sign1.Keys {
	if keys := f.asks.peers.Load(); keys != nil {
		return keys.At(f.device.Clock.Now())
	}
	return nil
}

// meet serves the hall until ctx is done.
func (f *Follower) meet(ctx context.Context) {
	if f.meeting.hall == nil {
		return
	}
	var all sync.WaitGroup
	all.Go(func() { f.meeting.hall.Run(ctx) })
	all.Go(func() {
		if err := f.meeting.sharing.Run(ctx); err != nil {
			f.log.Error("hall", "err", err)
		}
	})
	all.Go(func() { // the hub is a witness too, while the centre is away
		outbox.Witness{Head: f.device.Journal.Head, Sign: f.sign, Tell: f.meeting.hub.Tell, Log: f.log}.Run(ctx)
	})
	all.Wait()
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
func (f *Follower) double(d hall.Double) {
	name, presentation, _ := strings.Cut(d.What, "/")
	for _, l := range f.config.Lanes {
		if l.Name == name {
			f.noteIn(f.device.Journal.Lane(name), event.Event{At: f.device.Clock.Now(), Kind: event.Reconciled, Verdict: verdict.Verdict{Outcome: verdict.Refuse, Reason: verdict.Replayed},
				Note: map[string]string{"found": "double", "presentation": presentation, "claimed": d.At.UTC().Format(time.RFC3339), "also": d.Other}})
		}
	}
}

// Lane is a lane's record that makes its claims known in the hall. It is used by the lane's
// journal worker alone.
type Lane struct {
	*journal.Lane
	hall *hall.Hall        // nil for none
	open map[uint64]uint64 // presentation → claim of the hall
}

// Lane gives the record of a lane.
func (f *Follower) Lane(name string) *Lane {
	return &Lane{Lane: f.device.Journal.Lane(name), hall: f.meeting.hall, open: map[uint64]uint64{}}
}

// Claim has the hall say first whether somebody was here with that code, at any lane.
func (l *Lane) Claim(ev event.Event) (verdict.Reason, error) {
	if l.hall == nil {
		return l.Lane.Claim(ev)
	}
	var ids []hall.Identity
	for _, c := range ev.Verdict.Counts {
		ids = append(ids, hall.Identity{Bytes: c.Identity, Until: c.Until})
	}
	c, replayed, err := l.hall.Claim(context.Background(), l.Place().Lane+"/"+strconv.FormatUint(ev.Presentation, 10), ids)
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
	reason, err := l.Lane.Claim(ev)
	if err != nil || reason != "" {
		l.hall.Settle(c.N, false)
		return reason, err
	}
	l.open[ev.Presentation] = c.N
	return "", nil
}

// Settle ends a claim in the hall too: before the journal writes that somebody has passed,
// and after it that nobody has.
func (l *Lane) Settle(ev event.Event, used bool) error {
	claim := l.open[ev.Presentation] // 0 for none
	if claim != 0 && used {
		l.hall.Settle(claim, true)
	}
	if err := l.Lane.Settle(ev, used); err != nil {
		return err
	}
	if claim != 0 {
		l.hall.Settle(claim, used)
		delete(l.open, ev.Presentation)
	}
	return nil
}

// noted is a note with one thing more.
func noted(note map[string]string, name, text string) map[string]string {
	more := map[string]string{name: text}
	maps.Copy(more, note)
	return more
}
