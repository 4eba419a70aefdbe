package screen

import (
	"net/http"
)

// NewAttendant makes the page that shows every lane to its attendant. status is
// asked about once a second for every page that is open, in the goroutine of that
// page's stream: it must be safe for concurrent use, and while it does not answer
// the page turns grey.
func NewAttendant(status func() Status, o Options) http.Handler {
	readers := newFeed()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		b := newBoard(Status{}, chosen(r), o)
		html, err := render("attendant", struct {
			board
			Volume float64
		}{b, o.Volume})
		reply(w, http.StatusOK, "text/html; charset=utf-8", html, err)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		t := chosen(r)
		readers.serve(w, r, nil, func() ([]byte, beat, error) {
			s := status()
			html, err := render("board", newBoard(s, t, o))
			now := o.now()
			return html, beat{
				Clock: now.Format("15:04:05"),
				At:    o.local(s.At).Format("15:04:05"),
				Now:   now.UnixMilli(),
				Stale: now.Sub(s.At) > staleAfter,
			}, err
		})
	})
	return surface(o.Token, mux)
}

// chosen is the language asked for in the address, or traditional Chinese.
func chosen(r *http.Request) tongue {
	if t := tongueOf(r.URL.Query().Get("lang")); t != unknown {
		return t
	}
	return hant
}
