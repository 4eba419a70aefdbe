package journal

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/centre"
)

// entries gives what is to be delivered.
func (b *bench) entries(j *Journal) []Entry {
	b.Helper()
	e, err := j.Entries(1<<20, 1<<30)
	b.must(err)
	return e
}

func TestEntriesAreBounded(t *testing.T) {
	b := newBench(t)
	j := b.open()
	for range 9 {
		b.alarm(j.Lane("1"))
	}
	all := b.entries(j)
	if len(all) != 10 || all[0].Seq != 1 {
		t.Fatalf("%d entries", len(all))
	}
	for _, c := range []struct{ max, bytes, want int }{
		{3, 1 << 20, 3}, {100, 1, 1}, {100, len(all[0].Bytes) + len(all[1].Bytes), 2}, {0, 1 << 20, 0},
	} {
		if e, err := j.Entries(c.max, c.bytes); err != nil || len(e) != c.want {
			t.Errorf("%+v: %d %v", c, len(e), err)
		}
	}
}

func TestMark(t *testing.T) {
	b := newBench(t)
	j := b.open()
	for range 9 {
		b.alarm(j.Lane("1"))
	}
	all := b.entries(j)
	epoch := all[0].Epoch
	for name, c := range map[string]struct {
		epoch, seq uint64
		hash       [32]byte
		text       string
	}{
		"unknown epoch":    {epoch + 1, 4, chain.Hash(all[3].Bytes), "does not know"},
		"nothing, no hash": {epoch, 0, [32]byte{1}, "has another hash"},
	} {
		if err := j.Mark(c.epoch, c.seq, c.hash); !errors.Is(err, ErrMark) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := j.Stats(); s.Unsynced != 10 {
		t.Errorf("%+v", s)
	}
	for _, seq := range []uint64{4, 4, 2} { // again, and late: nothing changes
		b.must(j.Mark(epoch, seq, chain.Hash(all[seq-1].Bytes)))
		if e := b.entries(j); len(e) != 6 || e[0].Seq != 5 {
			t.Errorf("after %d: %d entries", seq, len(e))
		}
	}
	if err := j.Mark(epoch, 2, [32]byte{}); !errors.Is(err, ErrMark) {
		t.Errorf("another hash below the mark: %v", err)
	}
	b.must(j.Mark(epoch, 10, chain.Hash(all[9].Bytes)))
	if s := j.Stats(); s.Unsynced != 0 || !s.Oldest.IsZero() || s.Seq != 10 {
		t.Errorf("%+v", s)
	}
	if w, _, err := statefile.ReadWitness(b.dir); err != nil || w.MarkSeq != 10 {
		t.Errorf("%+v %v", w, err)
	}
}

// TestDisputed: a state directory that was put back as a whole goes on under the same epoch,
// which the centre knows otherwise. Its events are never taken for confirmed, and hold
// nothing up once the epoch has ended.
func TestDisputed(t *testing.T) {
	b := newBench(t)
	j := b.open()
	b.close(j)
	copied := t.TempDir()
	b.copy(b.dir, copied)
	j = b.open()
	for range 5 {
		b.alarm(j.Lane("1"))
	}
	theirs := b.entries(j) // 1 to 7: all of them reach the centre
	b.close(j)

	b.copy(copied, b.dir)
	j = b.open()
	b.origin(j, Continued) // nothing on this machine tells
	b.alarm(j.Lane("2"))
	ours := b.entries(j)
	if err := j.Mark(theirs[0].Epoch, 7, chain.Hash(theirs[6].Bytes)); !errors.Is(err, ErrAhead) {
		t.Error(err)
	}
	b.origin(j, Restored) // but the centre does: another epoch begins
	if err := j.Mark(theirs[0].Epoch, 7, chain.Hash(theirs[6].Bytes)); !errors.Is(err, ErrAhead) {
		t.Error(err)
	}
	if e := b.entries(j); len(e) != len(ours) || e[0].Epoch != ours[0].Epoch || j.Stats().Disputed != 0 {
		t.Errorf("%d entries, %+v", len(e), j.Stats())
	}
	last := uint64(len(ours))
	if err := j.Mark(theirs[0].Epoch, last, chain.Hash(theirs[last-1].Bytes)); !errors.Is(err, ErrMark) {
		t.Error(err)
	}
	s := j.Stats()
	if e := b.entries(j); len(e) == 0 || e[0].Epoch != s.Epoch || s.Disputed != last || s.Unsynced != s.Seq {
		t.Errorf("%d entries, %+v", len(e), s)
	}
	b.must(j.Mark(s.Epoch, s.Seq, chain.Hash(b.entries(j)[s.Seq-1].Bytes)))
	b.close(j)
	j = b.open()
	if s = j.Stats(); s.Disputed != last || s.Unsynced != 1 {
		t.Errorf("%+v", s)
	}
	if e := b.intact(b.dir).Epochs[0]; e.First != 1 || e.Last != last || e.Pruned != 0 {
		t.Errorf("%+v", e)
	}
}

func TestPruning(t *testing.T) {
	b := newBench(t)
	b.options.Keep = 5
	j := b.open()
	for range 19 {
		b.alarm(j.Lane("1"))
	}
	all := b.entries(j)
	b.must(j.Mark(all[0].Epoch, 12, chain.Hash(all[11].Bytes)))
	e := b.intact(b.dir).Epochs[0]
	if e.First != 13 || e.Last != 20 || e.Pruned != 12 || e.Marked != 12 { // eight are not confirmed
		t.Errorf("%+v", e)
	}
	b.must(j.Mark(all[0].Epoch, 20, chain.Hash(all[19].Bytes)))
	if e = b.intact(b.dir).Epochs[0]; e.First != 16 || e.Pruned != 15 {
		t.Errorf("%+v", e)
	}
	b.must(j.Mark(all[0].Epoch, 3, [32]byte{})) // long since deleted
	b.close(j)
	j = b.open()
	b.origin(j, Continued)
	b.alarm(j.Lane("1"))
	if s := j.Stats(); s.Seq != 22 || s.Unsynced != 2 {
		t.Errorf("%+v", s)
	}
	if r, err := j.Recent(100); err != nil || len(r) != 7 {
		t.Errorf("%d %v", len(r), err)
	}
}

// TestFull fills the file. Admissions end first, then what happens at the lane, and
// never the centre's marks, which make room.
func TestFull(t *testing.T) {
	b := newBench(t)
	b.options.MaxSize = minMaxSize
	j := b.open()
	l := j.Lane("1")
	long := map[string]string{"text": strings.Repeat("x", 15<<10)}
	n := uint64(0)
	var err error
	for ; err == nil && n < 1000; n++ {
		e := claimed(b.now, n+1, b.now.Add(1), "a"+string(rune(n)))
		e.Note = long
		_, err = l.Claim(e)
	}
	if !errors.Is(err, room.ErrFull) || n < 50 {
		t.Fatalf("after %d claims: %v", n, err)
	}
	if s := j.Stats(); !s.Full || s.Bytes > b.options.MaxSize {
		t.Errorf("%+v", s)
	}
	// Whoever was admitted is recorded still, and an evacuation is.
	b.settle(l, n-1, true)
	b.must(l.Append(event.Event{At: b.now, Kind: event.Evacuated}))
	for err = nil; err == nil; {
		err = l.Append(event.Event{At: b.now, Kind: event.Alarm, Note: long})
	}
	if !errors.Is(err, room.ErrFull) {
		t.Fatal(err)
	}
	b.intact(b.dir)
	if r, err := j.Recent(3); err != nil || len(r) != 3 {
		t.Error(err)
	}
	b.close(j)
	j = b.open() // there is room for starts
	b.origin(j, Continued)
	l = j.Lane("1")
	if _, err := l.Claim(claimed(b.now, 1, b.now.Add(1), "z")); !errors.Is(err, room.ErrFull) {
		t.Error(err)
	}

	all := b.entries(j)
	half := all[len(all)/2]
	b.must(j.Mark(half.Epoch, half.Seq, chain.Hash(half.Bytes)))
	b.claim(l, 1, "", "z") // it has pushed out confirmed events, though fewer than Keep
	b.settle(l, 1, true)
	if s := j.Stats(); s.Full {
		t.Errorf("%+v", s)
	}
	if e := b.intact(b.dir).Epochs[0]; e.Pruned == 0 || e.Pruned > half.Seq || e.Marked != half.Seq {
		t.Errorf("%+v", e)
	}
}

// TestBboltRefusesToGrow meets the limit inside a commit, past all reserves.
func TestBboltRefusesToGrow(t *testing.T) {
	b := newBench(t)
	j := b.open()
	db := j.db.Load()
	db.MaxSize = int(db.Stats().FreelistInuse) + 64<<10
	var err error
	for range 100 {
		if err = j.Append(event.Event{At: b.now, Kind: event.Condition, Note: map[string]string{"x": strings.Repeat("x", 15<<10)}}); err != nil {
			break
		}
	}
	if !errors.Is(err, room.ErrFull) {
		t.Fatal(err)
	}
	db.MaxSize = DefaultMaxSize
	b.must(j.Append(event.Event{At: b.now, Kind: event.Condition}))
}

// TestTheCentreKnowsBetter: a state directory that was put back as a whole would spend again what
// was spent. The first word of the centre that shows it ends the epoch.
func TestTheCentreKnowsBetter(t *testing.T) {
	for name, theirs := range map[string]struct {
		seq      uint64
		want     error
		disputed uint64
	}{"more events": {9, ErrAhead, 0}, "another event": {2, ErrMark, 3}} {
		t.Run(name, func(t *testing.T) {
			b := newRuled(t)
			j := b.rationed()
			epoch := j.Stats().Epoch
			b.must(b.lease(j, j.Holder(), 1, 5))
			b.must(b.order(j, 1, "halt", centre.Scope{Lane: "9"}))
			b.claim(j.Lane("1"), 1, "", "a")
			if err := j.Mark(epoch, theirs.seq, [32]byte{1}); !errors.Is(err, theirs.want) {
				t.Fatal(err)
			}
			s := j.Stats()
			if s.Epoch == epoch || s.Origin != Restored || s.Disputed != theirs.disputed || s.Seq != 1 {
				t.Errorf("%+v", s)
			}
			b.settle(j.Lane("1"), 1, true) // whoever is in the lane is not held
			b.claim(j.Lane("1"), 2, verdict.Exhausted, "b")
			if err := b.lease(j, "gate-07/1", 2, 5); !errors.Is(err, ErrHolder) {
				t.Error(err)
			}
			all, err := j.Recent(2)
			b.must(err)
			if started := all[1]; started.Kind != event.Started || started.Note["previous_epoch"] != fmt.Sprintf("%016x", epoch) || started.Note["previous_seen"] != fmt.Sprint(theirs.seq) {
				t.Errorf("%+v", started)
			}
			b.close(j)
			j = b.rationed()
			b.origin(j, Continued)
			if now := j.Stats(); now.Epoch != s.Epoch {
				t.Errorf("%+v", now)
			}
			b.intact(b.dir)
			if j.Orders().Allows(order.Place{Lane: "9"}, b.now) == nil {
				t.Error("orders outlive an epoch")
			}
		})
	}
}
