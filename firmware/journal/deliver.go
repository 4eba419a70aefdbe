package journal

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/order"
)

// Entry is one event on its way to the centre.
type Entry struct {
	Epoch, Seq uint64
	Bytes      []byte
}

// Entries gives the oldest events that the centre has not confirmed, in order: at
// most max, of together at most maxBytes unless the first alone has more. All are
// of one epoch; the oldest epoch comes first. Of a disputed one there are none.
func (j *Journal) Entries(max, maxBytes int) ([]Entry, error) {
	var out []Entry
	id := 0
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		id = tx.ID()
		all, err := epochs.All(tx)
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.Disputed(tx) {
				continue
			}
			size := 0
			for seq, b := range e.From(tx, e.Marked.Seq+1) {
				if size += len(b); len(out) >= max || size > maxBytes && len(out) > 0 {
					return nil
				}
				out = append(out, Entry{e.ID, seq, bytes.Clone(b)})
			}
			if len(out) > 0 {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if id > j.acked { // seen while its commit was failing: it will not have happened
		return nil, ErrFailed
	}
	return out, nil
}

// Mark takes the centre's word that it holds every event of epoch up to seq, the
// last of which has that SHA-256; only then may they be deleted here. ErrMark if
// that event has another hash here, or if there is none.
//
// The centre may hold more of an epoch than is here: the journal was restored from a copy, with
// all that lies beside it. Then a later seq confirms nothing (ErrAhead): what is here is sent,
// and the centre answers with the mark of the last event of that. Another hash there
// says that the two records went different ways. Such an epoch is disputed: its events
// are neither sent nor deleted any more, and hold up no other. Either ends the epoch at once,
// if it is the present one: what was marked, claimed or leased in it may have been spent already.
func (j *Journal) Mark(epoch, seq uint64, hash [32]byte) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.ready(); err != nil {
		return err
	}
	moved, ended := false, false
	var conflict error
	gen, id, origin := j.gen, j.epoch, j.origin
	err := j.writeLocked(room.Upkeep, func(tx *bolt.Tx) error {
		e, known, err := epochs.Find(tx, epoch)
		switch {
		case err != nil:
			return err
		case !known:
			return fmt.Errorf("%w: it is for epoch %016x, which this journal does not know", ErrMark, epoch)
		}
		theirs, ours := chain.Point{Seq: seq, Hash: hash}, chain.Hash(e.Event(tx, seq))
		switch head := e.Head(tx); {
		case seq < e.Pruned.Seq:
			return nil // confirmed and deleted long since
		case seq == e.Pruned.Seq:
			ours = e.Pruned.Hash
		case seq > head.Seq && e.Place != j.gen:
			return ErrAhead
		case seq > head.Seq:
			conflict, ended = ErrAhead, true
			return j.restored(tx, e, theirs)
		}
		if ours != hash {
			conflict = fmt.Errorf("%w: event %s/%016x/%d has another hash here", ErrMark, j.options.Device, epoch, seq)
			if seq <= e.Marked.Seq {
				return conflict
			}
			if err := e.Dispute(tx, seq); err != nil || e.Place != j.gen {
				return err
			}
			ended = true
			return j.restored(tx, e, theirs)
		}
		if moved = seq > e.Marked.Seq; !moved {
			return nil
		}
		e.Marked = theirs
		if err := e.Put(tx); err != nil {
			return err
		}
		_, err = epochs.Prune(tx, j.options.Keep, j.options.Sign)
		return err
	})
	if err != nil {
		j.gen, j.epoch, j.origin = gen, id, origin
		return err
	}
	if ended {
		j.leases = &order.Leases{}
		j.wake()
		return cmp.Or(j.observe(), conflict)
	}
	if !moved {
		return conflict
	}
	return j.observe() // a new epoch names this mark, and an older copy, whose leases are spent, is known at once
}

// restored ends the present epoch, of which the centre holds another event or more of them.
func (j *Journal) restored(tx *bolt.Tx, last epochs.Epoch, theirs chain.Point) error {
	j.gen, j.origin = j.gen+1, Restored
	if err := j.begin(tx); err != nil {
		return err
	}
	w := statefile.Witness{Epoch: last.ID, Seq: theirs.Seq, Hash: hex.EncodeToString(theirs.Hash[:]),
		MarkSeq: last.Marked.Seq, MarkHash: hex.EncodeToString(last.Marked.Hash[:])}
	return j.put(tx, event.Record{Boot: j.boot, Event: event.Event{At: j.options.Now(), Kind: event.Started, Note: j.origins(w)}})
}

// Head is the last event of the current epoch: what a checkpoint is of.
func (j *Journal) Head() (epoch, seq uint64, hash [32]byte, err error) {
	j.writing.Lock()
	gen := j.gen
	j.writing.Unlock()
	id := 0
	err = j.db.Load().View(func(tx *bolt.Tx) error {
		id = tx.ID()
		e, err := epochs.At(tx, gen)
		if err != nil {
			return err
		}
		head := e.Head(tx)
		epoch, seq, hash = e.ID, head.Seq, head.Hash
		return nil
	})
	if err != nil {
		return 0, 0, hash, fmt.Errorf("journal: %w", err)
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if id > j.acked { // as in Entries
		return 0, 0, hash, ErrFailed
	}
	return epoch, seq, hash, nil
}

// Stats is how the journal stands.
type Stats struct {
	Epoch, Boot, Seq uint64
	Unsynced         uint64    // events that the centre has not confirmed
	Disputed         uint64    // events of ended epochs of which the centre holds others; not among Unsynced
	Oldest           time.Time // of the oldest of them; zero if there is none
	Bytes            int64     // in use in the file
	Full             bool      // no new claim is taken until the centre confirms, or the disk has room
	DiskLow          bool      // the disk gives no more room; what it gave before lasts a while
	Origin           Origin    // of the epoch, at the last Open or since
	Aside            string    // the damaged file that was set aside, if any
	Fault            error     // of the write since which none has succeeded
}

// Stats never fails: what cannot be read stays zero.
func (j *Journal) Stats() Stats {
	j.writing.Lock()
	s := Stats{Epoch: j.epoch, Boot: j.boot, Origin: j.origin, Aside: j.aside, Fault: j.failed, DiskLow: j.room.Short()}
	gen := j.gen
	_, s.Bytes, _ = j.sizes()
	full := j.room.Full(room.Claim, s.Bytes) != nil
	j.writing.Unlock()
	var n epochs.Totals
	_ = j.db.Load().View(func(tx *bolt.Tx) error { // fails only on a closed journal
		e, err := epochs.At(tx, gen)
		if err != nil {
			return err
		}
		s.Seq = e.Head(tx).Seq
		n, err = epochs.Count(tx)
		return err
	})
	s.Unsynced, s.Disputed = n.Unsynced, n.Disputed
	if r, err := event.Decode(n.Oldest); err == nil {
		s.Oldest = r.At
	}
	s.Full = full && n.Confirmed == 0
	return s
}
