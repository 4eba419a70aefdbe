package journal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// retry is when the way back after a failed write is tried next.
type retry struct {
	at    time.Time // on the monotonic clock
	pause time.Duration
}

const (
	firstPause = time.Second
	longPause  = time.Minute
)

func (r retry) later() retry {
	p := min(max(firstPause, 2*r.pause), longPause)
	return retry{time.Now().Add(p), p}
}

// fail closes the file after a write of which only reading it anew tells what it did.
// Until it is back nothing is read either: what was not acknowledged must not go to the
// centre. It needs writing.
func (j *Journal) fail(why error) {
	j.failed, j.retry = why, j.retry.later()
	_ = j.db.Load().Close() // whatever it says, it is closed
}

// Recover tries the way back after a failed write, if there was one and it is time:
// writes try it by themselves, and a device on which nothing happens calls it now and then.
func (j *Journal) Recover() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.ready()
}

// ready reports whether there is a file to write to. It needs writing.
func (j *Journal) ready() error {
	if j.failed == nil || j.closed {
		return j.failed
	}
	if time.Now().Before(j.retry.at) {
		return fmt.Errorf("%w: %w", ErrFailed, j.failed)
	}
	if err := j.reopen(); err != nil {
		j.failed, j.retry = err, j.retry.later()
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	j.failed = nil
	return nil
}

// reopen takes the file back to what was acknowledged last, checks all of it and goes on.
// A file that is damaged stays closed: the next start sets it aside.
func (j *Journal) reopen() error {
	path := filepath.Join(j.dir, journalFile)
	if err := revert(path, int64(j.page), uint64(j.acked)); err != nil {
		return err
	}
	db, err := openFile(path, j.options)
	if err != nil {
		return err
	}
	id, err := idOf(db)
	if err == nil && id != j.acked {
		err = fmt.Errorf("%w: it holds transaction %d, the last acknowledged is %d", errDamaged, id, j.acked)
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	j.db.Store(db)
	return nil
}

// idOf is the number of the last transaction in the file.
func idOf(db *bolt.DB) (id int, err error) {
	err = db.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil })
	return id, err
}

// revert takes a closed file back to transaction id, the last that was acknowledged. A
// later one, whose commit failed, may be in it, or half of it. bbolt writes the header of
// transaction n to page n%2 when all its other pages are synced, and touches no page
// that the transaction before it uses (go.etcd.io/bbolt v1.5.0 tx.go, writeMeta), so that a copy
// of the older header undoes the later one.
func revert(path string, page int64, id uint64) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			err = fmt.Errorf("journal: %w", err)
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
		return fmt.Errorf("%w: the header of the last acknowledged transaction is gone", errDamaged)
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
