package journal

import (
	"fmt"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

// TestCite: what comes after a decision names it, as one visit; the decision stays as it was
// written, and the next person's is another.
func TestCite(t *testing.T) {
	j, err := Open(t.TempDir(), Options{Device: "d", Site: "s"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	l, other := j.Lane("1"), j.Lane("2")
	now := time.Now()
	slow := verdict.Verdict{Reason: verdict.TooSlow}
	write := func(l *Lane, k event.Kind, n uint64, v verdict.Verdict) {
		if err := l.Append(event.Event{At: now, Kind: k, Presentation: n, Verdict: v}); err != nil {
			t.Fatal(err)
		}
	}
	write(l, event.Presented, 1, slow)
	write(other, event.Presented, 1, slow)
	write(l, event.Reconciled, 1, verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied})
	write(l, event.Presented, 2, verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing"})
	over := event.Event{At: now, Kind: event.Override, Presentation: 2, Note: map[string]string{"urgent": "exam"},
		Verdict: verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Counts: []verdict.Count{{Identity: []byte("a"), Until: now.Add(time.Hour)}}}}
	if why, err := l.Claim(over); why != "" || err != nil {
		t.Fatal(why, err)
	}
	all, err := j.Recent(10) // newest first: override, presented, reconciled, presented at 2, presented, started
	if err != nil || len(all) != 6 {
		t.Fatal(len(all), err)
	}
	for _, c := range []struct{ later, first int }{{2, 4}, {0, 1}} {
		later, first := all[c.later], all[c.first]
		if want := fmt.Sprintf("%016x/%d", first.Epoch, first.Seq); later.Note["of"] != want || later.Visit != first.Visit {
			t.Errorf("%s of %q, want %q", later.Kind, later.Note["of"], want)
		}
	}
	if len(over.Note) != 1 || all[4].Verdict.Reason != verdict.TooSlow {
		t.Error("what was given or written before has changed")
	}
}
