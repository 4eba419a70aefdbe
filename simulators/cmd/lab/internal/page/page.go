// Package page is the lab's own page: where everything is, what the boards do, who has passed,
// and a button for everything that can go wrong.
package page

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
)

//go:embed overview.html overview.css overview.js
var pages embed.FS

var overviewPage = template.Must(template.ParseFS(pages, "overview.html"))

// Page is shown to any number of readers.
type Page struct {
	Lanes     []bench.Lane
	Attendant string
	Hall      []bench.Pressable // what can be pressed that is no lane's

	press func(bench.Fault) error // carries a press out

	mu    sync.Mutex
	shown shown
	grown map[chan struct{}]struct{} // wakes each reader of the page
}

// shown is what the page shows, sent whole at each change.
type shown struct {
	Passages []bench.Passage       `json:"passages"` // the last ones, newest last
	Seen     map[string]bench.Seen `json:"seen"`     // by lane
	Pressed  map[string]bool       `json:"pressed"`  // by lane and fault, "1/fire"; the hall's faults "/link"
}

// keep is how many passages the page shows.
const keep = 40

// New makes the page; press carries out what is pressed.
func New(lanes []bench.Lane, attendant string, hall []bench.Pressable, press func(bench.Fault) error) *Page {
	return &Page{Lanes: lanes, Attendant: attendant, Hall: hall, press: press, grown: map[chan struct{}]struct{}{},
		shown: shown{Seen: map[string]bench.Seen{}, Pressed: map[string]bool{}}}
}

// Add shows who has been.
func (p *Page) Add(got bench.Passage) {
	p.change(func(s *shown) {
		s.Passages = append(s.Passages, got)
		s.Passages = s.Passages[max(0, len(s.Passages)-keep):]
	})
}

// See shows what can be seen of a lane.
func (p *Page) See(at bench.Seen) { p.change(func(s *shown) { s.Seen[at.Lane] = at }) }

// Now is what was last seen at a lane.
func (p *Page) Now(lane string) bench.Seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown.Seen[lane]
}

// Pressed reports whether anything was ever pressed.
func (p *Page) Pressed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.shown.Pressed) > 0
}

// change changes what is shown and wakes every reader.
func (p *Page) change(f func(*shown)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.shown)
	for c := range p.grown {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Handler serves the page to this machine alone.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cache-Control", "no-store")
		if err := overviewPage.Execute(w, p); err != nil {
			fmt.Fprintln(w, err)
		}
	})
	mux.Handle("GET /overview.css", http.FileServerFS(pages))
	mux.Handle("GET /overview.js", http.FileServerFS(pages))
	mux.HandleFunc("GET /now", p.stream)
	mux.HandleFunc("POST /press", p.pressing)
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
func (p *Page) pressing(w http.ResponseWriter, r *http.Request) {
	var f bench.Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&f); err != nil {
		http.Error(w, "a press is {lane, name, on}", http.StatusBadRequest)
		return
	}
	if err := p.press(f); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	p.change(func(s *shown) { s.Pressed[f.Lane+"/"+f.Name] = f.On })
	w.WriteHeader(http.StatusNoContent)
}

// stream sends what is shown at once and again whenever it has changed, at most ten times a second.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	wake := make(chan struct{}, 1)
	p.mu.Lock()
	p.grown[wake] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.grown, wake)
		p.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	for control := http.NewResponseController(w); ; {
		p.mu.Lock()
		text, err := json.Marshal(p.shown)
		p.mu.Unlock()
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
