package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/verdict"
)

const (
	macSize   = 32 // HMAC-SHA-256
	visitSize = 16
)

// sweepBatch is how many ended marks one claim deletes.
const sweepBatch = 64

// Claim writes e, which opens a claim of its presentation, with a pending mark for
// each identity that e's verdict counts, in one transaction. It answers
// verdict.Replayed and writes nothing if one of them is marked already, by any lane
// of this device, and its time is not over, and verdict.Expired if the time of one is
// over already, so that it could not be marked; verdict.Halted if an order of the
// centre stops the lane, and verdict.Exhausted if a quota has no token left; else the
// empty reason. With an error, or a reason, nothing may pass.
func (l *Lane) Claim(e event.Event) (verdict.Reason, error) {
	j := l.journal
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.ready(); err != nil {
		return "", err
	}
	now := j.options.Now()
	for _, c := range e.Verdict.Counts {
		switch {
		case c.Until.IsZero():
			return "", ErrNoUntil
		case !now.Before(c.Until):
			return verdict.Expired, nil
		}
	}
	if err := j.renewKeys(now); err != nil {
		return "", err
	}
	if l.halted(e.Verdict) {
		j.noteBegun()
		return verdict.Halted, nil
	}
	due := l.due(e.Verdict, now)
	err := j.writeLocked(atClaim, func(tx *bolt.Tx) error {
		if replayed, err := j.marked(tx, now, e.Verdict.Counts); err != nil {
			return err
		} else if replayed {
			return errReplayed
		}
		if err := sweep(tx, now); err != nil {
			return err
		}
		r, err := l.record(e)
		if err != nil {
			return err
		}
		key := claimKey(j.boot, e.Presentation, l.name)
		if err := j.spend(tx, now, key, due); err != nil {
			return err
		}
		macs, err := j.mark(tx, key, e.Verdict.Counts)
		if err != nil {
			return err
		}
		visit, err := hex.DecodeString(r.Visit)
		if err != nil || len(visit) != visitSize {
			return fmt.Errorf("journal: a claim needs the number of its presentation")
		}
		if err := tx.Bucket(claimsBucket).Put(key, append(visit, macs...)); err != nil {
			return err
		}
		return j.put(tx, r)
	})
	switch {
	case errors.Is(err, errReplayed):
		return verdict.Replayed, nil
	case errors.Is(err, errExhausted):
		return verdict.Exhausted, nil
	}
	return "", err
}

// errReplayed rolls a claim back.
var errReplayed = errors.New("journal: replayed")

// marked reports whether one of the identities is marked under any key that lives.
func (j *Journal) marked(tx *bolt.Tx, now time.Time, counts []verdict.Count) (bool, error) {
	marks := tx.Bucket(marksBucket)
	for _, c := range counts {
		for _, k := range j.keys.list {
			v := marks.Get(k.mac(c.Identity))
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

// mark writes pending marks under today's key and gives their HMACs, one after the other.
func (j *Journal) mark(tx *bolt.Tx, claim []byte, counts []verdict.Count) ([]byte, error) {
	marks, ends, today := tx.Bucket(marksBucket), tx.Bucket(endsBucket), j.keys.today()
	var macs []byte
	for _, c := range counts {
		mac, until := today.mac(c.Identity), ceil(c.Until)
		if v := marks.Get(mac); v != nil { // ended, or twice in this presentation
			was, err := readMark(v)
			if err != nil {
				return nil, err
			}
			if until.Before(was.until) {
				until = was.until
			}
			if err := ends.Delete(endKey(was.until, mac)); err != nil {
				return nil, err
			}
		}
		if err := marks.Put(mac, mark{pending, until, claim}.bytes()); err != nil {
			return nil, err
		}
		if err := ends.Put(endKey(until, mac), nil); err != nil {
			return nil, err
		}
		if err := lastUntil(tx, today.id, until); err != nil {
			return nil, err
		}
		macs = append(macs, mac...)
	}
	return macs, nil
}

// ceil rounds up to the whole second in which marks end.
func ceil(t time.Time) time.Time { return t.Add(time.Second - 1).Truncate(time.Second) }

// Settle writes e and ends the claim of its presentation, if there is one: the code
// is used until its time is over, or free again.
func (l *Lane) Settle(e event.Event, passed bool) error {
	return l.journal.write(atAppend, func(tx *bolt.Tx) error {
		r, err := l.record(e)
		if err != nil {
			return err
		}
		if visit, err := settle(tx, claimKey(l.journal.boot, e.Presentation, l.name), passed); err != nil {
			return err
		} else if visit != "" {
			r.Visit = visit
		}
		return l.journal.put(tx, r)
	})
}

// settle ends a claim and gives its visit; empty if there is no such claim.
func settle(tx *bolt.Tx, claim []byte, used bool) (string, error) {
	v := bytes.Clone(tx.Bucket(claimsBucket).Get(claim))
	if v == nil {
		return "", nil
	}
	if len(v) < visitSize || (len(v)-visitSize)%macSize != 0 {
		return "", fmt.Errorf("%w: a claim has %d bytes", boltfile.ErrDamaged, len(v))
	}
	visit, marks := hex.EncodeToString(v[:visitSize]), tx.Bucket(marksBucket)
	for macs := v[visitSize:]; len(macs) > 0; macs = macs[macSize:] {
		mac := macs[:macSize]
		was := marks.Get(mac)
		if was == nil {
			continue // ended and swept
		}
		m, err := readMark(was)
		if err != nil {
			return "", err
		}
		if !bytes.Equal(m.claim, claim) {
			continue // ended, and another's by now
		}
		if used {
			err = marks.Put(mac, mark{passed, m.until, claim}.bytes())
		} else {
			err = drop(tx, m.until, mac)
		}
		if err != nil {
			return "", err
		}
	}
	if err := giveBack(tx, claim, used); err != nil {
		return "", err
	}
	return visit, tx.Bucket(claimsBucket).Delete(claim)
}

// sweep deletes the marks whose time is over, longest over first.
func sweep(tx *bolt.Tx, now time.Time) error {
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

// interruptBatch bounds one transaction.
const interruptBatch = 100

// interrupt ends the claims of earlier boots, so that no failure burns a code
// (PROTOCOL C10). It needs writing.
func (j *Journal) interrupt(now time.Time) error {
	for left := true; left; {
		err := j.writeLocked(atUpkeep, func(tx *bolt.Tx) error {
			left = false
			var keys [][]byte
			c := tx.Bucket(claimsBucket).Cursor()
			for k, _ := c.First(); k != nil && len(keys) < interruptBatch; k, _ = c.Next() {
				keys = append(keys, bytes.Clone(k))
			}
			left = len(keys) == interruptBatch
			for _, k := range keys {
				if err := j.interruptOne(tx, now, k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) interruptOne(tx *bolt.Tx, now time.Time, claim []byte) error {
	if len(claim) < claimKeySize {
		return fmt.Errorf("%w: a claim's key has %d bytes", boltfile.ErrDamaged, len(claim))
	}
	visit, err := settle(tx, claim, false)
	if err != nil {
		return err
	}
	return j.put(tx, event.Record{
		Position: event.Position{Lane: string(claim[claimKeySize:])},
		Boot:     binary.BigEndian.Uint64(claim),
		Visit:    visit,
		Event: event.Event{At: now, Kind: event.Interrupted, Presentation: binary.BigEndian.Uint64(claim[8:]),
			Note: map[string]string{"cause": "restart"}},
	})
}
