package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/verdict"
)

func (b *bench) origin(j *Journal, want Origin) {
	b.Helper()
	if s := j.Stats(); s.Origin != want {
		b.Fatalf("%s; want %s", s.Origin, want)
	}
}

func TestRestartKeepsEpochAndMarks(t *testing.T) {
	b := newBench(t)
	j := b.open()
	b.claim(j.Lane("1"), 1, "", "passed")
	b.settle(j.Lane("1"), 1, true)
	b.claim(j.Lane("1"), 2, "", "open", "open as well")
	b.claim(j.Lane("2"), 1, "") // nothing counts, but somebody was admitted
	open, err := j.Recent(2)
	b.must(err)
	was := j.Stats()
	b.close(j)

	b.now = b.now.Add(time.Minute)
	j = b.open()
	b.origin(j, Continued)
	if s := j.Stats(); s.Epoch != was.Epoch || s.Boot != 2 {
		t.Errorf("%+v", s)
	}
	if got := b.kinds(j); got != "started claimed passed claimed claimed started interrupted interrupted" {
		t.Error(got)
	}
	all, err := j.Recent(2)
	b.must(err)
	for i, r := range all { // keyed by boot, presentation and lane: lane 2 was first
		o := open[1-i]
		if r.Visit != o.Visit || r.Lane != o.Lane || r.Boot != 1 || r.Presentation != o.Presentation || r.Note["cause"] != "restart" {
			t.Errorf("%+v\n%+v", r, o)
		}
	}
	l := j.Lane("1")
	b.claim(l, 1, verdict.Replayed, "passed")
	b.claim(l, 2, "", "open")
	b.claim(l, 3, verdict.Replayed, "open")
	b.claim(l, 4, "", "open as well")
	b.settle(l, 2, true)
}

// TestManyOpenClaims needs more than one transaction to release them.
func TestManyOpenClaims(t *testing.T) {
	b := newBench(t)
	j := b.open()
	const n = interruptBatch + 3
	for i := range n {
		b.claim(j.Lane("1"), uint64(i+1), "", string(rune('a'+i)))
	}
	b.close(j)
	j = b.open()
	if got := strings.Count(b.kinds(j), "interrupted"); got != n {
		t.Error(got)
	}
	if n := count(t, j, "claims") + count(t, j, "marks"); n != 0 {
		t.Errorf("%d left", n)
	}
}

// TestKilledWhileStarting puts together every pair of files that a start can leave
// behind when it is killed: none of them may look like a restored copy.
func TestKilledWhileStarting(t *testing.T) {
	b := newBench(t)
	witnessOf := func(dir string) statefile.Witness {
		w, found, err := statefile.ReadWitness(dir)
		if err != nil || !found {
			t.Fatal(err)
		}
		return w
	}
	starting := func(w statefile.Witness) { // the first write of a start
		w.Boot, w.Starting = w.Boot+1, true
		b.must(w.Write(b.dir))
	}

	// The first start of all, killed before there is a journal, twice; with an
	// empty file; and with a file of bbolt's that is not laid out.
	starting(statefile.Witness{})
	starting(witnessOf(b.dir))
	b.must(os.WriteFile(filepath.Join(b.dir, layout.File), nil, 0o600))
	j := b.open()
	b.origin(j, First)
	if s := j.Stats(); s.Boot != 3 {
		t.Errorf("%+v", s)
	}

	// Killed after the journal has noted its boot and before the second write.
	early := statefile.Witness{V: 1, Boot: 3, Starting: true}
	b.alarm(j.Lane("1"))
	b.close(j)
	b.must(early.Write(b.dir))
	j = b.open()
	b.origin(j, Continued)
	epoch := j.Stats().Epoch

	// A later start, killed before the journal has noted it, three times in a row.
	b.close(j)
	for range 3 {
		starting(witnessOf(b.dir))
	}
	j = b.open()
	b.origin(j, Continued)

	// And after it has noted it, with and without events since.
	for range 2 {
		b.close(j)
		before := witnessOf(b.dir)
		j = b.open()
		b.origin(j, Continued)
		b.alarm(j.Lane("1"))
		b.close(j)
		starting(before)
		j = b.open()
		b.origin(j, Continued)
	}

	// Killed in service: the witness is the one of the start.
	b.close(j)
	j = b.open()
	old := witnessOf(b.dir)
	for range 5 {
		b.alarm(j.Lane("1"))
	}
	b.close(j)
	b.must(old.Write(b.dir))
	j = b.open()
	b.origin(j, Continued)
	if s := j.Stats(); s.Epoch != epoch {
		t.Errorf("epoch %016x, was %016x", s.Epoch, epoch)
	}

	// A start that makes a new epoch, killed before and after the journal has it.
	b.close(j)
	w := witnessOf(b.dir)
	b.must(os.Remove(filepath.Join(b.dir, statefile.WitnessFile)))
	starting(statefile.Witness{Boot: w.Boot}) // the witness was lost; killed before
	j = b.open()
	b.origin(j, Restored)
	second := j.Stats()
	b.close(j)
	b.must(statefile.Witness{Boot: second.Boot, Starting: true}.Write(b.dir)) // killed after
	j = b.open()
	b.origin(j, Continued)
	if s := j.Stats(); s.Epoch != second.Epoch || s.Epoch == epoch {
		t.Errorf("%+v", s)
	}
}

func TestRestoredCopies(t *testing.T) {
	for name, since := range map[string]func(*bench, *Journal) *Journal{
		"of an earlier boot": func(b *bench, j *Journal) *Journal { b.close(j); return b.open() },
		"of this boot, closed since": func(b *bench, j *Journal) *Journal {
			b.alarm(j.Lane("1"))
			return j
		},
		"two boots old": func(b *bench, j *Journal) *Journal { b.close(j); b.close(b.open()); return b.open() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			j := b.open()
			b.claim(j.Lane("1"), 1, "", "a")
			b.settle(j.Lane("1"), 1, true)
			entries, err := j.Entries(2, 1<<20)
			b.must(err)
			b.must(j.Mark(entries[1].Epoch, 2, chain.Hash(entries[1].Bytes)))
			b.claim(j.Lane("1"), 2, "", "open")
			old := j.Stats()
			backup, err := os.ReadFile(filepath.Join(b.dir, layout.File))
			b.must(err)
			j = since(b, j)
			seq := j.Stats().Seq
			b.close(j)
			b.must(os.WriteFile(filepath.Join(b.dir, layout.File), backup, 0o600))

			j = b.open()
			b.origin(j, Restored)
			s := j.Stats()
			if s.Epoch == old.Epoch || s.Seq != 1 || s.Boot <= old.Boot {
				t.Errorf("%+v", s)
			}
			first, err := j.Recent(1)
			b.must(err)
			n := first[0].Note
			if first[0].Kind != event.Started || first[0].Prev != [32]byte{} || n["origin"] != "restored" || n["previous_mark"] != "2" ||
				n["previous_epoch"] != strings.Split(string(entries[0].Bytes), "/")[1] || n["previous_seen"] != strconv.FormatUint(seq, 10) {
				t.Errorf("%v", n)
			}
			b.claim(j.Lane("1"), 1, "", "a") // a new epoch has no marks
			b.settle(j.Lane("1"), 1, true)

			// What the copy still has of the old epoch goes first. A mark of what only the
			// centre has says nothing about it; the centre's answer to it does.
			e, err := j.Entries(10, 1<<20)
			if err != nil || len(e) == 0 || e[0].Epoch != old.Epoch || e[0].Seq != 3 {
				t.Fatalf("%v %v", e, err)
			}
			if err := j.Mark(old.Epoch, 1000, [32]byte{1}); !errors.Is(err, ErrAhead) {
				t.Error(err)
			}
			if again, err := j.Entries(10, 1<<20); err != nil || len(again) != len(e) {
				t.Errorf("%d of %d left, %v", len(again), len(e), err)
			}
			last := e[len(e)-1]
			b.must(j.Mark(last.Epoch, last.Seq, chain.Hash(last.Bytes)))
			if e, err := j.Entries(10, 1<<20); err != nil || len(e) != 3 || e[0].Epoch != s.Epoch {
				t.Errorf("%v %v", e, err)
			}
			b.close(j)
			j = b.open()
			b.origin(j, Continued)
		})
	}
}

func TestMissing(t *testing.T) {
	b := newBench(t)
	j := b.open()
	old := j.Stats()
	b.alarm(j.Lane("1"))
	b.close(j)
	b.must(os.Remove(filepath.Join(b.dir, layout.File)))
	j = b.open()
	b.origin(j, Missing)
	if s := j.Stats(); s.Epoch == old.Epoch || s.Boot != 2 || s.Seq != 1 {
		t.Errorf("%+v", s)
	}
	r, err := j.Recent(1)
	b.must(err)
	if n := r[0].Note; n["previous_seen"] != "2" || n["previous_mark"] != "0" {
		t.Errorf("%v", n)
	}
}

func TestDamaged(t *testing.T) {
	for name, hurt := range map[string]func([]byte) []byte{
		"cut off in the middle":     func(b []byte) []byte { return b[:8*boltfile.PageSize] },
		"cut off after the start":   func(b []byte) []byte { return b[:3*boltfile.PageSize] },
		"cut off in the first page": func(b []byte) []byte { return b[:100] },
		"zeros":                     func(b []byte) []byte { clear(b); return b },
		"both headers":              func(b []byte) []byte { b[20] ^= 1; b[boltfile.PageSize+20] ^= 1; return b },
		"pages of noise": func(b []byte) []byte {
			for i := 2 * boltfile.PageSize; i < len(b); i++ {
				b[i] = byte(i * 131)
			}
			return b
		},
		"a text file": func([]byte) []byte { return []byte(strings.Repeat("not a journal\n", 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			j := b.open()
			for i := range 40 {
				b.claim(j.Lane("1"), uint64(i+1), "", "a"+strconv.Itoa(i))
			}
			old := j.Stats()
			b.close(j)
			path := filepath.Join(b.dir, layout.File)
			data, err := os.ReadFile(path)
			b.must(err)
			bad := hurt(append([]byte(nil), data...))
			b.must(os.WriteFile(path, bad, 0o600))

			if r, err := evidence.Verify(b.dir, evidence.Known{}); err != nil || r.Fault == nil || r.Fault.Kind != chain.Structure {
				t.Errorf("%+v %v", r, err)
			}
			j = b.open()
			b.origin(j, Damaged)
			s := j.Stats()
			if s.Epoch == old.Epoch || s.Boot != 2 {
				t.Errorf("%+v", s)
			}
			if kept, err := os.ReadFile(s.Aside); err != nil || len(kept) != len(bad) {
				t.Errorf("the damaged file is gone: %v", err)
			}
			b.claim(j.Lane("1"), 1, "", "a0")
			b.close(j)
			b.origin(b.open(), Continued)
		})
	}
}

// TestNoise flips bits all over the file: Open never panics and always gives a journal.
func TestNoise(t *testing.T) {
	b := newBench(t)
	j := b.open()
	for i := range 60 {
		b.claim(j.Lane("1"), uint64(i+1), "", "a"+strconv.Itoa(i))
	}
	b.close(j)
	path := filepath.Join(b.dir, layout.File)
	data, err := os.ReadFile(path)
	b.must(err)
	data = data[:(len(bytes.TrimRight(data, "\x00"))/boltfile.PageSize+1)*boltfile.PageSize] // without what the disk gave ahead
	asides := 0
	for i := 0; i < 100; i++ {
		bad := append([]byte(nil), data...)
		for k := range 3 {
			at := (i*2654435761 + k*40503*4099) % len(bad)
			if i%2 == 0 {
				at = at&^4095 | at&63 // headers of pages and first elements
			}
			bad[at] ^= 1 << (i % 8)
		}
		dir := t.TempDir()
		b.must(os.WriteFile(filepath.Join(dir, layout.File), bad, 0o600))
		j, err := Open(dir, b.options)
		if err != nil {
			if !strings.Contains(err.Error(), "journal:") {
				t.Errorf("%d: %v", i, err)
			}
			continue
		}
		if j.Stats().Aside != "" {
			asides++
		}
		b.must(j.Close())
	}
	if asides == 0 {
		t.Error("no file was set aside: the test hurts nothing")
	}
}

// tamper opens the file as somebody with bbolt would.
func (b *bench) tamper(dir string, fn func(*bolt.Tx)) {
	b.Helper()
	db, err := bolt.Open(filepath.Join(dir, layout.File), 0o600, nil)
	b.must(err)
	b.must(db.Update(func(tx *bolt.Tx) error { fn(tx); return nil }))
	b.must(db.Close())
}

func TestNewerFormat(t *testing.T) {
	b := newBench(t)
	j := b.open()
	b.close(j)
	b.tamper(b.dir, func(tx *bolt.Tx) { b.must(tx.Bucket([]byte("meta")).Put([]byte("format"), boltfile.U64(3))) })
	if _, err := Open(b.dir, b.options); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Error(err)
	}
	b.tamper(b.dir, func(tx *bolt.Tx) { b.must(tx.Bucket([]byte("meta")).Put([]byte("format"), boltfile.U64(2))) })
	b.origin(b.open(), Continued)
}
