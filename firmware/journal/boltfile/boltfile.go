// Package boltfile opens bbolt files that a power cut, a dying card or somebody's hands
// may have damaged: whatever is wrong with the content is ErrDamaged, never a panic.
package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrDamaged means: the file is no sound bbolt file, or not what its owner wrote.
var ErrDamaged = errors.New("damaged")

// PageSize is twice the machine's: bbolt leaves three events on the page after a
// split, which is most of a smaller one.
const PageSize = 8 << 10

// Open opens a file whose pages have PageSize bytes. One that another program
// holds is bbolt's ErrTimeout.
func Open(path string, options *bolt.Options) (db *bolt.DB, err error) {
	defer Guard(&err)()
	if info, err := os.Stat(path); err == nil && info.Size() < 2*PageSize && (info.Size() > 0 || options.ReadOnly) {
		return nil, fmt.Errorf("%w: the file has %d bytes", ErrDamaged, info.Size())
	}
	db, err = bolt.Open(path, 0o600, options)
	if errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return db, err
}

// Guard turns a panic of bbolt, or a fault in the mapped file, into ErrDamaged:
// defer what it returns.
func Guard(err *error) func() {
	was := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(was)
		if r := recover(); r != nil {
			*err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}
}

// Check checks the structure of the whole file.
func Check(db *bolt.DB) (err error) {
	defer Guard(&err)()
	if err := checkPages(db.Path(), uint64(db.Info().PageSize)); err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		var first error
		for err := range tx.Check() { // to its end: it holds the transaction
			if first == nil {
				first = fmt.Errorf("%w: %w", ErrDamaged, err)
			}
		}
		return first
	})
}

// LastID is the number of the last transaction in the file.
func LastID(db *bolt.DB) (id int, err error) {
	err = db.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil })
	return id, err
}

// Revert takes a closed file back to transaction id, the last that was acknowledged. A
// later one, whose commit failed, may be in it, or half of it. bbolt writes the header of
// transaction n to page n%2 when all its other pages are synced, and touches no page
// that the transaction before it uses (go.etcd.io/bbolt v1.5.0 tx.go, writeMeta), so that a copy
// of the older header undoes the later one.
func Revert(path string, page int64, id uint64) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("boltfile: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			err = fmt.Errorf("boltfile: %w", err)
		}
	}()
	var headers [2][]byte
	for i := range headers {
		headers[i] = make([]byte, headerSize+metaSize)
		if _, err := f.ReadAt(headers[i], int64(i)*page); err != nil {
			return err
		}
	}
	ours, other := id%2, 1-id%2
	if at, whole := transactionOf(headers[ours]); !whole || at != id {
		return fmt.Errorf("%w: the header of the last acknowledged transaction is gone", ErrDamaged)
	}
	if at, whole := transactionOf(headers[other]); !whole || at <= id {
		return nil
	}
	back := bytes.Clone(headers[ours])
	native.PutUint64(back, other)
	_, err = f.WriteAt(back, int64(other)*page)
	return err
}

// transactionOf reads the number in a header page, and whether the page is whole.
func transactionOf(b []byte) (id uint64, whole bool) {
	m := b[headerSize:]
	sum := fnv.New64a()
	_, _ = sum.Write(m[:56]) // a hash takes everything
	return native.Uint64(m[48:]), sum.Sum64() == native.Uint64(m[56:])
}
