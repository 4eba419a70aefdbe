package journal

import (
	"fmt"
	"maps"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/erasable"
	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/verdict"
)

// Movements says from now on what is kept of an admission at a border: beside its event, which
// holds a salted commitment to it, until its term is over.
func (j *Journal) Movements(r movement.Rule) { j.movements.Store(&r) }

// movement is the record of an admission, sealed and salted; none where nothing is kept. It needs
// writing.
func (l *Lane) movement(v verdict.Verdict, now time.Time) (*erasable.Record, error) {
	rule := l.journal.movements.Load()
	if rule == nil {
		return nil, nil
	}
	sealed, err := rule.Seal(movement.Passage{At: now, Direction: l.Place().Direction, Scheme: v.Scheme, Counts: v.Counts})
	if sealed == nil || err != nil {
		return nil, err
	}
	r, err := erasable.New(sealed, now.Add(rule.Keep), l.journal.options.Rand)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &r, nil
}

// putBeside appends the event of a claim, and what is kept beside it.
func (j *Journal) putBeside(tx *bolt.Tx, r event.Record, claim marks.Claim, kept *erasable.Record) error {
	if kept == nil {
		return j.put(tx, r)
	}
	note := map[string]string{movement.Note: kept.Commitment()}
	maps.Copy(note, r.Note)
	r.Note = note
	if err := j.put(tx, r); err != nil {
		return err
	}
	e, err := epochs.At(tx, j.gen)
	if err != nil {
		return err
	}
	return erasable.Put(tx, e.Place, e.Head(tx).Seq, claim.Key(), *kept)
}

// erasesAtOnce is how many transactions of erasing lanes may have to wait for: a clock that is set
// right after weeks ends the terms of hundreds of thousands.
const erasesAtOnce = 4

// eraseDue erases what has reached its term, in so many transactions at most; negative: in as many as
// it takes. It needs writing.
func (j *Journal) eraseDue(now time.Time, most int) error {
	for ; most != 0; most-- {
		due := false
		if err := j.db.Load().View(func(tx *bolt.Tx) error { due = erasable.Due(tx, now); return nil }); err != nil || !due {
			return err
		}
		if err := j.writeLocked(room.Upkeep, func(tx *bolt.Tx) error { return erasable.Sweep(tx, now) }); err != nil {
			return err
		}
	}
	return nil
}
