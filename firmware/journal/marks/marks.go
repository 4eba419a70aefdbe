// Package marks keeps in the journal's file which codes were used: a mark is pending while
// somebody is let through with the code, then the code has passed, or is free again (PROTOCOL
// C10). Identities are hashed under keys of the day that lie in a file of their own.
//
// Everything happens inside a transaction of the caller's.
package marks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/verdict"
)

var (
	marksBucket  = []byte("marks")  // HMAC of an identity → mark
	endsBucket   = []byte("ends")   // until, HMAC → nothing: marks in the order of their end
	claimsBucket = []byte("claims") // Claim → visit, HMACs: claims that are open
	keysBucket   = []byte("keys")   // id of a day key → the latest until of its marks
)

// Buckets are those that a file has. They end with an epoch.
var Buckets = [][]byte{marksBucket, endsBucket, claimsBucket, keysBucket}

// ErrVisit reports a claim that is nobody's.
var ErrVisit = errors.New("journal: a claim needs the number of its presentation")

const (
	macSize = 32 // HMAC-SHA-256
	// VisitSize is the bytes of a visit.
	VisitSize = 16
	// sweepBatch is how many ended marks are deleted at a time.
	sweepBatch = 64
)

// What a code is.
const (
	pending byte = 1
	passed  byte = 2
)

// Claim is one presentation that somebody is let through for.
type Claim struct {
	Boot, Presentation uint64
	Lane               string
}

const claimSize = 16 // and the lane's name

// Key is the claim as a key.
func (c Claim) Key() []byte {
	return append(append(boltfile.U64(c.Boot), boltfile.U64(c.Presentation)...), c.Lane...)
}

// readClaim reads a claim and its key; marks are the HMACs of what it counts.
func readClaim(k, v []byte) (c Claim, visit, marks []byte, err error) {
	if len(k) < claimSize || !event.ValidName(string(k[claimSize:])) || len(v) < VisitSize || (len(v)-VisitSize)%macSize != 0 {
		return c, nil, nil, fmt.Errorf("%w: a claim has %d and %d bytes", boltfile.ErrDamaged, len(k), len(v))
	}
	return Claim{binary.BigEndian.Uint64(k), binary.BigEndian.Uint64(k[8:]), string(k[claimSize:])}, v[:VisitSize], v[VisitSize:], nil
}

// Check finds what cannot be read: a start would not get past it.
func Check(tx *bolt.Tx) error {
	err := tx.Bucket(claimsBucket).ForEach(func(k, v []byte) error {
		_, _, _, err := readClaim(k, v)
		return err
	})
	if err != nil {
		return err
	}
	return tx.Bucket(marksBucket).ForEach(func(_, v []byte) error {
		_, err := readMark(v)
		return err
	})
}

// Open gives claims that are open, at most max.
func Open(tx *bolt.Tx, max int) ([]Claim, error) {
	var open []Claim
	c := tx.Bucket(claimsBucket).Cursor()
	for k, v := c.First(); k != nil && len(open) < max; k, v = c.Next() {
		claim, _, _, err := readClaim(k, v)
		if err != nil {
			return nil, err
		}
		open = append(open, claim)
	}
	return open, nil
}

// mark is the value of one in marksBucket.
type mark struct {
	state byte
	until time.Time
	claim []byte // key of whoever made it
}

func (m mark) bytes() []byte {
	return append(binary.BigEndian.AppendUint64([]byte{m.state}, uint64(m.until.Unix())), m.claim...)
}

func readMark(b []byte) (mark, error) {
	if len(b) < 9+claimSize {
		return mark{}, fmt.Errorf("%w: a mark has %d bytes", boltfile.ErrDamaged, len(b))
	}
	return mark{b[0], time.Unix(int64(binary.BigEndian.Uint64(b[1:])), 0), b[9:]}, nil
}

func endKey(until time.Time, mac []byte) []byte {
	return append(boltfile.U64(uint64(until.Unix())), mac...)
}

// Marked reports whether one of the identities is marked under any key that lives.
func (k *Keys) Marked(tx *bolt.Tx, now time.Time, counts []verdict.Count) (bool, error) {
	marks := tx.Bucket(marksBucket)
	for _, c := range counts {
		for _, key := range k.list {
			v := marks.Get(key.mac(c.Identity))
			if v == nil {
				continue
			}
			if m, err := readMark(v); err != nil || now.Before(m.until) {
				return true, err
			}
		}
	}
	return false, nil
}

// Claim opens a claim with pending marks of the identities under today's key: Renew came
// before. Visit has VisitSize bytes.
func (k *Keys) Claim(tx *bolt.Tx, claim Claim, visit []byte, counts []verdict.Count) error {
	if len(visit) != VisitSize {
		return ErrVisit
	}
	marks, ends, today, key := tx.Bucket(marksBucket), tx.Bucket(endsBucket), k.today(), claim.Key()
	value := bytes.Clone(visit)
	for _, c := range counts {
		mac, until := today.mac(c.Identity), ceil(c.Until)
		if v := marks.Get(mac); v != nil { // ended, or twice in this presentation
			was, err := readMark(v)
			if err != nil {
				return err
			}
			if until.Before(was.until) {
				until = was.until
			}
			if err := ends.Delete(endKey(was.until, mac)); err != nil {
				return err
			}
		}
		if err := marks.Put(mac, mark{pending, until, key}.bytes()); err != nil {
			return err
		}
		if err := ends.Put(endKey(until, mac), nil); err != nil {
			return err
		}
		if err := lastUntil(tx, today.id, until); err != nil {
			return err
		}
		value = append(value, mac...)
	}
	return tx.Bucket(claimsBucket).Put(key, value)
}

// ceil rounds up to the whole second in which marks end.
func ceil(t time.Time) time.Time { return t.Add(time.Second - 1).Truncate(time.Second) }

// Settle ends a claim, whose codes are used until their time is over, or free again. It gives
// the claim's visit; nil if there is no such claim.
func Settle(tx *bolt.Tx, claim Claim, used bool) (visit []byte, err error) {
	key := claim.Key()
	v := bytes.Clone(tx.Bucket(claimsBucket).Get(key))
	if v == nil {
		return nil, nil
	}
	_, visit, macs, err := readClaim(key, v)
	if err != nil {
		return nil, err
	}
	marks := tx.Bucket(marksBucket)
	for ; len(macs) > 0; macs = macs[macSize:] {
		mac := macs[:macSize]
		was := marks.Get(mac)
		if was == nil {
			continue // ended and swept
		}
		m, err := readMark(was)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(m.claim, key) {
			continue // ended, and another's by now
		}
		if used {
			err = marks.Put(mac, mark{passed, m.until, key}.bytes())
		} else {
			err = drop(tx, m.until, mac)
		}
		if err != nil {
			return nil, err
		}
	}
	return visit, tx.Bucket(claimsBucket).Delete(key)
}

// Sweep deletes some of the marks whose time is over, longest over first.
func Sweep(tx *bolt.Tx, now time.Time) error {
	c := tx.Bucket(endsBucket).Cursor()
	for range sweepBatch {
		k, _ := c.First()
		if len(k) != 8+macSize || now.Before(time.Unix(int64(binary.BigEndian.Uint64(k)), 0)) {
			return nil
		}
		k = bytes.Clone(k)
		if err := drop(tx, time.Unix(int64(binary.BigEndian.Uint64(k)), 0), k[8:]); err != nil {
			return err
		}
	}
	return nil
}

func drop(tx *bolt.Tx, until time.Time, mac []byte) error {
	if err := tx.Bucket(endsBucket).Delete(endKey(until, mac)); err != nil {
		return err
	}
	return tx.Bucket(marksBucket).Delete(mac)
}
