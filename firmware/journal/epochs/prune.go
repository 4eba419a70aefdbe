package epochs

import (
	"fmt"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/journal/boltfile"
)

// pruneBatch bounds one transaction.
const pruneBatch = 1000

// Prune deletes confirmed events but for the newest keep of all events, at most a thousand of
// them, and says how many. What is left is anchored by a checkpoint of the last that is
// gone, as sign signs it; where that fails, nothing is deleted. Nil: nobody signs.
func Prune(tx *bolt.Tx, keep int, sign func(epoch, seq uint64, hash [32]byte) ([]byte, error)) (int, error) {
	all, err := All(tx)
	if err != nil {
		return 0, err
	}
	total := uint64(0)
	for _, e := range all {
		total += e.Head(tx).Seq - e.Pruned.Seq
	}
	n := 0
	for _, e := range all {
		here := min(e.Marked.Seq-e.Pruned.Seq, uint64(max(int64(total)-int64(keep), 0)), uint64(pruneBatch-n))
		if here == 0 {
			continue
		}
		if err := e.pruneTo(tx, e.Pruned.Seq+here, sign); err != nil {
			return n, err
		}
		total -= here
		n += int(here)
	}
	return n, nil
}

// pruneTo deletes the events up to one.
func (e Epoch) pruneTo(tx *bolt.Tx, last uint64, sign func(epoch, seq uint64, hash [32]byte) ([]byte, error)) error {
	b := e.Event(tx, last)
	if b == nil {
		return fmt.Errorf("%w: event %d is missing", boltfile.ErrDamaged, last)
	}
	first, anchor := e.Pruned.Seq+1, []byte(nil)
	e.Pruned = chain.Point{Seq: last, Hash: chain.Hash(b)}
	if sign != nil {
		var err error
		if anchor, err = sign(e.ID, last, e.Pruned.Hash); err != nil {
			return fmt.Errorf("journal: sign what was deleted: %w", err)
		}
	}
	events := tx.Bucket(eventsBucket)
	for seq := first; seq <= last; seq++ {
		if err := events.Delete(e.key(seq)); err != nil {
			return err
		}
	}
	if err := tx.Bucket(Meta).Put(e.anchorKey(), anchor); err != nil {
		return err
	}
	return e.Put(tx)
}
