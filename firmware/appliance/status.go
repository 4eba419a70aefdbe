package appliance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/order"
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
	s.Bundle = screen.BundleStatus{Version: centre.Set.Version, Cohort: centre.Cohort, Activated: centre.Set.Changed, LastTried: centre.Set.Tried}
	s.Sync.Online, s.Sync.LastAccepted = centre.Online, centre.Accepted
	s.Orders = a.orders(now)
	return s
}

// orders is what the centre's orders do at the lanes, and what waits for a supervisor there.
func (a *Appliance) orders(now time.Time) (lines []screen.OrderLine) {
	book := a.journal.Orders()
	agrees := map[string][]string{} // by what the key agrees to next
	for _, l := range a.lanes {
		if waiting := book.Waiting(l.journal.Place(), now); len(waiting) > 0 && l.agrees() {
			next := order.Key(waiting[0].Order)
			agrees[next] = append(agrees[next], l.config.Name)
		}
	}
	for _, s := range book.All() {
		o := s.Order
		here := slices.ContainsFunc(a.lanes, func(l *laneLoop) bool { return s.Covers(l.journal.Place()) })
		if !here || !o.Halt && !s.Held {
			continue
		}
		lines = append(lines, screen.OrderLine{Number: o.Number, Kind: string(o.Kind), Halt: o.Halt, Held: s.Held, Agrees: agrees[order.Key(o)],
			Direction: o.Scope.Direction, Lane: o.Scope.Lane, Scheme: o.Scope.Scheme, Reason: a.reason(s, now), From: o.NotBefore, Since: s.Since(),
			Overdue: o.Halt && now.After(o.ReviewBy)})
	}
	return lines
}

// reason is what the centre says of an order, and of a least version how it is here.
func (a *Appliance) reason(s order.Standing, now time.Time) string {
	for _, l := range a.lanes {
		if least, lacks := s.Lacks(l.journal.Place(), now); lacks {
			return fmt.Sprintf("%.100s (%.40q < %.40s)", s.Order.Reason, l.journal.Place().Version, least)
		}
	}
	return s.Order.Reason
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
