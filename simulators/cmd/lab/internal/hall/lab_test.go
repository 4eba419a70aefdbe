package hall

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// built is where the two programs are.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if built, err = os.MkdirTemp("", "checkpoint-built-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(built)
		build := exec.Command("go", "build", "-o", built+"/", "./firmware/cmd/checkpoint", "./simulators/cmd/lab")
		build.Dir, build.Env, build.Stderr = "../../../../..", append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build:", err)
			return 1
		}
		return m.Run()
	}())
}

// ports finds a run of free ports for the lab's pages.
func ports(t *testing.T) int {
	t.Helper()
	for range 50 {
		first, err := process.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		free := true
		for _, offset := range []int{1, 10, 11, 12} {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first+offset))
			if err != nil {
				free = false
				break
			}
			l.Close()
		}
		if free {
			return first
		}
	}
	t.Fatal("no free ports")
	return 0
}

// runLab runs the lab as a person would and returns its folder and what it said.
func runLab(t *testing.T, args ...string) (dir, said string) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(built, "lab"),
		append([]string{"--fast", "--seed", "11", "--dir", dir, "--port", fmt.Sprint(ports(t))}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "logs", "checkpoint.log"))
		t.Fatalf("lab %s: %v\n%s\n%s", args, err, out, log)
	}
	return dir, string(out)
}

// journalled returns the events in a device's journal, oldest first.
func journalled(t *testing.T, dir string) (events []figures.Record) {
	t.Helper()
	out, err := exec.Command(filepath.Join(built, "checkpoint"), "journal", "list", "--state", filepath.Join(dir, "device"), "-n", "0", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	for text := range figures.Lines(out) {
		var r figures.Record
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		events = append(events, r)
	}
	return events
}

// TestHall has everybody of the cast come to both lanes once. The lab itself
// compares the figures; here is checked that each had the reason that was due.
func TestHall(t *testing.T) {
	dir, said := runLab(t, "--people", fmt.Sprint(2*len(cast.Roles)))
	if !strings.Contains(said, "the figures agree") {
		t.Errorf("the lab did not compare:\n%s", said)
	}
	reasons := map[string]int{}
	for _, e := range journalled(t, dir) {
		if e.Kind() == "presented" {
			reasons[e.Data.Verdict.Outcome+" "+e.Data.Verdict.Reason]++
		}
	}
	for _, want := range []string{"refuse bad-signature", "refuse expired", "refuse not-yet", "refuse unknown-signer", "refuse wrong-use",
		"refuse malformed", "refuse replayed", "refuse stale", "refuse withdrawn", "refuse holder-mismatch", "refuse out-of-scope", "refuse holder-proof-missing",
		"refer several-codes", "refuse unknown-format"} {
		if reasons[want] == 0 {
			t.Errorf("nobody was turned away with %q: %v", want, reasons)
		}
	}
	for line := range strings.Lines(said) {
		if strings.Contains(line, "holds on") && !strings.Contains(line, "green") {
			t.Errorf("one who holds a good code still for ten seconds: %s", line)
		}
	}
}

// TestCut has the link to the centre cut for the middle third of the people.
func TestCut(t *testing.T) { runLab(t, "--people", "30", "--cut") }

// TestKill kills the program about every 2.5 s, and the centre every third time.
func TestKill(t *testing.T) {
	dir, _ := runLab(t, "--people", "40", "--kill", "2500ms")
	boots := 0
	for _, e := range journalled(t, dir) {
		if e.Kind() == "started" {
			boots++
		}
	}
	if boots < 4 {
		t.Errorf("only %d boots: the run proves little", boots)
	}
}

// open opens a hall for a test that directs people itself.
func open(t *testing.T) *session {
	t.Helper()
	return openWith(t, Options{Seed: 5, Program: filepath.Join(built, "checkpoint")}, 2)
}

// openWith opens a hall with the first so many lanes.
func openWith(t *testing.T, o Options, lanes int) *session {
	t.Helper()
	o.Fast, o.Dir, o.Port, o.Lab = true, t.TempDir(), ports(t), filepath.Join(built, "lab")
	h := New(o)
	h.Lanes = h.Lanes[:lanes]
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, name := range []string{"checkpoint", "bench"} {
				said, _ := os.ReadFile(h.path("logs", name+".log"))
				t.Logf("%s said:\n%s", name, said[max(0, len(said)-20_000):])
			}
		}
	})
	if err := h.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &session{Hall: h}
}

// send has a person come and waits until they have gone.
func (s *session) visit(t *testing.T, p bench.Person) bench.Passage {
	t.Helper()
	s.sent++
	p.ID = s.sent
	s.benchIn.Say(bench.Order{Person: &p})
	for {
		select {
		case l, ok := <-s.benchLines:
			if !ok {
				t.Fatal("the bench has ended")
			}
			if l.Passage != nil && l.Passage.ID == p.ID {
				return *l.Passage
			}
		case <-time.After(90 * time.Second):
			t.Fatal("nobody came back")
		}
	}
}

// boards asks the bench for the boards' figures.
func (s *session) boards(t *testing.T) map[string]bench.Boards {
	t.Helper()
	s.benchIn.Say(bench.Order{Count: true})
	for {
		select {
		case l := <-s.benchLines:
			if l.Boards != nil {
				all := map[string]bench.Boards{}
				for _, b := range l.Boards {
					all[b.Lane] = b
				}
				return all
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the bench does not count")
		}
	}
}

// amber is a person with a fresh amber code at the market.
func (s *session) amber() bench.Person {
	return bench.Person{Lane: "M", Who: "amber code", Act: bench.Walks, Codes: cast.Named("amber code").Codes(s.cast, bench.Lane{Name: "M", Kind: "venue"}, time.Now())}
}

// TestPolicy publishes another policy while the hall runs: the next verdict is by
// the new one (R14, R27). Then it publishes a set that was damaged on its way and one
// that is signed but no device can use: the set before stays in force.
func TestPolicy(t *testing.T) {
	s := open(t)
	if got := s.visit(t, s.amber()); got.Saw != "amber" {
		t.Fatalf("an amber code by the shipped policy: %+v", got)
	}
	s.edit(t, "admit")
	s.republish(t)
	if got := s.until(t, "green"); got.Saw != "green" {
		t.Fatalf("an amber code by the new policy: %+v", got)
	}

	// Torn: a file of the next set changes between signing and sending.
	s.edit(t, "refuse")
	s.tear(t)
	s.await(t, "bundle-rejected")
	if got := s.visit(t, s.amber()); got.Saw != "green" {
		t.Errorf("after a torn set the one before is not in force: %+v", got)
	}
}

// edit gives the market a policy of one rule that always holds.
func (s *session) edit(t *testing.T, outcome string) {
	t.Helper()
	path := s.path("source", "policy", "venue-market.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	p["rules"] = []any{map[string]any{"name": "all", "when": "true", "outcome": outcome, "reason": "satisfied", "cite": "test"}}
	p["tests"] = []any{}
	if text, err = json.Marshal(p); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *session) republish(t *testing.T) {
	t.Helper()
	if err := s.publish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// until sends people with amber codes until one sees the colour, at most ten.
func (s *session) until(t *testing.T, colour string) (got bench.Passage) {
	t.Helper()
	for range 10 {
		if got = s.visit(t, s.amber()); got.Saw == colour {
			return got
		}
	}
	return got
}

// tear signs the next set, damages its policy and sends it.
func (s *session) tear(t *testing.T) {
	t.Helper()
	before := s.files(t)
	s.link.Set(true)
	s.republish(t)
	torn := 0
	for name := range s.files(t) {
		if !before[name] && strings.Contains(name, "venue-market") {
			if err := os.WriteFile(name, []byte(`{"v":1}`), 0o644); err != nil {
				t.Fatal(err)
			}
			torn++
		}
	}
	if torn != 1 {
		t.Fatalf("%d files torn, want 1", torn)
	}
	if err := s.send(); err != nil {
		t.Fatal(err)
	}
	s.link.Set(false)
}

func (s *session) files(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(s.path("repository"), func(name string, d fs.DirEntry, err error) error {
		all[name] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// await waits for an event of a kind at the centre.
func (s *session) await(t *testing.T, kind string) {
	t.Helper()
	var seen map[string]int
	if err := process.Until(t.Context(), 60*time.Second, "event "+kind+" at the centre", func() bool {
		c, err := s.counts()
		seen = c.Events
		return err == nil && c.Events[kind] > 0
	}); err != nil {
		t.Fatalf("%v; it has %v", err, slices.Sorted(maps.Keys(seen)))
	}
}

// TestInterrupted cuts the program's power while a person is between the beams:
// the board lets everybody out by itself, the code is free again after the restart,
// lets its holder through once, and not twice.
func TestInterrupted(t *testing.T) {
	s := open(t)
	code := cast.Named("green code").Codes(s.cast, bench.Lane{Name: "1", Kind: "border"}, time.Now())
	p := bench.Person{Lane: "1", Who: "green code", Act: bench.Walks, Codes: code}

	s.sent++
	p.ID = s.sent
	s.benchIn.Say(bench.Order{Person: &p})
	if err := process.Until(t.Context(), 60*time.Second, "somebody is between the beams", func() bool { return s.boards(t)["1"].Inside }); err != nil {
		t.Fatal(err)
	}
	s.device.Kill()
	if err := process.Until(t.Context(), 5*time.Second, "the heartbeat drops", func() bool { return !s.boards(t)["1"].Heartbeat }); err != nil {
		t.Fatal(err)
	}
	if w := s.boards(t)["1"].WatchdogMS; w > 500 {
		t.Errorf("the board waits %d ms for a heartbeat, want at most 500", w)
	}
	if err := s.startDevice(); err != nil {
		t.Fatal(err)
	}
	s.await(t, "interrupted")

	if got := s.visit(t, p); got.End != "passed" {
		t.Errorf("the interrupted person: %+v", got)
	}
	if got := s.visit(t, p); got.Saw != "amber" {
		t.Errorf("the same code once more: %+v", got)
	}
	if n := s.boards(t)["1"]; n.OnABeam != 0 || len(n.Complaints) > 0 {
		t.Errorf("board: %+v", n)
	}
}

// TestUnknownKey starts the program with a key that does not exist.
func TestUnknownKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint.toml")
	if err := os.WriteFile(path, []byte("[device]\nname = \"a\"\ncolour = \"red\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(filepath.Join(built, "checkpoint"), "run", "--config", path)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit 1", err)
	}
	if got := stderr.String(); !strings.Contains(got, "line 3") || !strings.Contains(got, "device.colour") || strings.Count(got, "\n") != 1 {
		t.Errorf("said %q", got)
	}
}
