package journal

import (
	"fmt"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/layout"
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

// limit is how many bytes may be used when a write for p begins.
func (j *Journal) limit(p purpose) int64 {
	reserve := max(j.options.MaxSize/32, 512<<10)
	return j.options.MaxSize - 2*layout.AllocSize - int64(p)*reserve
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
			pruned, err = epochs.Prune(tx, 0, j.options.Sign)
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
