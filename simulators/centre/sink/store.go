package sink

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Store is the record: (device, epoch, seq) → hash + bytes, with everything counted in the
// same transaction.
type Store struct{ db *bolt.DB }

var (
	bEvents     = []byte("events")     // place → hash, then bytes
	bReceived   = []byte("received")   // place of the first of a run → when the run came, Unix nanoseconds: beside the time that events tell themselves
	bHigh       = []byte("high")       // device, epoch → highest seq up to which nothing is missing
	bCounts     = []byte("counts")     // name → number
	bQuarantine = []byte("quarantine") // what → Quarantined
)

// maxQuarantine bounds the batches kept that nobody could be believed for.
const maxQuarantine = 10_000

// Quarantined is one line of GET /quarantine.
type Quarantined struct {
	Reason string    `json:"reason"`
	Where  string    `json:"where"`
	At     time.Time `json:"at"`
	Bytes  []byte    `json:"bytes"`
}

// NewStore is the record in a database.
func NewStore(db *bolt.DB) (*Store, error) {
	err := db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bEvents, bReceived, bHigh, bCounts, bQuarantine, bCheckpoints} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	return &Store{db}, err
}

// chain is the key of a device's epoch; place the key of one event in it.
func chain(device string, epoch uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(device), 0), epoch)
}

func place(device string, epoch, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(chain(device, epoch), seq)
}

func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// session is one transaction of the record: what waits in the stream goes to disk together.
type session struct {
	tx                     *bolt.Tx
	events, received, high *bolt.Bucket
	now                    time.Time
	counted                map[string]uint64
}

// commit does something in one transaction, which is on disk when it returns.
func (s *Store) commit(do func(*session) error) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		se := &session{tx: tx, events: tx.Bucket(bEvents), received: tx.Bucket(bReceived), high: tx.Bucket(bHigh), now: time.Now(), counted: map[string]uint64{}}
		se.events.FillPercent = 1 // a device's events come in order: half a page left free would stay so
		if err := do(se); err != nil {
			return err
		}
		counts := tx.Bucket(bCounts)
		for name := range se.counted {
			if err := counts.Put([]byte(name), binary.BigEndian.AppendUint64(nil, se.count(name, 0))); err != nil {
				return err
			}
		}
		return nil
	})
}

// count adds to a counter, and says how high it is.
func (se *session) count(name string, n uint64) uint64 {
	se.counted[name] += n
	return number(se.tx.Bucket(bCounts).Get([]byte(name))) + se.counted[name]
}

// keep stores a batch and answers it with a mark: up to where nothing is
// missing; of a batch that adds nothing, at most its last event, with the hash of what is
// stored there, so that a device whose journal ends earlier than this record can compare.
// seq 0 = nothing to mark yet.
func (se *session) keep(b batch) (seq uint64, hash []byte, err error) {
	if err := se.keepAll(b); err != nil {
		return 0, nil, err
	}
	before := number(se.high.Get(chain(b.device, b.epoch)))
	seq = before
	if b.first <= seq+1 {
		seq = max(seq, b.last())
	}
	for se.events.Get(place(b.device, b.epoch, seq+1)) != nil {
		seq++
	}
	if b.first > before+1 && seq == before {
		se.count("gaps", 1)
	}
	if seq == 0 {
		return 0, nil, nil
	}
	if err := se.high.Put(chain(b.device, b.epoch), binary.BigEndian.AppendUint64(nil, seq)); err != nil {
		return 0, nil, err
	}
	if seq == before {
		seq = min(seq, b.last())
	}
	kept := se.events.Get(place(b.device, b.epoch, seq))
	if kept == nil { // the administrator gave it up
		return 0, nil, nil
	}
	return seq, bytes.Clone(kept[:sha256.Size]), nil
}

// keepAll stores what is new of a batch.
func (se *session) keepAll(b batch) error {
	first, last := place(b.device, b.epoch, b.first), place(b.device, b.epoch, b.last())
	next, _ := se.events.Cursor().Seek(first)
	known := next != nil && bytes.Compare(next, last) <= 0 // some of them may be here
	witnesses := se.tx.Bucket(bCheckpoints).Cursor()
	at, witnessed := witnesses.Seek(first)
	var before []byte // hash of the event before, as it is stored
	if kept := se.events.Get(place(b.device, b.epoch, b.first-1)); kept != nil {
		before = bytes.Clone(kept[:sha256.Size])
	}
	run := false // the event before came now
	for n, i := range b.items {
		key := binary.BigEndian.AppendUint64(first[:len(first)-8:len(first)-8], b.first+uint64(n))
		if known {
			if have := se.events.Get(key); have != nil {
				before, run = bytes.Clone(have[:sha256.Size]), false
				if bytes.Equal(before, i.hash[:]) {
					se.count("doubles", 1)
				} else if _, err := se.isolate(append(key, i.hash[:]...), "conflicts", "another event is stored under this number", b.where(n), i.bytes); err != nil {
					return err
				}
				continue
			}
		}
		for at != nil && bytes.Compare(at, key) < 0 {
			at, witnessed = witnesses.Next()
		}
		if bytes.Equal(at, key) && !bytes.Equal(witnessed[:sha256.Size], i.hash[:]) {
			se.count("tampered", 1) // the device said before what this event is, and it is another
		}
		if before != nil && i.prev != nil && !bytes.Equal(before, i.prev) {
			se.count("broken", 1)
		}
		if err := se.keepOne(b, n, key, i); err != nil {
			return err
		}
		if !run {
			if err := se.received.Put(key, binary.BigEndian.AppendUint64(nil, uint64(se.now.UnixNano()))); err != nil {
				return err
			}
		}
		before, run = i.hash[:], true
	}
	return nil
}

// keepOne stores an event that is new; of poison its hash, which stands for it in the chain.
func (se *session) keepOne(b batch, n int, key []byte, i item) error {
	if i.reason != "" {
		if _, err := se.isolate(append(key, i.hash[:]...), "quarantined", i.reason, b.where(n), i.bytes); err != nil {
			return err
		}
		return se.events.Put(key, bytes.Clone(i.hash[:]))
	}
	se.count("kind/"+i.kind, 1)
	se.count("device/"+b.device+"/"+i.kind, 1)
	return se.events.Put(key, append(i.hash[:len(i.hash):len(i.hash)], i.bytes...))
}

// isolate puts something into quarantine once and counts it; it says whether it was new.
func (se *session) isolate(key []byte, counter, reason, where string, data []byte) (bool, error) {
	bucket := se.tx.Bucket(bQuarantine)
	if bucket.Get(key) != nil {
		return false, nil
	}
	value, err := json.Marshal(Quarantined{reason, where, se.now, data})
	if err != nil {
		return false, err
	}
	se.count(counter, 1)
	return true, bucket.Put(key, value)
}

// refuse puts a whole message that could not be believed into quarantine.
func (se *session) refuse(subject string, data []byte, why error) (fresh bool, err error) {
	if se.count("refused", 0) >= maxQuarantine {
		return false, nil
	}
	sum := sha256.Sum256(append([]byte(subject+"\x00"), data...))
	fresh, err = se.isolate(append([]byte("\x00message\x00"), sum[:]...), "quarantined", why.Error(), subject, data)
	if fresh {
		se.count("refused", 1)
	}
	return fresh, err
}
