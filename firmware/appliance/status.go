package appliance

import (
	"encoding/json"
	"net/http"

	"example.org/checkpoint/firmware/health"
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
		now := l.controller.State()
		s.Lanes = append(s.Lanes, screen.LaneStatus{Number: l.config.Name, View: now.View(), Said: now.Verdict, Since: l.since.get(),
			Faults: troubled[l.config.Name], Waits: referral(now)})
	}
	events, err := a.journal.Recent(shown)
	if err != nil {
		a.log.Error("journal", "err", err)
	}
	for _, e := range events {
		s.Events = append(s.Events, screen.EventLine{Lane: e.Lane, Event: e.Event})
	}
	centre := a.centre.Status()
	for _, l := range centre.Lists {
		s.Lists = append(s.Lists, screen.ListStatus(l))
	}
	s.Legal = centre.Legal
	stats := a.journal.Stats()
	s.Sync = screen.SyncStatus{Unsynced: int(stats.Unsynced), Oldest: stats.Oldest}
	s.Bundle = screen.BundleStatus{Version: centre.Set.Version, Activated: centre.Set.Changed, LastTried: centre.Set.Tried}
	s.Sync.Online, s.Sync.LastAccepted = centre.Online, centre.Accepted
	return s
}

// healthz answers GET /healthz: 200 while people can be served, else 503, with what is
// wrong and how many events the centre does not have yet.
func (a *Appliance) healthz(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/healthz" {
		http.NotFound(w, r)
		return
	}
	all, lanes := a.troubles.get()
	for _, s := range lanes {
		all = all.Union(s)
	}
	answer := struct {
		Conditions []string `json:"conditions"`
		Unsynced   uint64   `json:"unsynced"`
		Epoch      uint64   `json:"epoch"`
		Seq        uint64   `json:"seq"`
	}{Conditions: []string{}}
	for _, c := range all.All() {
		answer.Conditions = append(answer.Conditions, c.Name)
	}
	stats := a.journal.Stats()
	answer.Unsynced, answer.Epoch, answer.Seq = stats.Unsynced, stats.Epoch, stats.Seq
	w.Header().Set("Content-Type", "application/json")
	if worst, any := all.Worst(); any && worst.Severity == health.OutOfService {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(answer)
}
