package bundle

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/tuf"
)

// A large set over a line that breaks is fetched piece by piece: what has arrived and was
// verified is kept by its hash until a set is in force, so that the next try goes on from there.

var bPartial = []byte("partial") // SHA-256 → bytes of a file that was fetched for a set not in force yet

// partialFlush is how many bytes are gathered for one transaction.
const partialFlush = 1 << 20

// arrived are files that were fetched.
type arrived struct {
	store *Store
	files map[string][]byte // by hash, not on the disk yet
	size  int
}

// add keeps one.
func (a *arrived) add(f tuf.Target, data []byte) (fileset.File, error) {
	if a.store != nil && f.Length >= tuf.Large {
		return a.store.spill(f, data)
	}
	if a.files == nil {
		a.files = map[string][]byte{}
	}
	a.files[string(f.Hash)] = data
	if a.size += len(data); a.size < partialFlush {
		return small(f, data), nil
	}
	return small(f, data), a.flush()
}

// flush writes what is not on the disk yet.
func (a *arrived) flush() error {
	if len(a.files) == 0 || a.store == nil {
		return nil
	}
	err := a.store.update(func(tx *bolt.Tx) error {
		kept := a.size
		tx.Bucket(bPartial).ForEach(func(_, data []byte) error { kept += len(data); return nil })
		if kept > 2*tuf.MaxSmall { // of sets that never came into force
			if err := forget(tx); err != nil {
				return err
			}
		}
		for hash, data := range a.files {
			if err := tx.Bucket(bPartial).Put([]byte(hash), data); err != nil {
				return err
			}
		}
		return nil
	})
	a.files, a.size = nil, 0
	return err
}

// earlier gives a file that an earlier try has fetched.
func (a *arrived) earlier(f tuf.Target) (file fileset.File, ok bool) {
	if a.store == nil {
		return file, false
	}
	if f.Length >= tuf.Large {
		file, err := a.store.spilt(f)
		return file, err == nil // a damaged one is fetched again
	}
	var data []byte
	_ = a.store.view(func(tx *bolt.Tx) error { // of a damaged store: fetched again
		data = bytes.Clone(tx.Bucket(bPartial).Get(f.Hash))
		return nil
	})
	return small(f, data), data != nil && f.Verify(data) == nil
}

// forget deletes them all: a set is in force, which has what it needs.
func forget(tx *bolt.Tx) error {
	if k, _ := tx.Bucket(bPartial).Cursor().First(); k == nil {
		return nil
	}
	if err := tx.DeleteBucket(bPartial); err != nil {
		return err
	}
	_, err := tx.CreateBucket(bPartial)
	return err
}
