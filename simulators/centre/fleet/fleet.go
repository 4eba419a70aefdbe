// Package fleet shows every enrolled device, from what each says of itself.
package fleet

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/simulators/centre/registry"
	"github.com/nats-io/nats.go"
)

// Status is what a device says of itself every 30 s on st.<device>: COSE_Sign1 by the device
// key, aad "status", payload = this as JSON. Times are Unix seconds by the device's clock,
// 0 = never. It says nothing of anybody.
type Status struct {
	V          int      `json:"v"`
	Device     string   `json:"device"`
	Site       string   `json:"site"`
	At         int64    `json:"at"`
	Version    string   `json:"version"` // of the program
	Bundle     string   `json:"bundle"`  // version in force
	Changed    int64    `json:"changed"` // when that came into force
	Tried      int64    `json:"tried"`   // when it last asked for a newer one
	Unsynced   uint64   `json:"unsynced"`
	Oldest     int64    `json:"oldest"`     // event that the centre has not confirmed
	Paper      string   `json:"paper"`      // ok, low, out, trouble; "" = no printer
	Clock      string   `json:"clock"`      // trusted, drifting, unknown
	Conditions []string `json:"conditions"` // the worst first
}

// Seen is one line of GET /fleet.json.
type Seen struct {
	Status
	Heard time.Time `json:"heard"` // by the centre's clock; zero = not since it started
	State string    `json:"state"` // missing, trouble, well
	Why   []string  `json:"why"`
}

const (
	missingAfter = 100 * time.Second // three messages
	oldAfter     = time.Hour         // an event that waits so long is trouble
	skewed       = 2 * time.Minute   // so far from the centre's clock as well
)

// Fleet is the newest word of each device.
type Fleet struct {
	registry *registry.Registry
	log      *slog.Logger

	mu    sync.Mutex
	heard map[string]Seen
}

// New is the fleet of those who are enrolled, of whom nothing was heard yet.
func New(r *registry.Registry, log *slog.Logger) *Fleet {
	return &Fleet{registry: r, log: log, heard: map[string]Seen{}}
}

// Hear listens on st.* until nc closes.
func (f *Fleet) Hear(nc *nats.Conn) error {
	_, err := nc.Subscribe("st.*", func(m *nats.Msg) {
		name, payload, err := f.registry.Believe(m.Subject, "status", m.Data)
		var s Status
		if err == nil && (json.Unmarshal(payload, &s) != nil || s.V != 1 || s.Device != name) {
			err = registry.ErrForm
		}
		if err != nil {
			f.log.Warn("a status is not believed", "subject", m.Subject, "err", err)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if had := f.heard[name]; s.At < had.At && time.Since(had.Heard) < missingAfter {
			return // sent again by somebody
		}
		f.heard[name] = Seen{Status: s, Heard: time.Now()}
	})
	return err
}

// all lists every device that is enrolled, what needs somebody first.
func (f *Fleet) all(now time.Time) []Seen {
	enrolled := f.registry.All()
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Seen
	for name, d := range enrolled {
		s, ok := f.heard[name]
		if !ok {
			s.Device, s.Site = name, d.Site
		}
		s.judge(now)
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(worst[a.State], worst[b.State]), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Device, b.Device))
	})
	return list
}

var worst = map[string]int{"missing": 0, "trouble": 1, "well": 2}

// judge says what state a device is in.
func (s *Seen) judge(now time.Time) {
	s.Why = slices.Clone(s.Conditions)
	add := func(holds bool, what string) {
		if holds {
			s.Why = append(s.Why, what)
		}
	}
	add(s.Heard.IsZero(), "not heard since the centre started")
	add(s.Oldest > 0 && now.Unix()-s.Oldest > int64(oldAfter/time.Second), "events wait")
	add(!s.Heard.IsZero() && time.Unix(s.At, 0).Sub(s.Heard).Abs() > skewed, "clock differs from the centre's")
	s.State = "well"
	switch {
	case s.Heard.IsZero() || now.Sub(s.Heard) > missingAfter:
		s.State = "missing"
	case len(s.Why) > 0:
		s.State = "trouble"
	}
}

//go:embed fleet.html
var fleetPage string

var fleetTemplate = template.Must(template.New("fleet").Funcs(template.FuncMap{
	"join": func(list []string) string { return strings.Join(list, ", ") },
}).Parse(fleetPage))

// age says how long ago something was, as people do.
func age(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case then.Unix() <= 0:
		return "never"
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d/time.Second)))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
}

// row is what the page shows of a device.
type row struct {
	Seen
	Mark, HeardAgo, ChangedAgo, TriedAgo, OldestAgo string
}

var stateMarks = map[string]string{"missing": "✕", "trouble": "▲", "well": "●"}

// Pages adds the page of all devices:
//
//	GET /fleet       for people; renews itself
//	GET /fleet.json  []Seen
func (f *Fleet) Pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /fleet.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(f.all(time.Now())); err != nil {
			f.log.Debug("fleet page", "err", err)
		}
	})
	mux.HandleFunc("GET /fleet", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		view := struct {
			At    string
			Count map[string]int
			Rows  []row
		}{now.UTC().Format("2006-01-02 15:04:05 UTC"), map[string]int{}, nil}
		for _, s := range f.all(now) {
			view.Count[s.State]++
			line := row{s, stateMarks[s.State], age(now, s.Heard), age(now, time.Unix(s.Changed, 0)), age(now, time.Unix(s.Tried, 0)), "–"}
			if s.Unsynced > 0 {
				line.OldestAgo = fmt.Sprintf("%s (%d)", age(now, time.Unix(s.Oldest, 0)), s.Unsynced)
			}
			view.Rows = append(view.Rows, line)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		if err := fleetTemplate.Execute(w, view); err != nil {
			f.log.Debug("fleet page", "err", err)
		}
	})
}
