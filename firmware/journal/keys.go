package journal

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/marks"
)

// renewKeys begins the key of a new day and erases those whose time is over. The keys are on the
// disk before any mark is made with them. It needs writing.
func (j *Journal) renewKeys(now time.Time) error {
	if j.keys.Current(now) {
		return nil
	}
	if j.keys.Far(now) {
		if err := j.update(func(tx *bolt.Tx) error { return j.keys.EndFar(tx, now) }); err != nil {
			return err
		}
	}
	var renewed marks.Keys
	err := j.db.Load().View(func(tx *bolt.Tx) (err error) {
		renewed, err = j.keys.Renew(tx, now, j.options.Rand)
		return err
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := renewed.Write(j.dir); err != nil {
		return err
	}
	j.keys.Erase()
	j.keys = renewed
	return nil
}
