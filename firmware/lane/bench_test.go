package lane

import (
	"testing"

	"example.org/checkpoint/firmware/verdict"
)

// BenchmarkLaneStep steps a lane through one whole passage of nine inputs.
func BenchmarkLaneStep(b *testing.B) {
	v := verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied}
	l, _ := Lane{Timing: timing, Zone: ZoneClear, Normal: true}.Step(start, OpenLane{})
	codes := [][]byte{[]byte("HCT1:A")}
	b.ReportAllocs()
	for b.Loop() {
		l, _ = l.Step(start, Presented{codes})
		l, _ = l.Step(start, Judged{l.Asked, v})
		l, _ = l.Step(start, Recorded{Number: l.Asked, Pending: true})
		for _, in := range []Input{Moved{l.Ordered}, Entered{}, Reached{}, EntryWhole{}, Left{}, Clear{}} {
			l, _ = l.Step(start, in)
		}
	}
	if l.State != Ready {
		b.Fatal(l)
	}
}

// BenchmarkSight looks at a frame with two codes that are held still.
func BenchmarkSight(b *testing.B) {
	var s Sight
	texts := [][]byte{make([]byte, 1000), make([]byte, 500)}
	for b.Loop() {
		s, _ = s.Look(start, texts, true)
	}
}
