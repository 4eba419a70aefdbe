// Package erasable keeps in the journal's file, beside the chain, what must be erasable. The event
// holds only a salted commitment to it; whoever has salt and value can show that the event meant
// that value. Without the salt the commitment says nothing to anybody, and the chain stays whole
// (PROTOCOL C4).
//
// Everything happens inside a transaction of the caller's.
package erasable

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/boltfile"
)

var (
	besideBucket = []byte("beside") // place of an epoch, seq → Until in Unix seconds, Salt, Value
	termsBucket  = []byte("terms")  // Until, place, seq → nothing: records in the order of their end
	ofBucket     = []byte("of")     // an open claim → place, seq of its record
)

// Buckets of a file, which one of an earlier version has not.
var Buckets = [][]byte{besideBucket, termsBucket, ofBucket}

const (
	saltSize  = 16
	eventSize = 12 // place and seq
	// sweepBatch is how many are erased at a time.
	sweepBatch = 64
)

// Record is a value with the salt of its commitment.
type Record struct {
	Until time.Time // in whole seconds; it is erased then
	Salt  []byte
	Value []byte
}

// New salts a value.
func New(value []byte, until time.Time, random io.Reader) (Record, error) {
	r := Record{time.Unix(until.Unix(), 0), make([]byte, saltSize), value}
	_, err := io.ReadFull(random, r.Salt)
	return r, err
}

// Commitment is what the event says of it.
func (r Record) Commitment() string {
	sum := sha256.Sum256(append(bytes.Clone(r.Salt), r.Value...))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func read(v []byte) (Record, error) {
	if len(v) < 8+saltSize {
		return Record{}, fmt.Errorf("%w: a record beside an event has %d bytes", boltfile.ErrDamaged, len(v))
	}
	return Record{time.Unix(int64(binary.BigEndian.Uint64(v)), 0), bytes.Clone(v[8 : 8+saltSize]), bytes.Clone(v[8+saltSize:])}, nil
}

func eventKey(place uint32, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, place), seq)
}

// Put keeps the record of an event, which opens a claim.
func Put(tx *bolt.Tx, place uint32, seq uint64, claim []byte, r Record) error {
	key, until := eventKey(place, seq), boltfile.U64(uint64(r.Until.Unix()))
	value := append(append(bytes.Clone(until), r.Salt...), r.Value...)
	if err := tx.Bucket(besideBucket).Put(key, value); err != nil {
		return err
	}
	if err := tx.Bucket(termsBucket).Put(append(until, key...), nil); err != nil {
		return err
	}
	return tx.Bucket(ofBucket).Put(claim, key)
}

// Settle ends a claim: its record stays until its term if somebody has passed, else it is erased.
func Settle(tx *bolt.Tx, claim []byte, used bool) error {
	key := bytes.Clone(tx.Bucket(ofBucket).Get(claim))
	if key == nil {
		return nil
	}
	if !used {
		if until := tx.Bucket(besideBucket).Get(key); len(until) >= 8 { // else its term was over before
			if err := erase(tx, append(bytes.Clone(until[:8]), key...)); err != nil {
				return err
			}
		}
	}
	return tx.Bucket(ofBucket).Delete(claim)
}

// Abandon ends all claims that are open: of those nobody is known to have passed, and none of their
// records stays.
func Abandon(tx *bolt.Tx) error {
	var open [][]byte
	err := tx.Bucket(ofBucket).ForEach(func(claim, _ []byte) error {
		open = append(open, bytes.Clone(claim))
		return nil
	})
	for _, claim := range open {
		err = errors.Join(err, Settle(tx, claim, false))
	}
	return err
}

// Due reports whether the term of a record is over.
func Due(tx *bolt.Tx, now time.Time) bool {
	_, due := first(tx, now)
	return due
}

// Sweep erases some of those whose term is over. The file may hold their bytes until their pages
// are used again.
func Sweep(tx *bolt.Tx, now time.Time) error {
	for range sweepBatch {
		term, due := first(tx, now)
		if !due {
			return nil
		}
		if err := erase(tx, bytes.Clone(term)); err != nil {
			return err
		}
	}
	return nil
}

func first(tx *bolt.Tx, now time.Time) (term []byte, due bool) {
	term, _ = tx.Bucket(termsBucket).Cursor().First()
	return term, len(term) == 8+eventSize && int64(binary.BigEndian.Uint64(term)) <= now.Unix()
}

func erase(tx *bolt.Tx, term []byte) error {
	if err := tx.Bucket(besideBucket).Delete(term[8:]); err != nil {
		return err
	}
	return tx.Bucket(termsBucket).Delete(term)
}

// Get gives the record of an event, if there is one.
func Get(tx *bolt.Tx, place uint32, seq uint64) (r Record, there bool, err error) {
	b := tx.Bucket(besideBucket)
	if b == nil {
		return r, false, nil
	}
	v := b.Get(eventKey(place, seq))
	if v == nil {
		return r, false, nil
	}
	r, err = read(v)
	return r, err == nil, err
}

// Of gives the records of one epoch by the numbers of their events. One that cannot be read is
// the zero Record, to which no event commits.
func Of(tx *bolt.Tx, place uint32) iter.Seq2[uint64, Record] {
	return func(yield func(uint64, Record) bool) {
		b := tx.Bucket(besideBucket)
		if b == nil {
			return
		}
		c := b.Cursor()
		for k, v := c.Seek(eventKey(place, 0)); len(k) == eventSize && binary.BigEndian.Uint32(k) == place; k, v = c.Next() {
			r, _ := read(v)
			if !yield(binary.BigEndian.Uint64(k[4:]), r) {
				return
			}
		}
	}
}
