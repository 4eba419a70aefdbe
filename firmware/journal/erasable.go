package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
)

// What must be erasable is not in the chain: an event holds only a salted commitment to it,
// and salt and value stand beside. Whoever has both can show that the event meant that value;
// without the salt the commitment says nothing to anybody, and the chain stays whole.

// erasableBucket holds eventKey, name → time, salt, value. It is made with the first of them.
var erasableBucket = []byte("erasable")

const saltSize = 16

func eventKey(place uint32, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, place), seq)
}

// Erasable is a value with the salt of its commitment.
type Erasable struct{ Salt, Value []byte }

// Commitment is what the event's note says of it.
func (e Erasable) Commitment() string {
	sum := sha256.Sum256(append(bytes.Clone(e.Salt), e.Value...))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// AppendErasable writes an event whose notes of some names are commitments to values that can be
// erased later. The values do not leave with the event.
func (l *Lane) AppendErasable(e event.Event, values map[string][]byte) error {
	note, kept := make(map[string]string, len(e.Note)+len(values)), map[string]Erasable{}
	for name, text := range e.Note {
		note[name] = text
	}
	for name, value := range values {
		secret := Erasable{make([]byte, saltSize), value}
		if err := l.journal.options.random(secret.Salt); err != nil {
			return err
		}
		note[name], kept[name] = secret.Commitment(), secret
	}
	e.Note = note
	return l.journal.write(atAppend, func(tx *bolt.Tx) error {
		r, err := l.record(e)
		if err != nil {
			return err
		}
		if err := l.journal.put(tx, r); err != nil {
			return err
		}
		in, err := epochs.At(tx, l.journal.gen)
		if err != nil {
			return err
		}
		head := in.Head(tx)
		b, err := tx.CreateBucketIfNotExists(erasableBucket)
		if err != nil {
			return err
		}
		at := boltfile.U64(uint64(l.journal.options.Now().Unix()))
		for name, secret := range kept {
			value := append(append(bytes.Clone(at), secret.Salt...), secret.Value...)
			if err := b.Put(append(eventKey(in.Place, head.Seq), name...), value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Erasables gives what stands beside an event of an epoch, by name; none if it was erased.
func (j *Journal) Erasables(epoch, seq uint64) (map[string]Erasable, error) {
	out := map[string]Erasable{}
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		in, _, err := epochs.Find(tx, epoch)
		b := tx.Bucket(erasableBucket)
		if err != nil || b == nil {
			return err
		}
		prefix, c := eventKey(in.Place, seq), b.Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if len(v) < 8+saltSize {
				return fmt.Errorf("%w: an erasable value has %d bytes", boltfile.ErrDamaged, len(v))
			}
			out[string(k[len(prefix):])] = Erasable{bytes.Clone(v[8 : 8+saltSize]), bytes.Clone(v[8+saltSize:])}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return out, nil
}

// eraseBatch bounds one transaction.
const eraseBatch = 1000

// Erase deletes salts and values that were written before a time, and says how many. The file may
// hold their bytes until their pages are used again.
func (j *Journal) Erase(before time.Time) (erased int, err error) {
	for again := true; again; {
		err = j.write(atUpkeep, func(tx *bolt.Tx) error {
			again = false
			b := tx.Bucket(erasableBucket)
			if b == nil {
				return nil
			}
			var old [][]byte
			c := b.Cursor()
			for k, v := c.First(); k != nil && len(old) < eraseBatch; k, v = c.Next() {
				if len(v) < 8 || int64(binary.BigEndian.Uint64(v)) < before.Unix() {
					old = append(old, bytes.Clone(k))
				}
			}
			for _, k := range old {
				if err := b.Delete(k); err != nil {
					return err
				}
			}
			erased += len(old)
			again = len(old) == eraseBatch
			return nil
		})
		if err != nil {
			return erased, err
		}
	}
	return erased, nil
}
