package appliance

import (
	"example.org/checkpoint/kiosk/screen"
)

// shown is how many of the last events the attendant sees.
const shown = 40

// status is what the attendant's page shows now.
func (a *Appliance) status() screen.Status {
	now := a.clock.Now()
	device, troubled := a.troubles.get()
	s := screen.Status{Site: screen.Words{Hant: a.config.Device.Site, Hans: a.config.Device.Site, En: a.config.Device.Site},
		Device: a.config.Device.Name, At: now, Conditions: device}
	for _, l := range a.lanes {
		m := l.controller.State()
		s.Lanes = append(s.Lanes, screen.LaneStatus{Number: l.config.Name, View: m.View(), Since: l.since.of(m.State, now), Faults: troubled[l.config.Name]})
	}
	events, err := a.journal.Recent(shown)
	if err != nil {
		a.log.Error("journal", "err", err)
	}
	for _, e := range events {
		s.Events = append(s.Events, screen.EventLine{Lane: e.Lane, Event: e.Event})
	}
	if lists := a.lists.Load(); lists != nil {
		s.Lists = *lists
	}
	stats := a.journal.Stats()
	s.Sync = screen.SyncStatus{Unsynced: int(stats.Unsynced), Oldest: stats.Oldest}
	if a.store != nil {
		b := a.store.Status()
		s.Bundle = screen.BundleStatus{Version: b.Version, Activated: b.Changed, LastTried: b.Tried}
		s.Sync.Online, s.Sync.LastAccepted = a.link.State().Connected, a.outbox.State().Accepted
	}
	return s
}
