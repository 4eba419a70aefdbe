package centre

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre/fleet"
)

// TestFleet: every enrolled device has a line; what another says in its name does not count.
func TestFleet(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.enrol("g2", other, dir)
	b.enrol("<g3>", other, dir)
	say := func(key *ecdsa.PrivateKey, purpose, device string, s fleet.Status) {
		t.Helper()
		payload, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.js.Conn().Publish("st."+device, sealFor(t, key, purpose, payload)); err != nil {
			t.Fatal(err)
		}
	}
	get := func(path string) string {
		t.Helper()
		r, err := http.Get(b.c.HTTPURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	state := func(device string) Seen {
		t.Helper()
		var list []Seen
		if err := json.Unmarshal([]byte(get("/fleet.json")), &list); err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if s.Device == device {
				return s
			}
		}
		return Seen{}
	}
	b.eventually("the new cards are read", func() bool { return state("<g3>").State == "missing" })
	now := time.Now().Unix()
	good := fleet.Status{V: 1, Device: "g1", Site: "LW", At: now, Version: "1.4.0", Clock: "trusted", Paper: "ok"}
	say(other, "status", "g1", good)
	say(b.key, "batch", "g1", good)
	say(b.key, "status", "g2", good)
	say(b.key, "status", "g1", good)
	b.eventually("g1 is well", func() bool { return state("g1").State == "well" })
	if s := state("g2"); s.State != "missing" {
		t.Errorf("g2: %+v", s)
	}
	late := good
	late.At, late.Unsynced, late.Oldest, late.Conditions = now+1, 7, now-7200, []string{"printer-paper-out"}
	say(b.key, "status", "g1", late)
	b.eventually("g1 is in trouble", func() bool { return state("g1").State == "trouble" })
	if s := state("g1"); strings.Join(s.Why, ",") != "printer-paper-out,events wait" {
		t.Errorf("why: %v", s.Why)
	}
	say(b.key, "status", "g1", good) // an old one once more
	if err := b.js.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	if s := state("g1"); s.State != "trouble" {
		t.Errorf("an old word counts: %+v", s)
	}
	page := get("/fleet")
	for _, want := range []string{"&lt;g3&gt;", "printer-paper-out, events wait", "2 h (7)", "1.4.0", "never"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
