package lane

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSight plays frames: what is in view, and what of it is a new presentation. A
// word in brackets is what happens between two frames.
func TestSight(t *testing.T) {
	for _, tc := range []struct{ name, script string }{
		{"held still for ten seconds", "0 A=A; 100 A; 1000 A; 2400 A; 3800 A; 5200 A; 6600 A; 8000 A; 9400 A; 10000 A"},
		{"flickers", "0 A=A; 33 -; 66 A; 100 -; 1400 -; 1499 A; 1600 -; 2998 A"},
		{"away and back", "0 A=A; 100 A; 1599 -; 1600 A=A"},
		{"the camera was blind", "0 A=A; 5000 A=A"},
		{"two alternate", "0 A=A; 33 B=B; 66 A; 99 B; 132 A; 165 B; 1500 A; 1600 B; 3000 B; 3050 A=A"},
		{"several at once, as given", "0 B A=B A; 33 A B; 66 A; 99 B; 132 C A=C"},
		{"read twice in one frame", "0 A A=A; 33 A A"},
		{"busy, and still in view when ready", "0 A=A; [busy]; 100 B; 200 B; 1600 B; [ready]; 1700 B=B; 1800 B"},
		{"busy, and gone when ready", "0 A=A; [busy]; 100 B; 200 -; [ready]; 300 -; 400 A"},
		{"ready again with the same in view", "0 A=A; [busy]; 100 A; [ready]; 200 A; 300 A"},
		{"may try again after a pause", "0 A=A; [again]; 100 A; 1499 A; 1500 A=A; 1600 A; 3000 A; 9000 A=A"},
		{"may try again with another at once", "0 A=A; [again]; 100 B=B; 200 A; 1500 A=A; 1599 B"},
		{"only the last may try again", "0 A=A; 100 B=B; 1200 A; 1300 B; [again]; 2600 A; 2700 B; 2800 B=B"},
		{"nothing to try again", "[again]; 0 A=A; 2000 -"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s Sight
			ready, now := true, start
			for step := range strings.SplitSeq(tc.script, "; ") {
				switch step {
				case "[busy]":
					ready = false
					continue
				case "[ready]":
					ready = true
					continue
				case "[again]":
					s = s.Again(now)
					continue
				}
				var ms int
				frame, want, _ := strings.Cut(step, "=")
				fmt.Sscan(frame, &ms)
				_, view, _ := strings.Cut(frame, " ")
				var texts, fresh [][]byte
				if view != "-" {
					texts = bytes.Fields([]byte(view))
				}
				now = start.Add(time.Duration(ms) * time.Millisecond)
				s, fresh = s.Look(now, texts, ready)
				if got := string(bytes.Join(fresh, []byte(" "))); got != want {
					t.Errorf("%s: presented %q, want %q", step, got, want)
				}
			}
		})
	}
}

// TestSightBounds shows more than it remembers; the memory is an array, so what
// matters is that it stays of use.
func TestSightBounds(t *testing.T) {
	var s Sight
	var frame [][]byte
	for i := range 100 {
		frame = append(frame, fmt.Append(nil, i))
	}
	s, fresh := s.Look(start, frame, true)
	if len(fresh) != MaxCodes {
		t.Fatalf("%d codes in one presentation, want %d", len(fresh), MaxCodes)
	}
	for i := range 100 {
		s, _ = s.Look(start.Add(time.Duration(i)*time.Millisecond), frame[i:i+1], true)
	}
	if _, fresh = s.Look(start.Add(100*time.Millisecond), frame[90:98], true); fresh != nil {
		t.Errorf("presented again: %q", fresh)
	}
}
