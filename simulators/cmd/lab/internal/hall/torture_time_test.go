package hall

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/phone"
)

// lieEnv names the file by which a lying program learns how wrong its machine's clock is.
const lieEnv = "CHECKPOINT_LIE"

// lied is what a lying program reads the machine's clock by.
const lied = `package clock

import (
	"os"
	"time"
)

func lie() time.Duration {
	text, _ := os.ReadFile(os.Getenv("` + lieEnv + `"))
	by, _ := time.ParseDuration(string(text))
	return by
}

func lied() time.Time { return time.Now().Add(lie()) }
`

// lyingProgram builds the program for a machine whose clock can be set wrong without setting
// that of this machine: only where firmware/clock takes the machine's time is anything else.
func lyingProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source, err := filepath.Abs("../../../../../firmware/clock")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(source, "clock.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"wall = time.Now\n", "wall = lied\n"}, {"c.failed = c.judge(now, within)", "now = now.Add(lie())\n\tc.failed = c.judge(now, within)"}} {
		if strings.Count(string(text), pair[0]) != 1 {
			t.Fatalf("firmware/clock takes the time otherwise than by %q: let this test do so too", pair[0])
		}
		text = []byte(strings.Replace(string(text), pair[0], pair[1], 1))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(source, "clock.go"): filepath.Join(dir, "clock.go"), filepath.Join(source, "lied.go"): filepath.Join(dir, "lied.go")}})
	for name, text := range map[string][]byte{"clock.go": text, "lied.go": []byte(lied), "overlay.json": overlay} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "checkpoint"), "./firmware/cmd/checkpoint")
	build.Dir, build.Env = "../../../../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return filepath.Join(dir, "checkpoint")
}

// lies sets the devices' clocks wrong, as a time server that lies would.
func (x *torture) lies(by time.Duration) {
	x.t.Helper()
	next := x.lie + ".next"
	x.must(os.WriteFile(next, []byte(by.String()), 0o600))
	x.must(os.Rename(next, x.lie))
}

// lieAboutTime has a phone say that it is another year, a stranger order another time, and a
// time server say that it is another day: none of them moves anything.
func (x *torture) lieAboutTime() {
	x.t.Helper()
	s, at := x.session, bench.Lane{Name: "1", Kind: bench.Border}
	turnedAway := func(who, code string) {
		x.t.Helper()
		s.shows(x.t, "white")
		if got := s.visit(x.t, bench.Person{Lane: "1", Who: who, Act: bench.Walks, Codes: []string{code}}); got.End == "passed" {
			x.t.Errorf("%s: %+v", who, got)
		}
		x.done["lies of codes and phones"]++
	}
	for _, off := range []time.Duration{10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour} {
		turnedAway("phone of another year", s.cast.Handset(at, time.Now()).Show(phone.Showing{Audience: cast.Site, At: time.Now().Add(off)}))
	}
	x.must(x.line.Say("cmd.all", []byte("\xd2\x84\x43\xa1\x01\x26\xa0\x40\x40"))) // a COSE_Sign1 that nobody signed
	x.through(s, s.traveller(), "after lies about the time")
	if h, err := s.health(); err != nil || len(h.Conditions) > 0 {
		x.t.Errorf("conditions %v, %v", h.Conditions, err)
	}
	for _, off := range []time.Duration{30 * time.Hour, -30 * time.Hour} {
		x.lies(off)
		for _, s := range x.both() {
			s.says(x.t, "clock-untrusted", true)
		}
		for _, who := range []string{"code for tomorrow", "expired code"} {
			turnedAway(who, cast.Named(who).Codes(s.cast, at, time.Now())[0])
		}
		x.through(s, s.traveller(), "while a time server lies by "+off.String())
		x.lies(0)
		for _, s := range x.both() {
			s.says(x.t, "clock-untrusted", false)
		}
		x.done["lies of the clock"]++
	}
}
