package hall

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/sign1"
)

// TestGuardedHall: where each device may do only what is its own, one still hands the day key to the
// other, and a code counts once.
func TestGuardedHall(t *testing.T) {
	dir := t.TempDir()
	c, err := centre.New(centre.Options{Dir: dir, Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ended by the cleanup
	t.Cleanup(func() {
		if cancel(); <-done != nil {
			t.Error("the centre ends with an error")
		}
	})
	trusted, passes, keys := sign1.Keys{}, map[string]*enrol.Pass{}, map[string]*enrol.Key{}
	for _, name := range []string{"a", "b"} {
		keys[name], passes[name] = admit(t, c, dir, name)
		trusted[keys[name].ID()] = keys[name].Public()
	}
	today := time.Now().UTC().Format(time.DateOnly)
	devices := map[string]*Hall{}
	links := map[string]*jetstream.Link{}
	for _, name := range []string{"a", "b"} {
		log := slog.New(slog.DiscardHandler)
		link, err := jetstream.Open(jetstream.Options{URL: c.NATSURL(), Device: name, Pass: passes[name], Log: log, Pause: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(link.Close)
		h, err := Open(Options{Device: name, State: filepath.Join(dir, name), Places: []Place{link.Bucket("replay", "HZMB")}, Taken: jetstream.ErrTaken, Absent: jetstream.ErrNone,
			Now: time.Now, Window: time.Hour, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		s := Sharing{Hall: h, Site: "HZMB", Names: link.Bucket("hall", "HZMB"), Line: link, Sign: keys[name].Sign, Trusted: func() sign1.Keys { return trusted }, Log: log,
			missing: map[string]time.Time{}}
		eventually(t, name+" is heard", func() bool { return link.State().Connected })
		if err := link.Serve(s.subject(), s.hand); err != nil {
			t.Fatal(err)
		}
		eventually(t, name+" has the key", func() bool { return s.agree(t.Context(), today) == nil && h.keys.get(today) != nil })
		devices[name], links[name] = h, link
	}
	if devices["a"].keys.get(today).id() != devices["b"].keys.get(today).id() {
		t.Error("two keys for one day")
	}
	claim := func(name string) (replayed bool) {
		eventually(t, name+" is not alone", func() bool {
			devices[name].mend(t.Context())
			c, was, err := devices[name].Claim(t.Context(), "1/1", []Identity{{[]byte("x"), time.Now().Add(10 * time.Minute)}})
			if err != nil {
				t.Fatal(err)
			}
			if replayed = was; c.Alone { // slow: it is tried again as if nobody had come
				devices[name].Settle(c.N, false)
			}
			return !c.Alone
		})
		return replayed
	}
	if claim("a") || !claim("b") {
		t.Error("a code does not count exactly once")
	}
	for name, l := range links {
		if err := l.State().Fault; err != nil {
			t.Errorf("%s: not all that a hall needs is allowed: %v", name, err)
		}
	}
}

// admit takes a device through enrolment.
func admit(t *testing.T, c *centre.Centre, dir, name string) (*enrol.Key, *enrol.Pass) {
	t.Helper()
	state := filepath.Join(dir, name)
	key, _, err := enrol.Load(state)
	if err != nil {
		t.Fatal(err)
	}
	card, err := key.Card(name, "HZMB")
	if err == nil {
		card.Request, err = key.Request(state, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(card)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "registry", name+".json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the card of "+name+" is read", func() bool {
		r, err := http.Get(c.HTTPURL() + "/admission?device=" + name)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		text, err = io.ReadAll(r.Body)
		return err == nil && r.StatusCode == http.StatusOK
	})
	if err := enrol.Admit(state, name, text); err != nil {
		t.Fatal(err)
	}
	pass, err := enrol.LoadPass(state, name)
	if err != nil {
		t.Fatal(err)
	}
	return key, pass
}
