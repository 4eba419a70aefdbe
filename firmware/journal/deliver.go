package journal

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
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
		all, err := generations(tx)
		if err != nil {
			return err
		}
		for _, g := range all {
			if disputed(tx, g.gen) {
				continue
			}
			size := 0
			c := tx.Bucket(eventsBucket).Cursor()
			for k, v := c.Seek(eventKey(g.gen, g.marked.seq+1)); bytes.HasPrefix(k, genKey(g.gen)) && len(out) < max; k, v = c.Next() {
				if size += len(v); size > maxBytes && len(out) > 0 {
					return nil
				}
				out = append(out, Entry{g.epoch, number(k[4:]), bytes.Clone(v)})
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
	err := j.writeLocked(atUpkeep, func(tx *bolt.Tx) error {
		g, err := generationOf(tx, epoch)
		if err != nil {
			return err
		}
		head, err := headOf(tx, g.gen)
		if err != nil {
			return err
		}
		ours := hashOf(tx.Bucket(eventsBucket).Get(eventKey(g.gen, seq)))
		switch {
		case seq < g.pruned.seq:
			return nil // confirmed and deleted long since
		case seq == g.pruned.seq:
			ours = g.pruned.hash
		case seq > head.seq && g.gen != j.gen:
			return ErrAhead
		case seq > head.seq:
			conflict, ended = ErrAhead, true
			return j.restored(tx, g, point{seq, hash})
		}
		if ours != hash {
			conflict = fmt.Errorf("%w: event %s/%016x/%d has another hash here", ErrMark, j.options.Device, epoch, seq)
			if seq <= g.marked.seq {
				return conflict
			}
			if err := tx.Bucket(metaBucket).Put(disputedKey(g.gen), u64(seq)); err != nil || g.gen != j.gen {
				return err
			}
			ended = true
			return j.restored(tx, g, point{seq, hash})
		}
		if moved = seq > g.marked.seq; !moved {
			return nil
		}
		g.marked = point{seq, hash}
		if err := tx.Bucket(epochsBucket).Put(genKey(g.gen), g.bytes()); err != nil {
			return err
		}
		_, err = j.prune(tx, j.options.Keep)
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
	return j.observe()
}

// restored ends the present epoch, of which the centre holds another event or more of them.
func (j *Journal) restored(tx *bolt.Tx, last generation, theirs point) error {
	j.gen, j.origin = j.gen+1, Restored
	if err := j.begin(tx); err != nil {
		return err
	}
	w := witness{Epoch: last.epoch, Seq: theirs.seq, Hash: hex.EncodeToString(theirs.hash[:]),
		MarkSeq: last.marked.seq, MarkHash: hex.EncodeToString(last.marked.hash[:])}
	return j.put(tx, event.Record{Boot: j.boot, Event: event.Event{At: j.options.Now(), Kind: event.Started, Note: j.origins(w)}})
}

// disputed reports whether the centre holds other events of that epoch than this journal.
func disputed(tx *bolt.Tx, gen uint32) bool {
	return tx.Bucket(metaBucket).Get(disputedKey(gen)) != nil
}

func generationOf(tx *bolt.Tx, epoch uint64) (generation, error) {
	all, err := generations(tx)
	if err != nil {
		return generation{}, err
	}
	for _, g := range all {
		if g.epoch == epoch {
			return g, nil
		}
	}
	return generation{}, fmt.Errorf("%w: it is for epoch %016x, which this journal does not know", ErrMark, epoch)
}

// Head is the last event of the current epoch: what a checkpoint is of.
func (j *Journal) Head() (epoch, seq uint64, hash [32]byte, err error) {
	j.writing.Lock()
	gen := j.gen
	j.writing.Unlock()
	id := 0
	err = j.db.Load().View(func(tx *bolt.Tx) error {
		id = tx.ID()
		head, err := headOf(tx, gen)
		epoch, seq, hash = head.epoch, head.seq, head.hash
		return err
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
	Full             bool      // no new claim is taken until the centre confirms
	Origin           Origin    // of the epoch, at the last Open or since
	Aside            string    // the damaged file that was set aside, if any
	Fault            error     // of the write since which none has succeeded
}

// Stats never fails: what cannot be read stays zero.
func (j *Journal) Stats() Stats {
	j.writing.Lock()
	s := Stats{Epoch: j.epoch, Boot: j.boot, Origin: j.origin, Aside: j.aside, Fault: j.failed}
	gen := j.gen
	j.writing.Unlock()
	confirmed := uint64(0)
	_ = j.db.Load().View(func(tx *bolt.Tx) error { // fails only on a closed journal
		all, err := generations(tx)
		if err != nil {
			return err
		}
		for _, g := range all {
			head, err := headOf(tx, g.gen)
			if err != nil {
				return err
			}
			if g.gen == gen {
				s.Seq = head.seq
			}
			confirmed += g.marked.seq - g.pruned.seq
			if disputed(tx, g.gen) {
				s.Disputed += head.seq - g.marked.seq
				continue
			}
			if s.Oldest.IsZero() && head.seq > g.marked.seq {
				if r, err := event.Decode(tx.Bucket(eventsBucket).Get(eventKey(g.gen, g.marked.seq+1))); err == nil {
					s.Oldest = r.At
				}
			}
			s.Unsynced += head.seq - g.marked.seq
		}
		return nil
	})
	s.Bytes, _ = j.used()
	s.Full = s.Bytes >= j.limit(atClaim) && confirmed == 0
	return s
}
