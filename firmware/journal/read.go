package journal

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
)

// Recent gives the newest n events, newest first.
func (j *Journal) Recent(n int) ([]event.Record, error) {
	return newest(j.db.Load(), n, func(event.Record) bool { return true })
}

// List gives the newest n events that keep wants, newest first, of a state
// directory whose device is not running, or of a copy of its file. All if n is 0.
func List(path string, n int, keep func(event.Record) bool) (out []event.Record, err error) {
	db, err := openToRead(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	defer boltfile.Guard(&err)()
	return newest(db, n, keep)
}

func newest(db *bolt.DB, n int, keep func(event.Record) bool) ([]event.Record, error) {
	var out []event.Record
	err := db.View(func(tx *bolt.Tx) error {
		events := tx.Bucket(eventsBucket)
		if events == nil {
			return nil
		}
		c := events.Cursor()
		for k, v := c.Last(); k != nil && (n == 0 || len(out) < n); k, v = c.Prev() {
			r, err := event.Decode(v)
			if err != nil {
				return fmt.Errorf("journal: %w: run 'checkpoint journal verify'", err)
			}
			if keep(r) {
				out = append(out, r)
			}
		}
		return nil
	})
	return out, err
}

// openToRead changes nothing.
func openToRead(path string) (*bolt.DB, error) {
	file, err := fileOf(path)
	if err != nil {
		return nil, err
	}
	return openBolt(file, &bolt.Options{ReadOnly: true, Timeout: 300 * time.Millisecond, FreelistType: bolt.FreelistMapType})
}
