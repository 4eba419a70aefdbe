package figures

import (
	"io"
	"testing"
)

// sound is a run in which everything agrees.
func sound() Tally {
	events := func() map[string]int {
		return map[string]int{"presented": 3, "claimed": 2, "passed": 1, "withdrew": 1}
	}
	return Tally{Presented: 6, Unread: 1, Journal: events(), Centre: events(), Outcome: map[string]int{"refer": 1, "refuse": 2}, AtBorder: 2, Openings: 2, Doubles: 4}
}

// TestCheck shows that each figure that is wrong is found, and that events which came twice are no fault.
func TestCheck(t *testing.T) {
	if err := sound().Check(false); err != nil {
		t.Errorf("a sound run: %v", err)
	}
	for name, spoil := range map[string]func(*Tally){
		"one more came":            func(t *Tally) { t.Presented++ },
		"one more opening":         func(t *Tally) { t.Openings++ },
		"one event is lost":        func(t *Tally) { t.Journal["presented"]++ },
		"one event from nowhere":   func(t *Tally) { t.Centre["started"]++ },
		"somebody vanished inside": func(t *Tally) { t.Centre["claimed"]++; t.Journal["claimed"]++ },
		"a conflict":               func(t *Tally) { t.Conflicts++ },
		"poison":                   func(t *Tally) { t.Poison++ },
		"a broken chain":           func(t *Tally) { t.Damage++ },
		"a leaf on a beam":         func(t *Tally) { t.OnABeam++ },
		"a complaint":              func(t *Tally) { t.Complaints = []string{"board of lane 1: spoke out of turn"} },
	} {
		one := sound()
		spoil(&one)
		if one.Check(false) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	killed := sound()
	killed.Presented, killed.Openings = 0, 1 // what was held up as the program died was never written
	if err := killed.Check(true); err != nil {
		t.Errorf("after a kill: %v", err)
	}
	killed.Openings = 3
	if killed.Check(true) == nil {
		t.Error("after a kill: an opening without an admission is not found")
	}
	sound().Print(io.Discard)
}

// TestLines reads what the centre says.
func TestLines(t *testing.T) {
	n := 0
	for line := range Lines([]byte("{}\n\n{\"a\":1}\n")) {
		if n++; len(line) == 0 {
			t.Error("an empty line")
		}
	}
	if n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
	if kind := (Record{Type: "checkpoint.bundle-activated.v1"}).Kind(); kind != "bundle-activated" {
		t.Errorf("kind %q", kind)
	}
}
