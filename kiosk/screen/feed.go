package screen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	beatEvery  = time.Second     // a page closes itself after three beats missed
	writeLimit = 3 * time.Second // a reader slower than this is let go; it comes back by itself
	maxReaders = 16              // event streams of one surface
)

// beat is what every page hears each second.
type beat struct {
	Clock string `json:"clock"`           // time at the site
	At    string `json:"at,omitempty"`    // of the data shown
	Now   int64  `json:"now"`             // milliseconds since 1970
	Stale bool   `json:"stale,omitempty"` // the data are older than they may be
}

// feed serves the event stream of one surface.
type feed struct {
	readers chan struct{} // one token for each stream that is open
}

func newFeed() feed { return feed{make(chan struct{}, maxReaders)} }

// serve sends state's answer whenever it changed, and a beat each second, until the
// reader goes away. changed gives a channel that closes when the state changes; nil
// leaves it to the beat. Both are asked in the goroutine of the request only.
func (f feed) serve(w http.ResponseWriter, r *http.Request, changed func() <-chan struct{}, state func() ([]byte, beat, error)) {
	select {
	case f.readers <- struct{}{}:
		defer func() { <-f.readers }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many screens are connected to this surface", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	out := http.NewResponseController(w)
	// The server's read limit is for requests; this one stays open for days.
	if err := out.SetReadDeadline(time.Time{}); err != nil {
		http.Error(w, "this server cannot keep a stream open", http.StatusInternalServerError)
		return
	}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var sent []byte
	for {
		var wake <-chan struct{}
		if changed != nil {
			wake = changed() // before the state is read, so that no change is missed
		}
		html, b, err := state()
		if err != nil {
			return // the page closes itself
		}
		var events bytes.Buffer
		if !bytes.Equal(html, sent) {
			say(&events, "state", string(html))
			sent = html
		}
		say(&events, "beat", b)
		if out.SetWriteDeadline(time.Now().Add(writeLimit)) != nil {
			return
		}
		if _, err := w.Write(events.Bytes()); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-wake:
		case <-tick.C:
		}
	}
}

// say writes one event; JSON keeps its data on one line.
func say(to *bytes.Buffer, name string, data any) {
	line, err := json.Marshal(data)
	if err != nil {
		panic(err) // strings and beats only
	}
	fmt.Fprintf(to, "event: %s\ndata: %s\n\n", name, line)
}
