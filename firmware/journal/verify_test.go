package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
)

type tx = bolt.Tx

// tamper opens the file as somebody with bbolt would.
func (b *bench) tamper(dir string, fn func(*tx)) {
	b.Helper()
	db, err := bolt.Open(filepath.Join(dir, journalFile), 0o600, nil)
	b.must(err)
	b.must(db.Update(func(tx *bolt.Tx) error { fn(tx); return nil }))
	b.must(db.Close())
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	at := func(seq uint64) []byte { return eventKey(1, seq) }
	get := func(tx *tx, seq uint64) []byte { return bytes.Clone(tx.Bucket(eventsBucket).Get(at(seq))) }
	put := func(tx *tx, seq uint64, b []byte) {
		if err := tx.Bucket(eventsBucket).Put(at(seq), b); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(tx *tx, seqs ...uint64) {
		for _, s := range seqs {
			if err := tx.Bucket(eventsBucket).Delete(at(s)); err != nil {
				t.Fatal(err)
			}
		}
	}
	edited := func(b []byte) []byte { return bytes.Replace(b, []byte("alarm"), []byte("alert"), 1) }
	for _, c := range []struct {
		name string
		fn   func(*tx)
		kind string
		seq  uint64
		text string
	}{
		{"an edited event", func(tx *tx) { put(tx, 7, edited(get(tx, 7))) }, chain.Edit, 7, "event 7 was changed, or 8 was"},
		{"the event that the centre confirmed", func(tx *tx) { put(tx, 12, edited(get(tx, 12))); remove(tx, 13, 14, 15, 16) }, chain.Edit, 12, "the centre has confirmed it"},
		{"the last event", func(tx *tx) { put(tx, 16, edited(get(tx, 16))) }, chain.Edit, 16, "the witness has seen it"},
		{"an unreadable event", func(tx *tx) { put(tx, 4, []byte("{}")) }, chain.Edit, 4, "not readable"},
		{"a removed event", func(tx *tx) { remove(tx, 5) }, chain.Gap, 5, "event 5 is missing: 6 follows 4"},
		{"the first event removed", func(tx *tx) { remove(tx, 1) }, chain.Gap, 1, "event 1 is missing"},
		{"swapped events", func(tx *tx) { a, b := get(tx, 9), get(tx, 10); put(tx, 9, b); put(tx, 10, a) }, chain.Reorder, 9, "in the place of event 9 lies"},
		{"cut off before the centre's mark", func(tx *tx) { remove(tx, 11, 12, 13, 14, 15, 16) }, chain.Truncation, 11, "ends at event 10; there was an event 12"},
		{"cut off after the centre's mark", func(tx *tx) { remove(tx, 15, 16) }, chain.Truncation, 15, "ends at event 14; there was an event 16"},
		{"everything removed", func(tx *tx) {
			for s := range uint64(16) {
				remove(tx, s+1)
			}
		}, chain.Truncation, 1, "ends at event 0"},
		{"a bucket removed", func(tx *tx) {
			if err := tx.DeleteBucket(marksBucket); err != nil {
				t.Fatal(err)
			}
		}, chain.Structure, 0, "marks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{T: t, dir: t.TempDir(), now: noon}
			b.options = Options{Device: "gate-07", Site: "LMC"}
			j := b.open()
			for range 15 {
				b.alarm(j.Lane("1"))
			}
			entries, err := j.Entries(12, 1<<20)
			b.must(err)
			b.must(j.Mark(entries[11].Epoch, 12, hashOf(entries[11].Bytes)))
			b.close(j)
			b.intact(b.dir)

			b.tamper(b.dir, c.fn)
			f := b.verify(b.dir).Fault
			if f == nil || f.Kind != c.kind || f.Seq != c.seq || !strings.Contains(f.Text, c.text) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestVerifyFindsAFlippedByte changes the file itself, below bbolt.
func TestVerifyFindsAFlippedByte(t *testing.T) {
	b := &bench{T: t, dir: t.TempDir(), now: noon}
	b.options = Options{Device: "gate-07", Site: "LMC"}
	j := b.open()
	for range 30 {
		b.alarm(j.Lane("1"))
	}
	entries, err := j.Entries(20, 1<<20)
	b.must(err)
	b.close(j)
	path := filepath.Join(b.dir, journalFile)
	data, err := os.ReadFile(path)
	b.must(err)
	needle, n := entries[19].Bytes, 0
	for i := 0; ; { // old pages hold copies as well
		k := bytes.Index(data[i:], needle)
		if k < 0 {
			break
		}
		i += k + bytes.Index(needle, []byte("LMC"))
		data[i] ^= 2
		n++
	}
	if n == 0 {
		t.Fatal("the event is not in the file")
	}
	b.must(os.WriteFile(path, data, 0o600))
	r, err := Verify(path, Known{})
	if err != nil || r.Fault == nil || r.Fault.Kind != chain.Edit || r.Fault.Seq != 20 {
		t.Errorf("%+v %v", r.Fault, err)
	}
}

func TestVerifyCannotLook(t *testing.T) {
	if _, err := Verify(filepath.Join(t.TempDir(), "none"), Known{}); err == nil {
		t.Error("no file, no error")
	}
	if _, err := Verify(t.TempDir(), Known{}); err == nil {
		t.Error("no journal, no error")
	}
}

// TestVerifyFindsAMissingEpoch: a journal from which the newest epoch was taken, or all of them, is
// whole in itself.
func TestVerifyFindsAMissingEpoch(t *testing.T) {
	b := newBench(t)
	j := b.open()
	b.alarm(j.Lane("1"))
	b.close(j)
	old := t.TempDir()
	b.copy(b.dir, old)
	b.must(os.Remove(filepath.Join(b.dir, witnessFile)))
	j = b.open()
	b.origin(j, Restored)
	b.alarm(j.Lane("1"))
	epoch, seq, hash, err := j.Head()
	b.must(err)
	b.close(j)
	kept := Known{Checkpoints: []chain.Checkpoint{{Device: "gate-07", Epoch: epoch, Point: chain.Point{Seq: seq, Hash: hash}}}}
	r, err := Verify(b.dir, kept)
	if b.must(err); r.Fault != nil {
		t.Errorf("%+v", r.Fault)
	}
	if r, err = Verify(filepath.Join(old, journalFile), kept); err != nil || r.Fault == nil || r.Fault.Kind != chain.Truncation || r.Fault.Epoch != epoch {
		t.Errorf("by the centre's checkpoint: %+v %v", r.Fault, err)
	}
	b.must(os.Remove(filepath.Join(old, witnessFile)))
	text, err := os.ReadFile(filepath.Join(b.dir, witnessFile))
	b.must(err)
	b.must(os.WriteFile(filepath.Join(old, witnessFile), text, 0o600))
	if r, err = Verify(old, Known{}); err != nil || r.Fault == nil || r.Fault.Kind != chain.Truncation {
		t.Errorf("by the witness: %+v %v", r.Fault, err)
	}
}
