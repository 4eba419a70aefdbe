package journal

import (
	"encoding/hex"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/erasable"
	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/firmware/verdict"
)

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
	kept, err := l.movement(e.Verdict, now)
	if err != nil {
		return "", err
	}
	err = j.writeLocked(room.Claim, func(tx *bolt.Tx) error {
		if replayed, err := j.keys.Marked(tx, now, e.Verdict.Counts); err != nil {
			return err
		} else if replayed {
			return errReplayed
		}
		if err := errors.Join(marks.Sweep(tx, now), erasable.Sweep(tx, now)); err != nil {
			return err
		}
		r, err := l.record(e)
		if err != nil {
			return err
		}
		visit, err := hex.DecodeString(r.Visit)
		if err != nil {
			return marks.ErrVisit
		}
		claim := l.claim(e)
		if err := standing.Spend(tx, j.leases, j.holder(), now, claim.Key(), due); err != nil {
			return err
		}
		if err := j.keys.Claim(tx, claim, visit, e.Verdict.Counts); err != nil {
			return err
		}
		return j.putBeside(tx, r, claim, kept)
	})
	switch {
	case errors.Is(err, errReplayed):
		return verdict.Replayed, nil
	case errors.Is(err, standing.ErrExhausted):
		return verdict.Exhausted, nil
	}
	return "", err
}

// errReplayed rolls a claim back.
var errReplayed = errors.New("journal: replayed")

// claim is that of e's presentation.
func (l *Lane) claim(e event.Event) marks.Claim {
	return marks.Claim{Boot: l.journal.boot, Presentation: e.Presentation, Lane: l.name}
}

// Settle writes e and ends the claim of its presentation, if there is one: the code
// is used until its time is over, or free again.
func (l *Lane) Settle(e event.Event, passed bool) error {
	return l.journal.write(room.Append, func(tx *bolt.Tx) error {
		r, err := l.record(e)
		if err != nil {
			return err
		}
		if visit, err := settle(tx, l.claim(e), passed); err != nil {
			return err
		} else if visit != "" {
			r.Visit = visit
		}
		return l.journal.put(tx, r)
	})
}

// settle ends a claim, its marks, its tokens and the record of a movement that was none, and gives
// its visit; empty if there is no such claim, or its epoch has ended since.
func settle(tx *bolt.Tx, claim marks.Claim, used bool) (string, error) {
	visit, err := marks.Settle(tx, claim, used)
	key := claim.Key()
	return hex.EncodeToString(visit), errors.Join(err, standing.GiveBack(tx, key, used), erasable.Settle(tx, key, used))
}

// interruptBatch bounds one transaction.
const interruptBatch = 100

// interrupt ends the claims of earlier boots, so that no failure burns a code
// (PROTOCOL C10). It needs writing.
func (j *Journal) interrupt(now time.Time) error {
	for left := true; left; {
		err := j.writeLocked(room.Upkeep, func(tx *bolt.Tx) error {
			open, err := marks.Open(tx, interruptBatch)
			if err != nil {
				return err
			}
			left = len(open) == interruptBatch
			for _, claim := range open {
				if err := j.interruptOne(tx, now, claim); err != nil {
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

func (j *Journal) interruptOne(tx *bolt.Tx, now time.Time, claim marks.Claim) error {
	visit, err := settle(tx, claim, false)
	if err != nil {
		return err
	}
	return j.put(tx, event.Record{
		Position: event.Position{Lane: claim.Lane},
		Boot:     claim.Boot,
		Visit:    visit,
		Event: event.Event{At: now, Kind: event.Interrupted, Presentation: claim.Presentation,
			Note: map[string]string{"cause": "restart"}},
	})
}
