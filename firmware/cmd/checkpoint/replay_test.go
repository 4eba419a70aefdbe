package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
	"example.org/checkpoint/simulators/issuer"
)

// site is a gate with a device that has never reached a centre, and a repository on a stick.
type site struct {
	t     testing.TB
	dir   string
	hk    *issuer.Issuer
	rules []byte
	board *gateboard.Board
	scene *camera.Camera
}

func newSite(t testing.TB) *site {
	rules, err := os.ReadFile("../../policy/profiles/hk-border-departure.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: t.TempDir(), hk: issuer.New("HK", "Asia/Hong_Kong"), rules: rules,
		board: gateboard.New(20*time.Millisecond, 20*time.Millisecond), scene: camera.New(camera.Options{Empty: true, Seed: 4})}
	if err := os.Mkdir(s.path("state"), 0o700); err != nil {
		t.Fatal(err)
	}
	wire, err := gateboard.NewSerial(s.board, 1, s.path("board"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wire.Unplug() })
	web := httptest.NewServer(s.scene)
	t.Cleanup(web.CloseClientConnections)
	s.write("device.toml", fmt.Appendf(nil, `[device]
name = "gate-1"
site = "LMC"
state = %q
[centre]
url = "nats://127.0.0.1:1"
root = %q
[clock]
within = "2s"
[[lane]]
name = "12"
profile = "single"
kind = "border"
direction = "out"
facts = "gate"
policy = "hk-border-departure"
unattended = true
timing = { judge = "10s", enter = "20s", leave = "20s", show = "400ms" }
camera.device = %q
gate = { wire = "modbus", device = %q, address = 1 }
`, s.path("state"), s.path("repository", "1.root.json"), web.URL, s.path("board")))
	return s
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *site) write(name string, data []byte) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// publish signs the lists and rules as they are, and brings them to the device. The first time keys
// are made: the centre's, and those of schemes that sign their own files.
func (s *site) publish(schemes ...string) {
	s.t.Helper()
	s.write("lists/keys.json", issuer.KeysFile(nil, nil))
	s.write("lists/trust/HK.json", s.hk.TrustFile())
	s.write("lists/policy/hk-border-departure.json", s.rules)
	targets := filepath.Join(s.t.TempDir(), "targets")
	says(s.t, 0, "bundle", "build", s.path("lists"), "-o", targets)
	sign := []string{"bundle", "sign", "--keys", s.path("keys"), targets, "-o", s.path("repository")}
	if _, err := os.Stat(s.path("keys")); err != nil {
		sign = append(sign, "--init", "--root-keys", "1")
	}
	for _, name := range schemes {
		sign = append(sign, "--scheme", name)
	}
	says(s.t, 0, sign...)
	says(s.t, 0, "bundle", "import", "--state", s.path("state"), "--root", s.path("repository", "1.root.json"), s.path("repository"))
}

// until waits for the board to be as wanted, while the program runs.
func (s *site) until(what string, holds func(gateboard.State) bool) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	if err := s.board.Wait(ctx, holds); err != nil {
		s.t.Fatalf("not %s: %+v", what, s.board.State())
	}
}

// serve runs the device while people do something before it.
func (s *site) serve(people func()) {
	s.t.Helper()
	device := program(s.t, "run", "--config", s.path("device.toml"))
	var log bytes.Buffer
	device.Stderr = &log
	if err := device.Start(); err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if s.t.Failed() {
			device.Process.Kill()
			device.Wait()
			s.t.Log(log.String())
		}
	}()
	people()
	if err := device.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := device.Wait(); err != nil {
		s.t.Fatalf("%v\n%s", err, log.String())
	}
}

// show holds a code up until the board is as wanted, and takes it away until nobody is waited for.
func (s *site) show(code, what string, holds func(gateboard.State) bool) {
	s.t.Helper()
	s.until("ready", func(b gateboard.State) bool { return has(b, "white") && b.Leaf == gateboard.Shut })
	if err := s.scene.Hold(camera.Card{Text: code, Turn: 4, TiltX: 5}); err != nil {
		s.t.Fatal(err)
	}
	s.until(what, holds)
	s.scene.Clear()
}

func has(b gateboard.State, lamp string) bool { return strings.Contains(b.Lit, lamp) }

// event finds the newest event of a kind by what the journal prints.
func (s *site) event(kind, reason string) string {
	s.t.Helper()
	for line := range strings.Lines(says(s.t, 0, "journal", "list", "--json", "--state", s.path("state"), "--kind", kind)) {
		var e struct {
			ID   string
			Data struct{ Verdict struct{ Reason string } }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatal(err, line)
		}
		if e.Data.Verdict.Reason == reason {
			return e.ID
		}
	}
	s.t.Fatalf("no event %s %s", kind, reason)
	return ""
}

// TestReplayOfADevice: two people come to a device that runs; then the issuer's key is withdrawn and the
// rules are made stricter. Each brings the code again, as text and drawn on paper: it is judged as then,
// though by the lists of today it would not be.
func TestReplayOfADevice(t *testing.T) {
	t.Run("signed by the centre", func(t *testing.T) { replayOfADevice(t) })
	t.Run("signed by the scheme", func(t *testing.T) { replayOfADevice(t, "HK") })
}

func replayOfADevice(t *testing.T, schemes ...string) {
	s := newSite(t)
	s.publish(schemes...)
	now := time.Now()
	green := s.hk.HealthCode(issuer.HealthCode{Profile: "gate", Colour: issuer.Green, AgeBand: 3, From: now.Add(-time.Minute), Until: now.Add(time.Hour)})
	red := s.hk.HealthCode(issuer.HealthCode{Profile: "gate", Colour: issuer.Red, AgeBand: 3, Reasons: []int{3}, From: now.Add(-time.Minute), Until: now.Add(time.Hour)})
	s.serve(func() {
		s.show(red, "sent to staff", func(b gateboard.State) bool { return has(b, "amber") })
		s.show(green, "open", func(b gateboard.State) bool { return b.Leaf == gateboard.Open })
		if err := (gateboard.Walk{Board: s.board, Pace: 30 * time.Millisecond}).Through(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.until("shut again", func(b gateboard.State) bool { return has(b, "white") && b.Leaf == gateboard.Shut })
	})

	s.hk.Until(now.Add(-24 * time.Hour))
	s.rules = bytes.ReplaceAll(s.rules, []byte(`"green-today"`), []byte(`"green-of-today"`))
	s.publish()
	if said := says(t, 2, "verify", "--keys", "hct="+s.path("lists"), green); !strings.Contains(said, "REFUSE") {
		t.Errorf("by the lists of today: %s", said)
	}
	for _, c := range []struct{ kind, reason, code, other, verdict string }{
		{"claimed", "satisfied", green, red, "ADMIT: satisfied, rule green-today"},
		{"presented", "red-close-contact", red, green, "REFUSE: red-close-contact, rule red-close-contact"},
	} {
		id := s.event(c.kind, c.reason)
		replay := []string{"verify", "--replay", id, "--state", s.path("state"), "--config", s.path("device.toml"), "--bundle", s.path("repository")}
		for how, code := range map[string]string{"text": c.code, "picture": drawn(t, c.code)} {
			if said := says(t, 0, append(replay, code)...); !strings.Contains(said, "now        "+c.verdict) || !strings.Contains(said, "verdict is the same") {
				t.Errorf("%s by %s:\n%s", c.reason, how, said)
			}
		}
		if said := says(t, 2, append(replay, drawn(t, c.other))...); !strings.Contains(said, "verdict is ANOTHER") {
			t.Errorf("%s with another's code:\n%s", c.reason, said)
		}
		if said := says(t, 0, "journal", "show", "--state", s.path("state"), strings.TrimPrefix(id, "gate-1/")); !strings.Contains(said, "policy/hk-border-departure.json 1") {
			t.Errorf("the event does not name the lists of then:\n%s", said)
		}
	}
}

// drawn is a picture of a code as a printer makes it.
func drawn(t *testing.T, code string) string {
	t.Helper()
	img, err := symbol.Draw(code, symbol.Drawing{Module: 4})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "code.png")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}
