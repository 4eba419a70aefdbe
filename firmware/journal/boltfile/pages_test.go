package boltfile

import (
	"bytes"
	"errors"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// FuzzPages: no content makes the check panic, hang or read outside the file, and
// every page that it passes lies inside.
func FuzzPages(f *testing.F) {
	path := filepath.Join(f.TempDir(), "file.db")
	db, err := Open(path, &bolt.Options{PageSize: PageSize})
	if err != nil {
		f.Fatal(err)
	}
	for i := range 30 {
		err := db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("bucket " + strconv.Itoa(i%3)))
			if err != nil {
				return err
			}
			return b.Put([]byte(strconv.Itoa(i)), bytes.Repeat([]byte{'x'}, 700))
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	if err := errors.Join(Check(db), db.Close()); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	whole := pages{file: bytes.NewReader(data), size: PageSize}
	if err := whole.check(uint64(len(data)) / PageSize); err != nil || bits.OnesCount64(whole.seen[0]) < 6 {
		f.Fatal(err, whole.seen)
	}
	data = data[:whole.end*PageSize]
	f.Add(uint32(0), []byte{}, uint32(1))
	f.Add(uint32(3*PageSize), []byte{3, 0, 0, 0, 0, 0, 0, 0, branchFlag, 0, 1, 0}, uint32(3))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint32) {
		data := bytes.Clone(data[:len(data)-int(cut)%len(data)])
		copy(data[int(at)%len(data):], patch)
		p := pages{file: bytes.NewReader(data), size: PageSize}
		there := uint64(len(data)) / PageSize
		if there < 2 {
			return
		}
		if err := p.check(there); err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return
		}
		for i, set := range p.seen {
			if last := uint64(i*64 + bits.Len64(set)); last > there {
				t.Errorf("page %d of %d", last-1, there)
			}
		}
	})
}
