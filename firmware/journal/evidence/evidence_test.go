package evidence_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/statefile"
)

type tx = bolt.Tx

// bench is a state directory.
type bench struct {
	*testing.T
	dir string
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) open() *journal.Journal {
	b.Helper()
	j, err := journal.Open(b.dir, journal.Options{Device: "gate-07", Site: "LMC"})
	b.must(err)
	b.Cleanup(func() { j.Close() })
	return j
}

func (b *bench) alarms(j *journal.Journal, n int) {
	b.Helper()
	for range n {
		b.must(j.Lane("1").Append(event.Event{At: time.Now(), Kind: event.Alarm}))
	}
}

func (b *bench) fault(path string, known evidence.Known) *chain.Fault {
	b.Helper()
	r, err := evidence.Verify(path, known)
	b.must(err)
	return r.Fault
}

// copy takes a file from one directory to another.
func (b *bench) copy(name, from, to string) {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(from, name))
	b.must(err)
	b.must(os.WriteFile(filepath.Join(to, name), data, 0o600))
}

// tamper opens the file as somebody with bbolt would.
func (b *bench) tamper(fn func(*tx)) {
	b.Helper()
	db, err := bolt.Open(filepath.Join(b.dir, layout.File), 0o600, nil)
	b.must(err)
	b.must(db.Update(func(tx *bolt.Tx) error { fn(tx); return nil }))
	b.must(db.Close())
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	at := func(seq uint64) []byte { return append([]byte{0, 0, 0, 1}, boltfile.U64(seq)...) }
	get := func(tx *tx, seq uint64) []byte { return bytes.Clone(tx.Bucket([]byte("events")).Get(at(seq))) }
	put := func(tx *tx, seq uint64, b []byte) {
		if err := tx.Bucket([]byte("events")).Put(at(seq), b); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(tx *tx, seqs ...uint64) {
		for _, s := range seqs {
			if err := tx.Bucket([]byte("events")).Delete(at(s)); err != nil {
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
			if err := tx.DeleteBucket([]byte("marks")); err != nil {
				t.Fatal(err)
			}
		}, chain.Structure, 0, "marks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{t, t.TempDir()}
			j := b.open()
			b.alarms(j, 15)
			entries, err := j.Entries(12, 1<<20)
			b.must(err)
			b.must(j.Mark(entries[11].Epoch, 12, chain.Hash(entries[11].Bytes)))
			b.must(j.Close())
			if f := b.fault(b.dir, evidence.Known{}); f != nil {
				t.Fatalf("%+v", f)
			}

			b.tamper(c.fn)
			f := b.fault(b.dir, evidence.Known{})
			if f == nil || f.Kind != c.kind || f.Seq != c.seq || !strings.Contains(f.Text, c.text) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestVerifyFindsAFlippedByte changes the file itself, below bbolt.
func TestVerifyFindsAFlippedByte(t *testing.T) {
	b := &bench{t, t.TempDir()}
	j := b.open()
	b.alarms(j, 30)
	entries, err := j.Entries(20, 1<<20)
	b.must(err)
	b.must(j.Close())
	path := filepath.Join(b.dir, layout.File)
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
	if f := b.fault(path, evidence.Known{}); f == nil || f.Kind != chain.Edit || f.Seq != 20 {
		t.Errorf("%+v", f)
	}
}

func TestVerifyCannotLook(t *testing.T) {
	if _, err := evidence.Verify(filepath.Join(t.TempDir(), "none"), evidence.Known{}); !errors.Is(err, layout.ErrNone) {
		t.Error("no file: ", err)
	}
	if _, err := evidence.Verify(t.TempDir(), evidence.Known{}); !errors.Is(err, layout.ErrNone) {
		t.Error("no journal: ", err)
	}
}

// TestDamagedPages: of a file in which any page is damaged nothing is listed, shown or exported that
// the check does not let through, and no look at it goes on for ever.
func TestDamagedPages(t *testing.T) {
	b := &bench{t, t.TempDir()}
	j := b.open()
	b.alarms(j, 60)
	b.must(j.Close())
	whole, err := os.ReadFile(filepath.Join(b.dir, layout.File))
	b.must(err)
	path, found := filepath.Join(t.TempDir(), layout.File), 0
	for page := 2; page < 32; page++ {
		data := bytes.Clone(whole)
		copy(data[page*boltfile.PageSize+10:], bytes.Repeat([]byte{0xff}, 60))
		b.must(os.WriteFile(path, data, 0o600))
		damaged := b.fault(path, evidence.Known{}) != nil
		if damaged {
			found++
		}
		_, listed := evidence.List(path, 0, func(event.Record) bool { return true })
		_, _, shown := evidence.Movement(path, 1, 1)
		for _, err := range []error{listed, shown, evidence.Export(path, io.Discard, nil)} {
			if damaged != errors.Is(err, boltfile.ErrDamaged) || err != nil && !strings.Contains(err.Error(), "journal verify") {
				t.Errorf("page %d: %v", page, err)
			}
		}
	}
	if found == 0 {
		t.Error("no page is used")
	}
}

// TestVerifyFindsAnEmptiedJournal: a new file lies in the place of the record.
func TestVerifyFindsAnEmptiedJournal(t *testing.T) {
	b := &bench{t, t.TempDir()}
	j := b.open()
	b.must(j.Close())
	b.must(os.Remove(filepath.Join(b.dir, layout.File)))
	db, err := layout.Open(filepath.Join(b.dir, layout.File), 4<<20)
	b.must(err)
	b.must(db.Close())
	if f := b.fault(b.dir, evidence.Known{}); f == nil || f.Kind != chain.Truncation {
		t.Errorf("%+v", f)
	}
}

// TestVerifyFindsAMissingEpoch: a journal from which the newest epoch was taken, or all of them, is
// whole in itself.
func TestVerifyFindsAMissingEpoch(t *testing.T) {
	b := &bench{t, t.TempDir()}
	j := b.open()
	b.alarms(j, 1)
	b.must(j.Close())
	old := t.TempDir()
	b.copy(layout.File, b.dir, old)
	b.must(os.Remove(filepath.Join(b.dir, statefile.WitnessFile)))
	j = b.open()
	if s := j.Stats(); s.Origin != journal.Restored {
		t.Fatal(s.Origin)
	}
	b.alarms(j, 1)
	epoch, seq, hash, err := j.Head()
	b.must(err)
	b.must(j.Close())
	kept := evidence.Known{Checkpoints: []chain.Checkpoint{{Device: "gate-07", Epoch: epoch, Point: chain.Point{Seq: seq, Hash: hash}}}}
	if f := b.fault(b.dir, kept); f != nil {
		t.Errorf("%+v", f)
	}
	if f := b.fault(filepath.Join(old, layout.File), kept); f == nil || f.Kind != chain.Truncation || f.Epoch != epoch {
		t.Errorf("by the centre's checkpoint: %+v", f)
	}
	b.copy(statefile.WitnessFile, b.dir, old)
	if f := b.fault(old, evidence.Known{}); f == nil || f.Kind != chain.Truncation {
		t.Errorf("by the witness: %+v", f)
	}
}
