package journal

import (
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
)

// TestErasable: the event holds a commitment that the value opens; erased, the chain is whole and
// nothing of the value is left to read.
func TestErasable(t *testing.T) {
	b := newBench(t)
	j := b.open()
	l := j.Lane("1")
	for _, value := range []string{"a sealed record", "another", "a sealed record"} {
		b.must(l.AppendErasable(event.Event{At: b.now, Kind: event.Alarm, Note: map[string]string{"cause": "x"}}, map[string][]byte{"record": []byte(value)}))
		b.now = b.now.Add(time.Hour)
	}
	all, err := j.Recent(3)
	b.must(err)
	if all[0].Note["record"] == all[2].Note["record"] {
		t.Error("two equal values have equal commitments")
	}
	at := all[2]
	open, err := j.Erasables(at.Epoch, at.Seq)
	b.must(err)
	if e := open["record"]; string(e.Value) != "a sealed record" || e.Commitment() != at.Note["record"] || at.Note["cause"] != "x" {
		t.Errorf("%+v %+v", open, at.Note)
	}
	other := Erasable{open["record"].Salt, []byte("a sealed recorD")}
	if other.Commitment() == at.Note["record"] {
		t.Error("another value opens the commitment")
	}
	entries, err := j.Entries(10, 1<<20)
	b.must(err)
	for _, e := range entries {
		if strings.Contains(string(e.Bytes), "sealed") {
			t.Error("the value leaves with the event")
		}
	}
	b.close(j)

	j = b.open()
	n, err := j.Erase(noon.Add(90 * time.Minute))
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
	if open, err = j.Erasables(at.Epoch, at.Seq); err != nil || len(open) != 0 {
		t.Error(open, err)
	}
	if open, err = j.Erasables(all[0].Epoch, all[0].Seq); err != nil || len(open) != 1 {
		t.Error(open, err)
	}
	b.intact(b.dir)
}
