package screen

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// Act is what an officer does about somebody who waits for staff.
type Act struct {
	Lane   string `json:"lane"`
	Number uint64 `json:"number"` // of the presentation
	Urgent string `json:"urgent"` // the reason, of the closed list of R29
	Papers string `json:"papers"` // the number under which the photograph of the papers is kept; empty for none
	Name   string `json:"name"`   // of the officer or supervisor, where they sign in
	PIN    string `json:"pin"`    // theirs
}

// LogValue says nothing of a PIN.
func (a Act) LogValue() slog.Value { return slog.StringValue("act at lane " + a.Lane) }

var (
	// ErrGone is given for an act about somebody who does not wait any more.
	ErrGone = errors.New("nobody waits for that")
	// ErrDenied is given for a name or PIN that is wrong.
	ErrDenied = errors.New("the name or the PIN is wrong")
	// ErrLocked is given for a name that is locked after too many wrong PINs.
	ErrLocked = errors.New("that name is locked")
)

// answers say what came of an act that was understood and not carried out.
var answers = map[error]string{ErrGone: "gone", ErrDenied: "denied", ErrLocked: "locked"}

// maxAct bounds what the page sends, in bytes.
const maxAct = 1 << 10

// NewAttendant makes the page that shows every lane to its attendant. status is
// asked about once a second for every page that is open, in the goroutine of that
// page's stream: it must be safe for concurrent use, and while it does not answer
// the page turns grey. act takes what the page is used for; nil, or no token, for a page
// that only shows.
func NewAttendant(status func() Status, act func(Act) error, o Options) http.Handler {
	readers := newFeed()
	if o.Token == "" {
		act = nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		b := newBoard(Status{}, chosen(r), o)
		html, err := render("attendant", struct {
			board
			Volume float64
			Acts   bool
			SignIn bool
			Urgent []choice
		}{b, o.Volume, act != nil, o.SignIn, choices(b.Tongue)})
		reply(w, http.StatusOK, "text/html; charset=utf-8", html, err)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		t := chosen(r)
		readers.serve(w, r, nil, func() ([]byte, beat, error) {
			s := status()
			b := newBoard(s, t, o)
			b.Acts = act != nil
			html, err := render("board", b)
			now := o.now()
			return html, beat{
				Clock: now.Format("15:04:05"),
				At:    o.local(s.At).Format("15:04:05"),
				Now:   now.UnixMilli(),
				Stale: now.Sub(s.At) > staleAfter,
			}, err
		})
	})
	if act != nil {
		mux.HandleFunc("POST /overrule", func(w http.ResponseWriter, r *http.Request) { overrule(w, r, act) })
	}
	return surface(o.Token, act != nil, mux)
}

// overrule takes one act. The body is JSON, which no form of another page can send.
func overrule(w http.ResponseWriter, r *http.Request, act func(Act) error) {
	var a Act
	body := json.NewDecoder(io.LimitReader(r.Body, maxAct))
	if r.Header.Get("Content-Type") != "application/json" || body.Decode(&a) != nil || phrases.Urgent[a.Urgent] == (Words{}) || a.Papers != "" && !lane.PapersNumber(a.Papers) {
		http.Error(w, "not an act of this page", http.StatusBadRequest)
		return
	}
	err := act(a)
	for known, name := range answers {
		if errors.Is(err, known) {
			reply(w, http.StatusOK, "application/json", []byte(`{"not":"`+name+`"}`), nil)
			return
		}
	}
	if err != nil {
		http.Error(w, "the act was not carried out", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// chosen is the language asked for in the address, or traditional Chinese.
func chosen(r *http.Request) phrases.Tongue {
	if t := phrases.TongueOf(r.URL.Query().Get("lang")); t != phrases.Unknown {
		return t
	}
	return phrases.Hant
}
