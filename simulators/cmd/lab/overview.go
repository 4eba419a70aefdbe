package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"
)

//go:embed overview.html overview.css overview.js
var pages embed.FS

var overviewPage = template.Must(template.ParseFS(pages, "overview.html"))

// overview is the lab's own page: where everything is, and who has passed.
type overview struct {
	Lanes     []laneLink
	Attendant string
	Centre    string

	mu    sync.Mutex
	lines []passage                  // the last ones, newest last
	grown map[chan struct{}]struct{} // wakes each reader of the page
}

// laneLink is one lane on the page.
type laneLink struct{ Name, Kind, Camera, Screen string }

// keep is how many passages the page shows.
const keep = 40

func (o *overview) add(p passage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, p)
	o.lines = o.lines[max(0, len(o.lines)-keep):]
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
	mux.HandleFunc("GET /passages", o.stream)
	return mux
}

// stream sends the kept passages at once and again whenever there is a new one.
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
		text, err := json.Marshal(o.lines)
		o.mu.Unlock()
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-wake:
		case <-time.After(5 * time.Second):
		}
	}
}
