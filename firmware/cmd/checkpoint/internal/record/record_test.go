package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/verdict"
)

// record writes a state directory with some events.
func record(t *testing.T) (dir string, running *journal.Journal) {
	t.Helper()
	dir = t.TempDir()
	at := time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	j, err := journal.Open(dir, journal.Options{Device: "gate-07", Site: "LMC", Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	l := j.Lane("dep-1")
	v := verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Rule: "green", Measured: "age 3 h", Threshold: "≤ 48 h",
		Lists:  []verdict.List{{Name: "policy/hk-border-departure.json", Version: "1"}},
		Counts: []verdict.Count{{Identity: []byte("somebody"), Until: at.Add(time.Hour)}}}
	if _, err := l.Claim(event.Event{At: at, Kind: event.Claimed, Presentation: 1, Verdict: v}); err != nil {
		t.Fatal(err)
	}
	for _, e := range []event.Event{
		{At: at, Kind: event.Passed, Presentation: 1},
		{At: at, Kind: event.Presented, Presentation: 2, Verdict: verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.Expired}},
	} {
		if err := l.Settle(e, e.Kind == event.Passed); err != nil {
			t.Fatal(err)
		}
	}
	return dir, j
}

func TestJournalList(t *testing.T) {
	dir, j := record(t)
	var out bytes.Buffer
	if err := (listCmd{State: dir, N: 3}).list(&out); !errors.Is(err, layout.ErrHeld) || strings.Contains(err.Error(), "\n") {
		t.Errorf("while the device runs: %v", err)
	}
	j.Close()
	if err := (listCmd{State: dir, N: 3}).list(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatal(out.String())
	}
	for i, want := range [][]string{{"dep-1", "claimed", "admit", "satisfied, rule green, age 3 h (needs ≤ 48 h)"}, {"dep-1", "passed"}, {"presented", "refer  expired"}} {
		for _, w := range want {
			if !strings.Contains(lines[i], w) {
				t.Errorf("%q lacks %q", lines[i], w)
			}
		}
	}
	out.Reset()
	if err := (listCmd{State: filepath.Join(dir, "journal.db"), Kind: "started", JSON: true}).list(&out); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Type, ID string }
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || doc.Type != "checkpoint.started.v1" || !strings.HasSuffix(doc.ID, "/1") {
		t.Errorf("%v %s", err, out.String())
	}
}

func TestJournalVerify(t *testing.T) {
	dir, j := record(t)
	j.Close()
	var out bytes.Buffer
	if err := (verifyCmd{State: dir}).verify(&out); err != nil || !strings.Contains(out.String(), "events 1 to 4") ||
		!strings.Contains(out.String(), "intact") || !strings.Contains(out.String(), "device gate-07") {
		t.Errorf("%v\n%s", err, out.String())
	}
	path := filepath.Join(dir, "journal.db")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(copied, bytes.ReplaceAll(data, []byte("age 3 h"), []byte("age 2 h")), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := (verifyCmd{State: dir, File: copied}).verify(&out); !errors.Is(err, exit.ErrNo) || !strings.Contains(out.String(), "BROKEN (edit)") || !strings.Contains(out.String(), "event 2 was changed") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := (verifyCmd{State: filepath.Join(dir, "none")}).verify(&out); err == nil || errors.Is(err, exit.ErrNo) {
		t.Errorf("nothing to look at: %v", err)
	}
}

// TestJournalShow shows a visit whole: what was decided, and what came of it.
func TestJournalShow(t *testing.T) {
	dir, j := record(t)
	epoch, _, _, err := j.Head()
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	var out bytes.Buffer
	if err := (showCmd{Event: fmt.Sprintf("%016x/2", epoch), State: dir, Language: "pt"}).show(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, part := range []string{"* ", "claimed", "passed", "Admitido", "regra", "policy/hk-border-departure.json 1"} {
		if !strings.Contains(text, part) {
			t.Errorf("lacks %q:\n%s", part, text)
		}
	}
}
