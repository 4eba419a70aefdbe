package sink

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Store is the record: (device, epoch, seq) → hash + bytes, with everything counted in the
// same transaction.
type Store struct{ db *bolt.DB }

var (
	bEvents     = []byte("events")     // place → hash, then bytes
	bReceived   = []byte("received")   // place → when it came, Unix nanoseconds: beside the time that the event itself tells
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

// keep stores a batch in one transaction and answers it with a mark: up to where nothing is
// missing; of a batch that adds nothing, at most its last event, with the hash of what is
// stored there, so that a device whose journal ends earlier than this record can compare.
// seq 0 = nothing to mark yet.
func (s *Store) keep(b batch) (seq uint64, hash []byte, err error) {
	err = s.db.Update(func(tx *bolt.Tx) error {
		events := tx.Bucket(bEvents)
		for n, i := range b.items {
			if err := keepOne(tx, b, b.first+uint64(n), i); err != nil {
				return err
			}
		}
		seq = number(tx.Bucket(bHigh).Get(chain(b.device, b.epoch)))
		before := seq
		for events.Get(place(b.device, b.epoch, seq+1)) != nil {
			seq++
		}
		if b.first > before+1 && seq == before {
			if err := count(tx, "gaps"); err != nil {
				return err
			}
		}
		if seq == 0 {
			return nil
		}
		if err := tx.Bucket(bHigh).Put(chain(b.device, b.epoch), binary.BigEndian.AppendUint64(nil, seq)); err != nil {
			return err
		}
		if seq == before {
			seq = min(seq, b.first+uint64(len(b.items))-1)
		}
		kept := events.Get(place(b.device, b.epoch, seq))
		if kept == nil { // the administrator gave it up
			seq = 0
			return nil
		}
		hash = bytes.Clone(kept[:sha256.Size])
		return nil
	})
	return seq, hash, err
}

func keepOne(tx *bolt.Tx, b batch, seq uint64, i item) error {
	events, key := tx.Bucket(bEvents), place(b.device, b.epoch, seq)
	where := fmt.Sprintf("%s/%016x/%d", b.device, b.epoch, seq)
	if have := events.Get(key); have != nil {
		if bytes.Equal(have[:sha256.Size], i.hash[:]) {
			return count(tx, "doubles")
		}
		_, err := isolate(tx, append(key, i.hash[:]...), "conflicts", Quarantined{"another event is stored under this number", where, time.Now(), i.bytes})
		return err
	}
	if witnessed := tx.Bucket(bCheckpoints).Get(key); witnessed != nil && !bytes.Equal(witnessed[:sha256.Size], i.hash[:]) {
		if err := count(tx, "tampered"); err != nil { // the device said before what this event is, and it is another
			return err
		}
	}
	value := append(i.hash[:], i.bytes...)
	if i.reason != "" {
		value = i.hash[:]
		if _, err := isolate(tx, append(key, i.hash[:]...), "quarantined", Quarantined{i.reason, where, time.Now(), i.bytes}); err != nil {
			return err
		}
	} else if err := errors.Join(count(tx, "kind/"+i.kind), count(tx, "device/"+b.device+"/"+i.kind)); err != nil {
		return err
	}
	if before := events.Get(place(b.device, b.epoch, seq-1)); before != nil && i.prev != nil && !bytes.Equal(before[:sha256.Size], i.prev) {
		if err := count(tx, "broken"); err != nil {
			return err
		}
	}
	return errors.Join(events.Put(bytes.Clone(key), bytes.Clone(value)),
		tx.Bucket(bReceived).Put(bytes.Clone(key), binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))))
}

// isolate puts something into quarantine once and counts it; it says whether it was new.
func isolate(tx *bolt.Tx, key []byte, counter string, q Quarantined) (bool, error) {
	bucket := tx.Bucket(bQuarantine)
	if bucket.Get(key) != nil {
		return false, nil
	}
	value, err := json.Marshal(q)
	if err != nil {
		return false, err
	}
	return true, errors.Join(bucket.Put(bytes.Clone(key), value), count(tx, counter))
}

// refuse puts a whole message that could not be believed into quarantine.
func (s *Store) refuse(subject string, data []byte, why error) (fresh bool, err error) {
	sum := sha256.Sum256(append([]byte(subject+"\x00"), data...))
	err = s.db.Update(func(tx *bolt.Tx) error {
		if number(tx.Bucket(bCounts).Get([]byte("refused"))) >= maxQuarantine {
			return nil
		}
		var err error
		fresh, err = isolate(tx, append([]byte("\x00message\x00"), sum[:]...), "quarantined", Quarantined{why.Error(), subject, time.Now(), data})
		if fresh && err == nil {
			err = count(tx, "refused")
		}
		return err
	})
	return fresh, err
}

func count(tx *bolt.Tx, name string) error {
	b := tx.Bucket(bCounts)
	return b.Put([]byte(name), binary.BigEndian.AppendUint64(nil, number(b.Get([]byte(name)))+1))
}
