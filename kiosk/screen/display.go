package screen

import (
	"net/http"
	"sync"

	"example.org/checkpoint/firmware/lane"
)

// Display is the screen of one lane. Until the first Show it is closed.
type Display struct {
	info    LaneInfo
	options Options
	pages   http.Handler
	feed    feed

	mu      sync.Mutex
	view    lane.View
	shown   uint64 // how many views were shown
	today   int
	changed chan struct{} // closed and replaced with every change
}

// NewDisplay makes the display of a lane.
func NewDisplay(info LaneInfo, o Options) *Display {
	d := &Display{info: info, options: o, feed: newFeed(), changed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.page)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		d.feed.serve(w, r, d.wake, d.state)
	})
	mux.HandleFunc("GET /panel.css", d.panel)
	d.pages = surface(o.Token, false, mux)
	return d
}

// Show puts a view on the screen: it never blocks, the newest view wins, and the
// same view again changes nothing. It may be called from several goroutines.
func (d *Display) Show(v lane.View) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shown > 0 && d.view == v {
		return
	}
	d.view = v
	d.shown++
	d.renew()
}

// Count says how many came in today; a venue's screen shows it.
func (d *Display) Count(today int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.today = today
	d.renew()
}

// Readers is how many browsers show this display now; none means that its screen is
// dark or shows an old picture for three seconds at most.
func (d *Display) Readers() int { return len(d.feed.readers) }

// ServeHTTP serves the page, its event stream and its assets.
func (d *Display) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.pages.ServeHTTP(w, r) }

// renew wakes every stream; the caller holds the lock.
func (d *Display) renew() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *Display) wake() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

func (d *Display) state() ([]byte, beat, error) {
	d.mu.Lock()
	v, shown, today := d.view, d.shown, d.today
	d.mu.Unlock()
	s := d.info.stage(v)
	s.Shown, s.Volume = shown, d.options.Volume
	if s.Kind == Venue {
		s.Today = today
	}
	html, err := render("stage", s)
	now := d.options.now()
	return html, beat{Clock: now.Format("15:04"), Now: now.UnixMilli()}, err
}

// page is always closed: only the stream lights it.
func (d *Display) page(w http.ResponseWriter, _ *http.Request) {
	s := d.info.stage(lane.View{})
	s.Volume = d.options.Volume
	html, err := render("lane", s)
	reply(w, http.StatusOK, "text/html; charset=utf-8", html, err)
}
