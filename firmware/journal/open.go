package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/erasable"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/firmware/journal/statefile"
)

// Origin is where the epoch of a journal comes from.
type Origin string

const (
	Continued Origin = "continued" // the epoch of the last start goes on
	First     Origin = "first"     // a new device
	Missing   Origin = "missing"   // the file was gone
	Damaged   Origin = "damaged"   // the file was damaged and has been set aside
	Restored  Origin = "restored"  // the file is an older copy, or the witness was lost
)

// Open opens the journal in dir, which it makes if need be: it checks the file,
// sets a damaged one aside, decides whether the epoch goes on, writes `started`,
// and releases with an `interrupted` event every claim that an earlier boot left
// open. Marks of identities outlive a restart; a new epoch has none.
func Open(dir string, o Options) (*Journal, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	path := filepath.Join(dir, layout.File)
	db, err := layout.Open(path, o.MaxSize)
	aside := ""
	if errors.Is(err, boltfile.ErrDamaged) {
		aside = path + ".damaged-" + o.Now().UTC().Format("20060102T150405.000000000Z")
		if err := errors.Join(os.Rename(path, aside), statefile.SyncDir(dir)); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		db, err = layout.Open(path, o.MaxSize)
	}
	if err != nil {
		return nil, err
	}
	j := &Journal{options: o, dir: dir, aside: aside, room: room.In(dir, o.MaxSize), changed: make(chan struct{}, 1), lanes: map[string]*Lane{}}
	j.db.Store(db)
	j.page = db.Info().PageSize
	if j.acked, err = boltfile.LastID(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := j.start(); err != nil {
		return nil, errors.Join(err, j.db.Load().Close())
	}
	return j, nil
}

// start begins a boot.
func (j *Journal) start() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	w, found, err := statefile.ReadWitness(j.dir)
	if err != nil {
		return err
	}
	var last epochs.Epoch // none if the file is new
	err = j.db.Load().View(func(tx *bolt.Tx) error {
		var err error
		last, err = j.judge(tx, w, found)
		return err
	})
	if err != nil {
		return err
	}
	w.Boot, w.Starting = j.boot, true
	if err := w.Write(j.dir); err != nil {
		return err
	}
	now := j.options.Now()
	if err := j.writeLocked(room.Upkeep, func(tx *bolt.Tx) error { return j.started(tx, now, w, last) }); err != nil {
		return err
	}
	if j.keys, err = marks.ReadKeys(j.dir); err != nil {
		return err
	}
	if err := j.readCentre(); err != nil {
		return err
	}
	if err := j.joinOrders(); err != nil {
		return err
	}
	if err := j.renewKeys(now); err != nil {
		return err
	}
	if err := j.interrupt(now); err != nil {
		return err
	}
	if err := j.eraseDue(now, -1); err != nil {
		return err
	}
	if _, err := j.askRoom(); err != nil {
		return err
	}
	return j.observe()
}

// readCentre reads what the centre has ordered and leased.
func (j *Journal) readCentre() error {
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		book, err := standing.Book(tx)
		if err != nil {
			return err
		}
		j.book.Store(book)
		j.leases, err = standing.Leases(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// judge sets the number of this boot and decides whether the newest epoch goes on.
func (j *Journal) judge(tx *bolt.Tx, w statefile.Witness, found bool) (last epochs.Epoch, err error) {
	if layout.New(tx) {
		j.boot, j.gen = w.Boot+1, 1
		switch {
		case j.aside != "":
			j.origin = Damaged
		case w.Epoch != 0:
			j.origin = Missing
		default:
			j.origin = First
		}
		return epochs.Epoch{}, nil
	}
	if d := epochs.Device(tx); d != j.options.Device {
		return epochs.Epoch{}, fmt.Errorf("%w: it is of %q, this is %q", ErrOther, d, j.options.Device)
	}
	all, err := epochs.All(tx)
	if err != nil {
		return epochs.Epoch{}, err
	}
	last = all[len(all)-1]
	boot := boltfile.Number(tx.Bucket(epochs.Meta).Get(bootKey))
	j.boot = max(boot, w.Boot) + 1
	if found && boot <= w.Boot && (w.Starting && boot == w.Boot || held(tx, w, last)) {
		j.origin, j.gen, j.epoch = Continued, last.Place, last.ID
		return last, nil
	}
	j.origin, j.gen = Restored, last.Place+1
	return last, nil
}

// started writes the first event of a boot, and makes its epoch if it is a new one.
func (j *Journal) started(tx *bolt.Tx, now time.Time, w statefile.Witness, last epochs.Epoch) error {
	if err := layout.Migrate(tx); err != nil {
		return err
	}
	if j.origin != Continued {
		if err := j.begin(tx); err != nil {
			return err
		}
		if err := erasable.Abandon(tx); err != nil { // an older copy has records of who went back since
			return err
		}
		if w.Epoch == 0 && last.Place != 0 { // the witness was lost: what the journal says
			w.Epoch, w.MarkSeq, w.MarkHash = last.ID, last.Marked.Seq, hex.EncodeToString(last.Marked.Hash[:])
		}
	}
	if err := tx.Bucket(epochs.Meta).Put(bootKey, boltfile.U64(j.boot)); err != nil {
		return err
	}
	return j.put(tx, event.Record{Boot: j.boot, Event: event.Event{At: now, Kind: event.Started, Note: j.origins(w)}})
}

// origins says where the epoch comes from, and what was known of the one before.
func (j *Journal) origins(before statefile.Witness) map[string]string {
	note := map[string]string{"origin": string(j.origin)}
	if j.origin == Continued {
		return note
	}
	if before.Epoch != 0 {
		note["previous_epoch"] = fmt.Sprintf("%016x", before.Epoch)
		note["previous_mark"], note["previous_mark_hash"] = strconv.FormatUint(before.MarkSeq, 10), before.MarkHash
	}
	if before.Seq != 0 {
		note["previous_seen"], note["previous_seen_hash"] = strconv.FormatUint(before.Seq, 10), before.Hash
	}
	return note
}

// Keys in epochs.Meta.
var (
	bootKey      = []byte("boot")      // boltfile.U64
	overruledKey = []byte("overruled") // Unix seconds, boltfile.U64
)

// begin makes a new epoch, without marks, claims and leases; older events stay until the
// centre has them.
func (j *Journal) begin(tx *bolt.Tx) error {
	if err := layout.EndEpoch(tx); err != nil {
		return err
	}
	var id [8]byte
	if err := j.options.random(id[:]); err != nil {
		return err
	}
	id[7] |= 1 // never 0
	j.epoch = boltfile.Number(id[:])
	if err := epochs.SetDevice(tx, j.options.Device); err != nil {
		return err
	}
	return epochs.Epoch{Place: j.gen, ID: j.epoch}.Put(tx)
}
