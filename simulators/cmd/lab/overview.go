package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed overview.html overview.css overview.js
var pages embed.FS

var overviewPage = template.Must(template.ParseFS(pages, "overview.html"))

// overview is the lab's own page: where everything is, what the boards do, who has
// passed, and a button for everything that can go wrong.
type overview struct {
	Lanes     []laneLink
	Attendant string
	Hall      []pressable // what can be pressed that is no lane's

	press func(fault) error // carries a press out

	mu    sync.Mutex
	shown shown
	grown map[chan struct{}]struct{} // wakes each reader of the page
}

// shown is what the page shows, sent whole at each change.
type shown struct {
	Passages []passage       `json:"passages"` // the last ones, newest last
	Seen     map[string]seen `json:"seen"`     // by lane
	Pressed  map[string]bool `json:"pressed"`  // by lane and fault, "1/fire"; the hall's faults "/link"
}

// laneLink is one lane on the page.
type laneLink struct{ Name, Kind, Camera, Screen string }

// Faults is what can be pressed at the lane.
func (l laneLink) Faults() (all []pressable) {
	for _, p := range pressables {
		if p.Only == "" || p.Only == l.Kind {
			all = append(all, p)
		}
	}
	return all
}

// keep is how many passages the page shows.
const keep = 40

func newOverview(lanes []laneLink, attendant string, hall []pressable, press func(fault) error) *overview {
	return &overview{Lanes: lanes, Attendant: attendant, Hall: hall, press: press, grown: map[chan struct{}]struct{}{},
		shown: shown{Seen: map[string]seen{}, Pressed: map[string]bool{}}}
}

func (o *overview) add(p passage) {
	o.change(func(s *shown) {
		s.Passages = append(s.Passages, p)
		s.Passages = s.Passages[max(0, len(s.Passages)-keep):]
	})
}

func (o *overview) see(at seen) { o.change(func(s *shown) { s.Seen[at.Lane] = at }) }

// now is what was last seen at a lane.
func (o *overview) now(lane string) seen {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.shown.Seen[lane]
}

// pressed reports whether anything was ever pressed.
func (o *overview) pressed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.shown.Pressed) > 0
}

// change changes what is shown and wakes every reader.
func (o *overview) change(f func(*shown)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f(&o.shown)
	for c := range o.grown {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (o *overview) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cache-Control", "no-store")
		if err := overviewPage.Execute(w, o); err != nil {
			fmt.Fprintln(w, err)
		}
	})
	mux.Handle("GET /overview.css", http.FileServerFS(pages))
	mux.Handle("GET /overview.js", http.FileServerFS(pages))
	mux.HandleFunc("GET /now", o.stream)
	mux.HandleFunc("POST /press", o.pressing)
	inside := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "127.0.0.1:") && !strings.HasPrefix(r.Host, "localhost:") {
			http.Error(w, "the lab's page is at 127.0.0.1", http.StatusForbidden) // a name that was bent to this machine
			return
		}
		inside.ServeHTTP(w, r)
	})
}

// pressing carries out one press.
func (o *overview) pressing(w http.ResponseWriter, r *http.Request) {
	var f fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&f); err != nil {
		http.Error(w, "a press is {lane, name, on}", http.StatusBadRequest)
		return
	}
	if err := o.press(f); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	o.change(func(s *shown) { s.Pressed[f.Lane+"/"+f.Name] = f.On })
	w.WriteHeader(http.StatusNoContent)
}

// stream sends what is shown at once and again whenever it has changed, at most ten times a second.
func (o *overview) stream(w http.ResponseWriter, r *http.Request) {
	wake := make(chan struct{}, 1)
	o.mu.Lock()
	o.grown[wake] = struct{}{}
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.grown, wake)
		o.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	for control := http.NewResponseController(w); ; {
		o.mu.Lock()
		text, err := json.Marshal(o.shown)
		o.mu.Unlock()
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil || control.Flush() != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
		select {
		case <-r.Context().Done():
			return
		case <-wake:
		case <-time.After(5 * time.Second):
		}
	}
}
