package journal

import (
	"fmt"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/boltfile"
)

// purpose of a write decides how far it may fill the file: when it fills up,
// nobody is admitted any more, while those who were admitted, alarms and
// evacuations are still recorded, and then the journal's own upkeep goes on.
type purpose int

const (
	atUpkeep purpose = iota // starts, marks, pruning
	atAppend                // everything else
	atClaim                 // new admissions
)

// allocSize is how much bbolt grows ahead, and by how much it stops before MaxSize.
const allocSize = 256 << 10

// pruneBatch bounds one transaction.
const pruneBatch = 1000

// limit is how many bytes may be used when a write for p begins.
func (j *Journal) limit(p purpose) int64 {
	reserve := max(j.options.MaxSize/32, 512<<10)
	return j.options.MaxSize - 2*allocSize - int64(p)*reserve
}

// used is how many bytes of the file are not free for new pages.
func (j *Journal) used() (int64, error) {
	var size int64
	if err := j.db.Load().View(func(tx *bolt.Tx) error { size = tx.Size(); return nil }); err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	s := j.db.Load().Stats()
	return size - int64(s.FreePageN+s.PendingPageN)*boltfile.PageSize, nil
}

// makeRoom deletes confirmed events, oldest first, until p has room.
func (j *Journal) makeRoom(p purpose) error {
	if p == atUpkeep {
		return nil
	}
	for {
		used, err := j.used()
		if err != nil {
			return err
		}
		if used < j.limit(p) {
			return nil
		}
		pruned := 0
		err = j.update(func(tx *bolt.Tx) error {
			pruned, err = j.prune(tx, 0)
			return err
		})
		if err != nil {
			return err
		}
		if pruned == 0 {
			return ErrFull
		}
	}
}

// prune deletes confirmed events but for the newest keep of all events, at most
// pruneBatch of them, and says how many. What is left is anchored by a signed checkpoint of the
// last that is gone; where signing it fails, nothing is deleted.
func (j *Journal) prune(tx *bolt.Tx, keep int) (int, error) {
	all, err := generations(tx)
	if err != nil {
		return 0, err
	}
	total := uint64(0)
	for _, g := range all {
		head, err := headOf(tx, g.gen)
		if err != nil {
			return 0, err
		}
		total += head.seq - g.pruned.seq
	}
	n := 0
	for _, g := range all {
		here := min(g.marked.seq-g.pruned.seq, uint64(max(int64(total)-int64(keep), 0)), uint64(pruneBatch-n))
		if here == 0 {
			continue
		}
		if err := j.pruneTo(tx, g, g.pruned.seq+here); err != nil {
			return n, err
		}
		total -= here
		n += int(here)
	}
	return n, nil
}

// pruneTo deletes the events of an epoch up to one.
func (j *Journal) pruneTo(tx *bolt.Tx, g generation, last uint64) error {
	events := tx.Bucket(eventsBucket)
	b := events.Get(eventKey(g.gen, last))
	if b == nil {
		return fmt.Errorf("%w: event %d is missing", boltfile.ErrDamaged, last)
	}
	first, anchor := g.pruned.seq+1, []byte(nil)
	g.pruned = point{last, hashOf(b)}
	if j.options.Sign != nil {
		var err error
		if anchor, err = j.options.Sign(g.epoch, last, g.pruned.hash); err != nil {
			return fmt.Errorf("journal: sign what was deleted: %w", err)
		}
	}
	for seq := first; seq <= last; seq++ {
		if err := events.Delete(eventKey(g.gen, seq)); err != nil {
			return err
		}
	}
	if err := tx.Bucket(metaBucket).Put(anchorKey(g.gen), anchor); err != nil {
		return err
	}
	return tx.Bucket(epochsBucket).Put(genKey(g.gen), g.bytes())
}
