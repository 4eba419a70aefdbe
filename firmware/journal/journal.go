// Package journal keeps what happened: events in a hash chain, the marks of codes
// that count once, and how far the centre has confirmed, all in one file.
//
// Of a state directory four files are its:
//
//   - journal.db, the bbolt file.
//   - boot.json, the witness (package statefile): the boot counter and a late state of the chain, written
//     only after the journal holds that state. A journal that lacks it was
//     restored from a copy, and goes on under a new epoch, without marks.
//   - day.key, the keys under which identities are hashed. It is never copied; without
//     it the marks in the journal say nothing about anybody.
//   - orders.json, a copy of what the centre has ordered: where the journal is lost or an
//     older copy, what it halts stays halted.
//
// All methods may be called from several goroutines. What has returned without an
// error is on the disk.
package journal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/order"
)

var (
	// ErrMark: the centre's mark does not fit this journal.
	ErrMark = errors.New("journal: the centre's mark does not fit: run 'checkpoint journal verify'")
	// ErrOther: the state directory is another device's.
	ErrOther = errors.New("journal: the state directory belongs to another device: give this one its own")
	// ErrFailed: a write failed, and the file could not be taken back yet to what was acknowledged.
	ErrFailed = errors.New("journal: a write failed, it is tried again: if it stays, replace the storage")
	// ErrAhead: the centre's mark is of an epoch that has ended, and beyond its last event here.
	ErrAhead = errors.New("journal: the centre holds more of an ended epoch than this journal, whose own events it has yet to name")
	// ErrNoUntil: an identity without an end would never count again, or always.
	ErrNoUntil = errors.New("journal: a count has no end")
)

// DefaultMaxSize holds about 400,000 events.
const DefaultMaxSize = 512 << 20

// minMaxSize leaves room for the reserves and for bbolt's growing ahead.
const minMaxSize = 4 << 20

// DefaultKeep is how many confirmed events stay for the attendant.
const DefaultKeep = 2000

// Signer signs a checkpoint with the device's key: that an event of an epoch has that hash.
type Signer func(epoch, seq uint64, hash [32]byte) ([]byte, error)

// Options of a journal.
type Options struct {
	Device, Site string           // event.ValidName
	Now          func() time.Time // time.Now if nil; judges when an identity may count again
	Latest       func() time.Time // the latest time that it may be, by which orders begin; Now if nil
	Rand         io.Reader        // crypto/rand if nil
	MaxSize      int64            // of journal.db in bytes; DefaultMaxSize if 0, at least 4 MiB
	Keep         int              // newest events that stay although confirmed; DefaultKeep if 0

	Sign       Signer            // signs what was the last event to be deleted; nil: nobody does
	Directions map[string]string // of each lane: in, out or none; what orders and quotas may speak of
	Version    string            // of the program, "1.4.0": the centre may order a least one
}

// Journal is an open state directory.
type Journal struct {
	options Options
	dir     string
	db      atomic.Pointer[bolt.DB] // replaced after a failed write; closed in between
	changed chan struct{}
	book    atomic.Pointer[order.Book]   // as on the disk, never changed once it is here
	refused atomic.Pointer[order.Book]   // halts that the file could not take yet; nil for none
	quotas  atomic.Pointer[order.Quotas] // in force; nil for none

	movements atomic.Pointer[movement.Rule] // in force; nil for none

	writing sync.Mutex // serialises what changes the file, and guards the rest
	boot    uint64
	gen     uint32 // of the current epoch: its place in the order of epochs
	epoch   uint64
	origin  Origin
	aside   string
	page    int   // bytes of a page of the file
	acked   int   // the last transaction that was acknowledged
	failed  error // of the write since which nothing was written
	retry   retry
	closed  bool
	keys    marks.Keys
	leases  *order.Leases // as on the disk
	since   int           // events since the witness was written
	room    room.Room
	lanes   map[string]*Lane
}

// Lane writes the events of one lane.
type Lane struct {
	journal *Journal
	name    string
	asked   uint64 // the last presentation, and
	visit   string // its visit
	decided string // where its verdict stands, "<epoch>/<seq>"
}

// Lane returns the lane of that name (event.ValidName; else every write fails).
func (j *Journal) Lane(name string) *Lane {
	j.writing.Lock()
	defer j.writing.Unlock()
	l := j.lanes[name]
	if l == nil {
		l = &Lane{journal: j, name: name}
		j.lanes[name] = l
	}
	return l
}

// Changed wakes its one reader after an append. It is never closed.
func (j *Journal) Changed() <-chan struct{} { return j.changed }

// Recent gives the newest n events, newest first.
func (j *Journal) Recent(n int) (out []event.Record, err error) {
	err = j.db.Load().View(func(tx *bolt.Tx) error {
		out, err = epochs.Newest(tx, n, func(event.Record) bool { return true })
		return err
	})
	return out, err
}

// Append writes an event of the whole device.
func (j *Journal) Append(e event.Event) error {
	return j.write(room.Append, func(tx *bolt.Tx) error {
		return j.put(tx, event.Record{Boot: j.boot, Event: e})
	})
}

// Append writes an event of the lane.
func (l *Lane) Append(e event.Event) error {
	return l.journal.write(room.Append, func(tx *bolt.Tx) error {
		r, err := l.record(e)
		if err != nil {
			return err
		}
		return l.journal.put(tx, r)
	})
}

// record gives e its lane and visit. It needs writing.
func (l *Lane) record(e event.Event) (event.Record, error) {
	r := event.Record{Position: event.Position{Lane: l.name}, Boot: l.journal.boot, Event: e}
	if e.Presentation == 0 {
		return r, nil
	}
	if l.asked != e.Presentation {
		var id [marks.VisitSize]byte
		if err := l.journal.options.random(id[:]); err != nil {
			return r, err
		}
		l.asked, l.visit, l.decided = e.Presentation, hex.EncodeToString(id[:]), ""
	}
	r.Visit = l.visit
	return r, nil
}

// Evacuated reports whether the lane's last word is that it was evacuated, and
// nobody has secured it since.
func (l *Lane) Evacuated() bool {
	evacuated := false
	_ = l.journal.db.Load().View(func(tx *bolt.Tx) error { // of a closed journal: nothing is known
		evacuated = len(tx.Bucket(layout.Lanes).Get([]byte(l.name))) > 0
		return nil
	})
	return evacuated
}

// put appends r to the chain of the current epoch.
func (j *Journal) put(tx *bolt.Tx, r event.Record) error {
	e, err := epochs.At(tx, j.gen)
	if err != nil {
		return err
	}
	head := e.Head(tx)
	r.At = j.stamp(r.At)
	r.Device, r.Site, r.Epoch, r.Seq, r.Prev = j.options.Device, j.options.Site, e.ID, head.Seq+1, head.Hash
	j.cite(&r)
	b, err := event.Encode(r)
	if err != nil {
		return err
	}
	if err := e.Append(tx, r.Seq, b); err != nil {
		return err
	}
	switch {
	case r.Lane == "":
		return nil
	case r.Kind == event.Evacuated:
		return tx.Bucket(layout.Lanes).Put([]byte(r.Lane), []byte{1})
	case r.Kind == event.Secured:
		return tx.Bucket(layout.Lanes).Delete([]byte(r.Lane))
	}
	return nil
}

// stamp gives the checked time of an event. Its own wall clock is not believed; the
// monotonic clock, if the event has read it, tells how long ago it was.
func (j *Journal) stamp(at time.Time) time.Time {
	now := j.options.Now()
	if at == at.Round(0) {
		return now
	}
	return now.Add(-max(time.Since(at), 0))
}

// write runs fn in one transaction, if there is room for what it is for.
func (j *Journal) write(p room.Purpose, fn func(*bolt.Tx) error) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.ready(); err != nil {
		return err
	}
	return j.writeLocked(p, fn)
}

func (j *Journal) writeLocked(p room.Purpose, fn func(*bolt.Tx) error) error {
	if err := j.makeRoom(p); err != nil {
		return err
	}
	if err := j.update(fn); err != nil {
		return err
	}
	if j.since++; j.since >= witnessEvery {
		_ = j.observe() // an older witness is as true; the next write tries again
	}
	if p != room.Upkeep {
		j.wake()
	}
	return nil
}

func (j *Journal) wake() {
	select {
	case j.changed <- struct{}{}:
	default:
	}
}

// sizes are the bytes of the file that bbolt has taken into use, and those of them that are not
// free for new pages.
func (j *Journal) sizes() (size, used int64, err error) {
	if err := j.db.Load().View(func(tx *bolt.Tx) error { size = tx.Size(); return nil }); err != nil {
		return 0, 0, fmt.Errorf("journal: %w", err)
	}
	s := j.db.Load().Stats()
	return size, size - int64(s.FreePageN+s.PendingPageN)*boltfile.PageSize, nil
}

// askRoom has the disk give room ahead, and says how much is used. It needs writing.
func (j *Journal) askRoom() (used int64, err error) {
	size, used, err := j.sizes()
	if err == nil {
		j.room.Ask(size, used)
	}
	return used, err
}

// makeRoom deletes confirmed events, oldest first, until p has room.
func (j *Journal) makeRoom(p room.Purpose) error {
	for p != room.Upkeep {
		used, err := j.askRoom()
		if err != nil {
			return err
		}
		full := j.room.Full(p, used)
		if full == nil {
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
			return full
		}
	}
	return nil
}

// update runs fn in one transaction and syncs it. It needs writing.
func (j *Journal) update(fn func(*bolt.Tx) error) error {
	if j.failed != nil {
		return fmt.Errorf("%w: %w", ErrFailed, j.failed)
	}
	var refused error
	id := 0
	err := j.db.Load().Update(func(tx *bolt.Tx) error {
		id, refused = tx.ID(), fn(tx)
		return refused
	})
	switch {
	case err == nil:
		j.acked, j.retry = id, retry{}
		return nil
	case refused != nil:
		return refused
	case errors.Is(err, berrors.ErrMaxSizeReached):
		return room.ErrFull
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		err = fmt.Errorf("%w: make room in %s", err, j.dir)
		j.fail(err)
	case !errors.Is(err, berrors.ErrDatabaseNotOpen):
		j.fail(err)
	}
	return fmt.Errorf("journal: %w", err)
}

// Close writes the witness and closes the file.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	var err error
	if j.failed == nil {
		err = j.observe()
	}
	j.keys.Erase()
	return errors.Join(err, j.db.Load().Close())
}

// random fills b.
func (o Options) random(b []byte) error {
	if _, err := io.ReadFull(o.Rand, b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (o Options) withDefaults() (Options, error) {
	if !event.ValidName(o.Device) || !event.ValidName(o.Site) {
		return o, event.ErrName
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Latest == nil {
		o.Latest = o.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if o.MaxSize < minMaxSize {
		return o, fmt.Errorf("journal: a maximum of %d bytes is too small: allow at least %d", o.MaxSize, minMaxSize)
	}
	return o, nil
}
