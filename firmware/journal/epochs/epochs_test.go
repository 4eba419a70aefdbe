package epochs

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/journal/boltfile"
)

// in runs fn in a transaction of a file that has two epochs, of five events and of three.
func in(t *testing.T, fn func(tx *bolt.Tx, one, two Epoch)) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "file.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bolt.Tx) error {
		for _, b := range Buckets {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		one, two := Epoch{Place: 1, ID: 7}, Epoch{Place: 2, ID: 8}
		err := errors.Join(SetDevice(tx, "gate-07"), one.Put(tx), two.Put(tx))
		for seq := range uint64(5) {
			err = errors.Join(err, one.Append(tx, seq+1, fmt.Appendf(nil, "one %d", seq+1)))
		}
		for seq := range uint64(3) {
			err = errors.Join(err, two.Append(tx, seq+1, fmt.Appendf(nil, "two %d", seq+1)))
		}
		if err == nil {
			fn(tx, one, two)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (e Epoch) seqs(tx *bolt.Tx) (all []uint64) {
	for seq := range e.From(tx, 0) {
		all = append(all, seq)
	}
	return all
}

func TestEpochsAreApart(t *testing.T) {
	in(t, func(tx *bolt.Tx, one, two Epoch) {
		if head := one.Head(tx); head != (chain.Point{Seq: 5, Hash: chain.Hash([]byte("one 5"))}) {
			t.Error(head)
		}
		if head := (Epoch{Place: 3}).Head(tx); head != (chain.Point{}) {
			t.Error("of an epoch without events: ", head)
		}
		if got := one.seqs(tx); !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) {
			t.Error(got)
		}
		for seq, b := range two.From(tx, 2) {
			if string(b) != fmt.Sprintf("two %d", seq) {
				t.Errorf("%d: %s", seq, b)
			}
		}
		if e, known, err := Find(tx, 8); e != two || !known || err != nil {
			t.Error(e, known, err)
		}
		if _, known, err := Find(tx, 9); known || err != nil {
			t.Error(known, err)
		}
		if err := one.Dispute(tx, 2); err != nil || !one.Disputed(tx) || two.Disputed(tx) {
			t.Error(err)
		}
		n, err := Count(tx)
		if err != nil || n.Disputed != 5 || n.Unsynced != 3 || string(n.Oldest) != "two 1" {
			t.Errorf("%+v %v", n, err)
		}
		for _, k := range [][]byte{{1}, {0, 0, 0, 9}} {
			if err := tx.Bucket(epochsBucket).Put(k, []byte("short")); err != nil {
				t.Fatal(err)
			}
			if _, err := All(tx); !errors.Is(err, boltfile.ErrDamaged) {
				t.Error(err)
			}
		}
	})
}

// TestPrune deletes what is confirmed only, oldest first, signs what the last of it was, and where
// nobody signs that, deletes nothing.
func TestPrune(t *testing.T) {
	in(t, func(tx *bolt.Tx, one, two Epoch) {
		one.Marked, two.Marked = one.Head(tx), chain.Point{Seq: 2, Hash: chain.Hash([]byte("two 2"))}
		if err := errors.Join(one.Put(tx), two.Put(tx)); err != nil {
			t.Fatal(err)
		}
		dry := errors.New("the key is away")
		if _, err := Prune(tx, 0, func(uint64, uint64, [32]byte) ([]byte, error) { return nil, dry }); !errors.Is(err, dry) {
			t.Error(err)
		}
		if got := one.seqs(tx); len(got) != 5 {
			t.Errorf("%v are left though nobody signed", got)
		}
		signed := ""
		sign := func(epoch, seq uint64, hash [32]byte) ([]byte, error) {
			signed += fmt.Sprintf("%d/%d ", epoch, seq)
			return hash[:], nil
		}
		for _, step := range []struct {
			keep, deleted int
			one, two      []uint64
			signed        string
		}{
			{5, 3, []uint64{4, 5}, []uint64{1, 2, 3}, "7/3 "},
			{0, 4, nil, []uint64{3}, "7/3 7/5 8/2 "}, // not what nobody has confirmed
			{0, 0, nil, []uint64{3}, "7/3 7/5 8/2 "},
		} {
			n, err := Prune(tx, step.keep, sign)
			if err != nil || n != step.deleted || !slices.Equal(one.seqs(tx), step.one) || !slices.Equal(two.seqs(tx), step.two) || signed != step.signed {
				t.Errorf("keep %d: %d deleted, %v and %v left, signed %q, %v", step.keep, n, one.seqs(tx), two.seqs(tx), signed, err)
			}
		}
		one, err := At(tx, 1)
		if err != nil || one.Head(tx) != one.Marked || !one.Holds(tx, chain.Point{Seq: 2}) || one.Holds(tx, chain.Point{Seq: 5}) {
			t.Errorf("%+v %v", one, err)
		}
		if h := one.Header(tx); h.Device != "gate-07" || h.Pruned != one.Pruned || string(h.Anchor) != string(one.Pruned.Hash[:]) {
			t.Errorf("%+v", h)
		}
	})
}
