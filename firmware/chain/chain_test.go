package chain

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
)

// export is one of n events of one epoch, the first of which follows an anchor.
func export(t testing.TB, n int) []byte {
	return exportOf(t, 7, n)
}

func exportOf(t testing.TB, epoch uint64, n int) []byte {
	var b bytes.Buffer
	anchor := Point{3, sha256.Sum256([]byte("three"))}
	h := Header{Device: "g1", Epoch: epoch, Pruned: anchor, Marked: anchor}
	line, err := h.Line()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%s\n", line)
	prev := anchor
	for range n {
		r := event.Record{Position: event.Position{Device: "g1", Site: "LMC", Epoch: epoch, Seq: prev.Seq + 1, Prev: prev.Hash},
			Event: event.Event{At: time.Unix(1, 0), Kind: event.Alarm}}
		text, err := event.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", text)
		prev = Point{r.Seq, sha256.Sum256(text)}
	}
	if line, err = End(nil); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%s\n", line)
	return b.Bytes()
}

func TestCheckExport(t *testing.T) {
	two := append(export(t, 5), exportOf(t, 8, 0)...)
	r, err := CheckExport(bytes.NewReader(two), nil, nil)
	if err != nil || r.Fault != nil || len(r.Epochs) != 2 || r.Epochs[0].First != 4 || r.Epochs[0].Last != 8 || r.Epochs[0].Counts[event.Alarm] != 5 {
		t.Errorf("%+v %v", r, err)
	}
	if r, err = CheckExport(bytes.NewReader(two), []Checkpoint{{"g1", 8, Point{Seq: 3, Hash: sha256.Sum256([]byte("three"))}}, {"g2", 9, Point{Seq: 99}}}, nil); err != nil || r.Fault != nil {
		t.Errorf("%+v %v", r.Fault, err)
	}
	for name, cut := range map[string][]byte{"the last epoch is cut off": export(t, 5), "the first is": exportOf(t, 8, 5), "all are": nil} {
		kept := []Checkpoint{{"g2", 9, Point{Seq: 99}}, {"g1", 7, Point{Seq: 5}}, {"g1", 8, Point{Seq: 5}}}
		for i := range kept {
			kept[i].Hash = hashIn(cut, kept[i].Seq)
		}
		if r, err = CheckExport(bytes.NewReader(cut), kept, nil); err != nil || r.Fault == nil || r.Fault.Kind != Truncation {
			t.Errorf("%s: %+v %v", name, r.Fault, err)
		}
	}
	if r, err = CheckExport(bytes.NewReader(append(export(t, 5), export(t, 5)...)), nil, nil); err != nil || r.Fault == nil || r.Fault.Kind != Reorder {
		t.Errorf("the same epoch again: %+v %v", r.Fault, err)
	}
	later := []Checkpoint{{"g1", 7, Point{Seq: 9}}, {"g2", 7, Point{Seq: 99}}, {"g1", 8, Point{Seq: 99}}}
	if r, err = CheckExport(bytes.NewReader(export(t, 5)), later, nil); err != nil || r.Fault == nil || r.Fault.Kind != Truncation || r.Fault.Seq != 9 {
		t.Errorf("%+v %v", r.Fault, err)
	}
	for _, bad := range []string{"x", `{"v":2}`, `{"v":1,"device":"a b"}`, `{"v":1,"device":"g1","epoch":"x"}`, `{"v":1,"device":"g1","epoch":"7","pruned":{"hash":"00"}}`,
		`{"v":1,"x":"` + strings.Repeat("x", maxLine) + `"}`} {
		if _, err := CheckExport(strings.NewReader(bad), nil, nil); !errors.Is(err, ErrExport) {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
}

// hashIn is that of the line whose event has that number.
func hashIn(export []byte, seq uint64) (h [32]byte) {
	for line := range bytes.Lines(export) {
		if line = bytes.TrimSpace(line); place(line) == seq {
			h = sha256.Sum256(line)
		}
	}
	return h
}

// FuzzCheckExport: no line makes the check panic, and what is whole has no gap.
func FuzzCheckExport(f *testing.F) {
	f.Add(export(f, 3))
	f.Add(append(export(f, 1), export(f, 2)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := CheckExport(bytes.NewReader(data), []Checkpoint{{"g1", 7, Point{Seq: 4}}}, nil)
		if err != nil || r.Fault != nil {
			return
		}
		for _, e := range r.Epochs {
			n := 0
			for _, count := range e.Counts {
				n += count
			}
			if e.Last != 0 && uint64(n) != e.Last-e.First+1 {
				t.Errorf("%+v", e)
			}
		}
	})
}
