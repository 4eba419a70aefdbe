package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
)

const journalFile = "journal.db"

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
	path := filepath.Join(dir, journalFile)
	db, err := openFile(path, o)
	aside := ""
	if errors.Is(err, boltfile.ErrDamaged) {
		aside = path + ".damaged-" + o.Now().UTC().Format("20060102T150405.000000000Z")
		if err := errors.Join(os.Rename(path, aside), syncDir(dir)); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		db, err = openFile(path, o)
	}
	if err != nil {
		return nil, err
	}
	j := &Journal{options: o, dir: dir, aside: aside, changed: make(chan struct{}, 1), lanes: map[string]*Lane{}}
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

// openFile opens and checks the file. What is wrong with its content is boltfile.ErrDamaged.
func openFile(path string, o Options) (*bolt.DB, error) {
	options := &bolt.Options{
		Timeout:         time.Second,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: mapSize,
		MaxSize:         int(o.MaxSize),
		PageSize:        boltfile.PageSize,
	}
	db, err := openBolt(path, options)
	if err != nil {
		return nil, err
	}
	db.AllocSize = allocSize
	if err := sound(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// mapSize is mapped at once where there is room for it: a later, larger mapping
// would wait for every reader.
const mapSize = 1 << (20 + 10*(^uint(0)>>63)) // 1 GiB on 64 bit, else 1 MiB

func openBolt(path string, options *bolt.Options) (*bolt.DB, error) {
	db, err := boltfile.Open(path, options)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrHeld
	} else if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return db, nil
}

// sound checks the structure of the whole file, and that what is in it is ours.
func sound(db *bolt.DB) (err error) {
	defer boltfile.Guard(&err)()
	if err := boltfile.Check(db); err != nil {
		return err
	}
	return db.View(laidOut)
}

// laidOut checks that the buckets are ours, or that there are none yet.
func laidOut(tx *bolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return nil
	}
	want := buckets
	switch v := number(meta.Get(formatKey)); {
	case v > format:
		return ErrNewer
	case v == format:
		want = slices.Concat(buckets, later)
	case v != 1:
		return fmt.Errorf("%w: format %d", boltfile.ErrDamaged, v)
	}
	for _, b := range want {
		if tx.Bucket(b) == nil {
			return fmt.Errorf("%w: no bucket %q", boltfile.ErrDamaged, b)
		}
	}
	all, err := generations(tx)
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		return fmt.Errorf("%w: no epoch", boltfile.ErrDamaged)
	case number(meta.Get(formatKey)) < format:
		return nil
	}
	_, err1 := readBook(tx)
	_, err2 := readLeases(tx)
	return errors.Join(err1, err2)
}

// start begins a boot.
func (j *Journal) start() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	w, found, err := readWitness(j.dir)
	if err != nil {
		return err
	}
	var last generation // none if the file is new
	err = j.db.Load().View(func(tx *bolt.Tx) error {
		var err error
		last, err = j.judge(tx, w, found)
		return err
	})
	if err != nil {
		return err
	}
	w.Boot, w.Starting = j.boot, true
	if err := w.write(j.dir); err != nil {
		return err
	}
	now := j.options.Now()
	if err := j.writeLocked(atUpkeep, func(tx *bolt.Tx) error { return j.started(tx, now, w, last) }); err != nil {
		return err
	}
	if j.keys.list, err = readKeys(j.dir); err != nil {
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
	return j.observe()
}

// readCentre reads what the centre has ordered and leased.
func (j *Journal) readCentre() error {
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		book, err := readBook(tx)
		if err != nil {
			return err
		}
		j.book.Store(book)
		j.leases, err = readLeases(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// judge sets the number of this boot and decides whether the newest epoch goes on.
func (j *Journal) judge(tx *bolt.Tx, w witness, found bool) (last generation, err error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		j.boot, j.gen = w.Boot+1, 1
		switch {
		case j.aside != "":
			j.origin = Damaged
		case w.Epoch != 0:
			j.origin = Missing
		default:
			j.origin = First
		}
		return generation{}, nil
	}
	if d := string(meta.Get(deviceKey)); d != j.options.Device {
		return generation{}, fmt.Errorf("%w: it is of %q, this is %q", ErrOther, d, j.options.Device)
	}
	all, err := generations(tx)
	if err != nil {
		return generation{}, err
	}
	last = all[len(all)-1]
	boot := number(meta.Get(bootKey))
	j.boot = max(boot, w.Boot) + 1
	if found && boot <= w.Boot && (w.Starting && boot == w.Boot || w.held(tx, last)) {
		j.origin, j.gen, j.epoch = Continued, last.gen, last.epoch
		return last, nil
	}
	j.origin, j.gen = Restored, last.gen+1
	return last, nil
}

// started writes the first event of a boot, and makes its epoch if it is a new one.
func (j *Journal) started(tx *bolt.Tx, now time.Time, w witness, last generation) error {
	if err := migrate(tx); err != nil {
		return err
	}
	if j.origin != Continued {
		if err := j.begin(tx); err != nil {
			return err
		}
		if w.Epoch == 0 && last.gen != 0 { // the witness was lost: what the journal says
			w.Epoch, w.MarkSeq, w.MarkHash = last.epoch, last.marked.seq, hex.EncodeToString(last.marked.hash[:])
		}
	}
	if err := tx.Bucket(metaBucket).Put(bootKey, u64(j.boot)); err != nil {
		return err
	}
	return j.put(tx, event.Record{Boot: j.boot, Event: event.Event{At: now, Kind: event.Started, Note: j.origins(w)}})
}

// origins says where the epoch comes from, and what was known of the one before.
func (j *Journal) origins(before witness) map[string]string {
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

// migrate brings a new file, or one of an earlier format, to this one.
func migrate(tx *bolt.Tx) error {
	for _, b := range slices.Concat(buckets, later, [][]byte{begunBucket}) {
		if _, err := tx.CreateBucketIfNotExists(b); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(formatKey, u64(format))
}

// begin makes a new epoch, without marks, claims and leases; older events stay until the
// centre has them.
func (j *Journal) begin(tx *bolt.Tx) error {
	for _, b := range ofEpoch {
		if err := tx.DeleteBucket(b); err != nil {
			return err
		}
		if _, err := tx.CreateBucket(b); err != nil {
			return err
		}
	}
	var id [8]byte
	if err := j.options.random(id[:]); err != nil {
		return err
	}
	id[7] |= 1 // never 0
	j.epoch = number(id[:])
	if err := tx.Bucket(metaBucket).Put(deviceKey, []byte(j.options.Device)); err != nil {
		return err
	}
	return tx.Bucket(epochsBucket).Put(genKey(j.gen), epochState{epoch: j.epoch}.bytes())
}
