package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/layout"
)

// retry is when the way back after a failed write is tried next.
type retry struct {
	at    time.Time // on the monotonic clock
	pause time.Duration
}

const (
	firstPause = time.Second
	longPause  = 10 * time.Second
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

// Tend does what is due and what nobody asks for: it tries the way back after a failed write, asks
// a full disk again for room, and erases what has reached its term. Claims do so too; a
// device on which nothing happens calls it now and then.
func (j *Journal) Tend() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.ready(); err != nil || j.closed {
		return err
	}
	if _, err := j.askRoom(); err != nil {
		return err
	}
	return j.eraseDue(j.options.Now(), erasesAtOnce)
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
	path := filepath.Join(j.dir, layout.File)
	if err := boltfile.Revert(path, int64(j.page), uint64(j.acked)); err != nil {
		return err
	}
	db, err := layout.Open(path, j.options.MaxSize)
	if err != nil {
		return err
	}
	id, err := boltfile.LastID(db)
	if err == nil && id != j.acked {
		err = fmt.Errorf("%w: it holds transaction %d, the last acknowledged is %d", boltfile.ErrDamaged, id, j.acked)
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	j.db.Store(db)
	return nil
}
