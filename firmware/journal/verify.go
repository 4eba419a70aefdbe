package journal

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
)

// Report is what Verify found.
type Report struct {
	Device string
	Epochs []EpochReport // oldest first; up to and with the one that has the fault
	Fault  *Fault        // the first one; nil if all is whole
}

// EpochReport is what one epoch holds.
type EpochReport struct {
	Epoch       uint64
	First, Last uint64 // of the events that are there; 0, 0 if there are none
	Pruned      uint64 // the last that was deleted after the centre had confirmed it
	Marked      uint64 // the last that the centre has confirmed
	Counts      map[event.Kind]int
}

// What can be wrong.
const (
	Edit       = "edit"       // an event is not the one that was written
	Gap        = "gap"        // an event is missing
	Reorder    = "reorder"    // an event lies in another's place
	Truncation = "truncation" // the end is missing
	Structure  = "structure"  // the file itself is damaged
)

// Fault is one break of the chain.
type Fault struct {
	Kind  string // Edit, Gap, Reorder, Truncation or Structure
	Epoch uint64
	Seq   uint64 // of the event at fault
	Text  string // one line for people
}

// Verify walks every chain in a state directory whose device is not running, or in
// a copy of its file: each event names the hash of the one before, the last of
// them that was deleted or confirmed is remembered beside, and in a state directory
// so is a late state of the newest chain. An error means that it could not look.
func Verify(path string) (r Report, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return Report{}, fmt.Errorf("journal: %w", err)
	}
	var w witness
	if info.IsDir() {
		if w, _, err = readWitness(path); err != nil {
			return Report{}, err
		}
	}
	db, err := openToRead(path)
	if err == nil {
		defer db.Close()
		if err = sound(db); err == nil {
			err = db.View(func(tx *bolt.Tx) error { return walk(tx, w, &r) })
		}
	}
	if errors.Is(err, boltfile.ErrDamaged) {
		r.Fault = &Fault{Kind: Structure, Text: err.Error()}
		return r, nil
	}
	return r, err
}

func walk(tx *bolt.Tx, w witness, r *Report) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return nil
	}
	r.Device = string(meta.Get(deviceKey))
	all, err := generations(tx)
	if err != nil {
		return err
	}
	for i, g := range all {
		e := EpochReport{Epoch: g.epoch, Pruned: g.pruned.seq, Marked: g.marked.seq, Counts: map[event.Kind]int{}}
		remembered := []memory{{g.marked, "the centre has confirmed it"}}
		if i == len(all)-1 && w.Epoch == g.epoch {
			remembered = append(remembered, memory{point{w.Seq, unhex(w.Hash)}, "the witness has seen it"})
		}
		c := chain{report: &e, device: r.Device, generation: g, remembered: remembered}
		r.Fault = c.walk(tx)
		r.Epochs = append(r.Epochs, e)
		if r.Fault != nil {
			return nil
		}
	}
	return nil
}

func unhex(s string) (h [32]byte) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(h) {
		h = [32]byte(b)
	}
	return h
}

// memory is an event that something outside the chain remembers.
type memory struct {
	point
	who string
}

// chain is the walk along one epoch.
type chain struct {
	report *EpochReport
	device string
	generation
	remembered []memory
}

func (c chain) walk(tx *bolt.Tx) *Fault {
	before := c.pruned
	for _, m := range c.remembered {
		if m.seq != 0 && m.seq == before.seq && m.hash != before.hash {
			return c.fault(Edit, m.seq, "event %d was deleted with another hash: %s", m.seq, m.who)
		}
	}
	cursor := tx.Bucket(eventsBucket).Cursor()
	for k, v := cursor.Seek(eventKey(c.gen, 0)); len(k) == 12 && binary.BigEndian.Uint32(k) == c.gen; k, v = cursor.Next() {
		seq := number(k[4:])
		if seq != before.seq+1 {
			return c.fault(Gap, before.seq+1, "event %d is missing: %d follows %d", before.seq+1, seq, before.seq)
		}
		if f := c.look(before, seq, v); f != nil {
			return f
		}
		before = point{seq, hashOf(v)}
	}
	for _, m := range c.remembered {
		if m.seq > before.seq {
			return c.fault(Truncation, before.seq+1, "the chain ends at event %d; there was an event %d: %s", before.seq, m.seq, m.who)
		}
	}
	return nil
}

// look checks one event and counts it.
func (c chain) look(before point, seq uint64, b []byte) *Fault {
	r, err := event.Decode(b)
	switch {
	case err != nil:
		return c.fault(Edit, seq, "event %d is not readable: %v", seq, err)
	case r.Epoch != c.epoch || r.Seq != seq:
		return c.fault(Reorder, seq, "in the place of event %d lies %016x/%d", seq, r.Epoch, r.Seq)
	case r.Device != c.device:
		return c.fault(Edit, seq, "event %d is of device %s", seq, r.Device)
	case r.Prev != before.hash && before.seq == 0:
		return c.fault(Edit, seq, "event %d is the first and names another before it", seq)
	case r.Prev != before.hash:
		return c.fault(Edit, before.seq, "event %d was changed, or %d was: %d names another hash", before.seq, seq, seq)
	}
	for _, m := range c.remembered {
		if m.seq == seq && m.hash != hashOf(b) {
			return c.fault(Edit, seq, "event %d was changed: %s with another hash", seq, m.who)
		}
	}
	if c.report.First == 0 {
		c.report.First = seq
	}
	c.report.Last = seq
	c.report.Counts[r.Kind]++
	return nil
}

func (c chain) fault(kind string, seq uint64, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Epoch: c.epoch, Seq: seq, Text: fmt.Sprintf(format, args...)}
}
