package hall

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
	"example.org/checkpoint/simulators/device"
)

// join sets up a second device, with lanes of its own and a line of its own, at the centre of
// a hall that is open.
func join(t *testing.T, first *session, name string) *session {
	t.Helper()
	h := New(Options{Dir: t.TempDir(), Program: first.o.Program, Lab: first.o.Lab, Port: ports(t), Fast: true, Seed: first.o.Seed + 1})
	h.cast, h.centrePort, h.servers, h.hubPort = first.cast, first.centrePort, first.servers, first.hubPort
	h.Lanes = h.Lanes[:len(first.Lanes)]
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.layLines(); err != nil {
		t.Fatal(err)
	}
	err := os.Mkdir(h.path("logs"), 0o755)
	if err == nil {
		err = h.writeFile("site-keys/site-key.json", h.cast.SiteKey())
	}
	var card []byte
	if err == nil {
		card, err = h.checkpoint(t.Context(), "enroll", "--state", h.path("device"), "--device", name, "--site", cast.Site)
	}
	if err == nil {
		err = os.WriteFile(first.path("registry", name+".json"), card, 0o644)
	}
	if err == nil {
		err = h.startBench(t.Context())
	}
	if err == nil {
		err = h.configure()
	}
	if err == nil {
		err = h.reconfigure(fmt.Sprintf("name = %q\nsite", Device), fmt.Sprintf("name = %q\nsite", name),
			h.path("repository", "1.root.json"), first.path("repository", "1.root.json"))
	}
	if err == nil {
		err = errors.Join(h.startDevice(), h.ready(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	return &session{Hall: h}
}

// reconfigure replaces texts in the device's configuration, each of which must be there.
func (h *Hall) reconfigure(pairs ...string) error {
	text, err := os.ReadFile(h.path("checkpoint.toml"))
	if err != nil {
		return err
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			return fmt.Errorf("the configuration has no %q", pairs[i])
		}
	}
	return os.WriteFile(h.path("checkpoint.toml"), []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600)
}

// relax gives the program the time that a busy machine needs, and starts it again.
func (s *session) relax(t *testing.T) {
	t.Helper()
	if err := s.reconfigure(`judge = "2s", enter = "1500ms", leave = "6s"`, `judge = "10s", enter = "6s", leave = "20s"`); err != nil {
		t.Fatal(err)
	}
	if err := s.killDevice(); err != nil {
		t.Fatal(err)
	}
}

// shows waits until the lane at the border shows a lamp. An alarm, which somebody slow may
// cause where the machine is busy, is ended as an officer would.
func (s *session) shows(t *testing.T, lamp string) {
	t.Helper()
	var reset time.Time
	if err := process.Until(t.Context(), 45*time.Second, "lamp "+lamp, func() bool {
		at := s.Page.Now("1")
		if at.Flashing != "" && at.Buzzer && time.Since(reset) > 2*time.Second {
			s.turn("officer")
			reset = time.Now()
		}
		return at.Lamp == lamp
	}); err != nil {
		t.Fatalf("%v; last seen %+v", err, s.Page.Now("1"))
	}
}

// agree turns the supervisor's key at the border while nobody is there: then it is the answer
// to what the centre would have open, and nothing else.
func (s *session) agree(t *testing.T) {
	t.Helper()
	s.shows(t, "white")
	s.turn("supervisor")
	time.Sleep(500 * time.Millisecond)
}

// turn turns a key at the border.
func (s *session) turn(key string) {
	s.benchIn.Say(bench.Order{Fault: &bench.Fault{Lane: "1", Name: key, On: true}})
}

// passes sends travellers with good codes until one is through, at most three.
func (s *session) passes(t *testing.T, when string) {
	t.Helper()
	var got bench.Passage
	for range 3 {
		s.shows(t, "white")
		if got = s.visit(t, s.traveller()); got.End == "passed" {
			return
		}
	}
	t.Errorf("%s nobody passes: %+v", when, got)
}

// stops sends travellers with good codes until nobody is let any more, at most five.
func (s *session) stops(t *testing.T, when string) {
	t.Helper()
	var got bench.Passage
	for range 5 {
		s.shows(t, "white")
		if got = s.visit(t, s.traveller()); got.End == "sent-away" && got.Saw == "amber" {
			return
		}
	}
	t.Errorf("%s somebody passes: %+v", when, got)
}

// halted checks that nobody with a good code is let.
func (s *session) halted(t *testing.T, when string) {
	t.Helper()
	before := s.boards(t)["1"].Openings
	s.shows(t, "white")
	if got := s.visit(t, s.traveller()); got.End == "passed" {
		t.Errorf("%s: %+v", when, got)
	}
	if n := s.boards(t)["1"].Openings; n != before {
		t.Errorf("%s the gate opened %d times", when, n-before)
	}
}

// follows waits until a device has its rules.
func (s *session) follows(t *testing.T, name string) {
	t.Helper()
	if err := process.Until(t.Context(), 45*time.Second, name+" has its rules", func() bool {
		var c struct{ Devices map[string]map[string]int }
		text, err := s.ask("/counts")
		return err == nil && json.Unmarshal(text, &c) == nil && c.Devices[name]["bundle-activated"] > 0
	}); err != nil {
		t.Fatal(err)
	}
}

// traveller is a person with a fresh green code at the border.
func (s *session) traveller() bench.Person {
	green := cast.Named("green code")
	return bench.Person{Lane: "1", Who: green.Who, Act: green.Act, Again: true, Codes: green.Codes(s.cast, bench.Lane{Name: "1", Kind: "border"}, time.Now())}
}

// standing are the last orders of the centre on each kind and scope, as signed.
func (s *session) standing(t *testing.T) [][]byte {
	t.Helper()
	text, err := s.ask("/orders")
	var list [][]byte
	if err == nil {
		err = cbor.Unmarshal(text, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestBreaker presses the breaker at the centre while half of the lanes are offline: those
// that hear it halt at once, the others when they are back. An older word to open that is said
// again opens nothing, and a new one only with a supervisor's key at the place (PROTOCOL C5, R26).
func TestBreaker(t *testing.T) {
	s := open(t)
	other := join(t, s, "gate-02")
	page := httptest.NewServer(s.Page.Handler())
	defer page.Close()
	press := func(name string) {
		t.Helper()
		r, err := http.Post(page.URL+"/press", "application/json", strings.NewReader(`{"name":"`+name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusNoContent {
			t.Fatalf("press %s: %s", name, r.Status)
		}
	}
	s.follows(t, Device)
	s.follows(t, "gate-02")
	both := []*session{s, other}
	for _, one := range both {
		one.relax(t)
	}
	for _, one := range both {
		one.passes(t, "before anything is ordered")
	}

	press("open") // the first word: later it is an old one
	old := s.standing(t)
	if len(old) != 1 {
		t.Fatalf("%d orders stand, want 1", len(old))
	}
	other.link.Set(true)
	press("halt")
	s.stops(t, "after the halt")
	other.passes(t, "at the half that cannot know")
	other.link.Set(false)
	other.stops(t, "after the line is back")

	// An old word to open, a supervisor's key, a restart: none of them opens.
	line, err := device.Dial(s.serversURL(), "stranger")
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	if err := line.Say("cmd.all", old[0]); err != nil {
		t.Fatal(err)
	}
	for _, one := range both {
		one.agree(t)
	}
	if err := other.killDevice(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	for _, one := range both {
		one.halted(t, "after an old word to open and a supervisor's key")
	}

	// Who comes new gets the halt with the bundle.
	s.republish(t)
	if text, err := os.ReadFile(s.path("targets", "orders", "latest.cose")); err != nil || len(text) < 64 {
		t.Errorf("the bundle carries %d bytes of orders: %v", len(text), err)
	}

	press("open")
	time.Sleep(2 * time.Second)
	for _, one := range both {
		one.halted(t, "before a supervisor has agreed to the opening")
		one.agree(t)
		one.passes(t, "after the breaker is open again")
	}
	for _, one := range both {
		if err := errors.Join(one.drain(), one.stopDevice()); err != nil {
			t.Error(err)
		}
	}
	s.whole(t)
}

// whole checks that the centre finds every chain whole.
func (s *session) whole(t *testing.T) {
	t.Helper()
	if n, err := s.audit(); err != nil || n > 0 {
		t.Errorf("%d chains are not whole: %v", n, err)
	}
}
