// Package layout says what is in a journal's file: it opens the file, checks all of it, and
// brings one of an earlier format to this one.
package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/erasable"
	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/journal/standing"
)

var (
	// ErrHeld: bbolt allows one program at a time.
	ErrHeld = errors.New("journal: the running device holds the journal: stop it, or look at a copy")
	// ErrNone: where somebody looks there is no journal.
	ErrNone = errors.New("journal: there is none: give a device's state directory, or a copy of its journal.db")
	// ErrNewer: it does not open backward.
	ErrNewer = errors.New("journal: written by a newer version: install that version, or set the state directory aside")
)

// File is its name in a state directory.
const File = "journal.db"

// AllocSize is how much bbolt grows ahead, and by how much it stops before its maximum.
const AllocSize = 256 << 10

// mapSize is mapped at once where there is room for it: a later, larger mapping
// would wait for every reader.
const mapSize = 1 << (20 + 10*(^uint(0)>>63)) // 1 GiB on 64 bit, else 1 MiB

// format is the version of this layout.
const format = 2

var formatKey = []byte("format")

// Lanes is the bucket that names the lanes that are evacuated.
var Lanes = []byte("lanes")

// of gives the buckets that a file of a format has.
func of(format uint64) [][]byte {
	all := slices.Concat(epochs.Buckets, marks.Buckets, [][]byte{Lanes})
	if format > 1 {
		all = append(all, standing.Buckets...)
	}
	return all
}

// Open opens a file of at most maxSize bytes to write, makes it if need be, and checks all of it.
// What is wrong with its content is boltfile.ErrDamaged.
func Open(path string, maxSize int64) (*bolt.DB, error) {
	db, err := open(path, &bolt.Options{
		Timeout:         time.Second,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: mapSize,
		MaxSize:         int(maxSize),
		PageSize:        boltfile.PageSize,
	})
	if err != nil {
		return nil, err
	}
	db.AllocSize = AllocSize
	if err := Check(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// OpenToRead opens the file of a state directory, or a file, to read it. It changes nothing and
// checks nothing.
func OpenToRead(path string) (*bolt.DB, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, File)
		_, err = os.Stat(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	} else if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return open(path, &bolt.Options{ReadOnly: true, Timeout: 300 * time.Millisecond, FreelistType: bolt.FreelistMapType})
}

func open(path string, options *bolt.Options) (*bolt.DB, error) {
	db, err := boltfile.Open(path, options)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrHeld
	} else if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return db, nil
}

// Check checks the structure of the whole file, and that what is in it is ours.
func Check(db *bolt.DB) (err error) {
	defer boltfile.Guard(&err)()
	if err := boltfile.Check(db); err != nil {
		return err
	}
	return db.View(laidOut)
}

// laidOut checks that the buckets are ours, or that there are none yet.
func laidOut(tx *bolt.Tx) error {
	if New(tx) {
		return nil
	}
	v := boltfile.Number(tx.Bucket(epochs.Meta).Get(formatKey))
	switch {
	case v > format:
		return ErrNewer
	case v == 0:
		return fmt.Errorf("%w: format %d", boltfile.ErrDamaged, v)
	}
	for _, b := range of(v) {
		if tx.Bucket(b) == nil {
			return fmt.Errorf("%w: no bucket %q", boltfile.ErrDamaged, b)
		}
	}
	all, err := epochs.All(tx)
	switch err1 := marks.Check(tx); {
	case err != nil || err1 != nil:
		return errors.Join(err, err1)
	case len(all) == 0:
		return fmt.Errorf("%w: no epoch", boltfile.ErrDamaged)
	case v < format:
		return nil
	}
	_, err1 := standing.Book(tx)
	_, err2 := standing.Leases(tx)
	return errors.Join(err1, err2)
}

// New reports whether a file is new: nothing is in it.
func New(tx *bolt.Tx) bool { return tx.Bucket(epochs.Meta) == nil }

// Migrate brings a new file, or one of an earlier format, to this one.
func Migrate(tx *bolt.Tx) error {
	for _, b := range slices.Concat(of(format), standing.Later, erasable.Buckets) {
		if _, err := tx.CreateBucketIfNotExists(b); err != nil {
			return err
		}
	}
	return tx.Bucket(epochs.Meta).Put(formatKey, boltfile.U64(format))
}

// EndEpoch empties the buckets that end with an epoch: what was marked, claimed or leased is
// another's then.
func EndEpoch(tx *bolt.Tx) error {
	for _, b := range slices.Concat(marks.Buckets, standing.Epoch) {
		if err := tx.DeleteBucket(b); err != nil {
			return err
		}
		if _, err := tx.CreateBucket(b); err != nil {
			return err
		}
	}
	return nil
}
