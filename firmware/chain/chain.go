// Package chain checks a chain of events: each names the SHA-256 of the one before it, so
// that nothing can be changed, left out or put elsewhere unseen before the last event that
// somebody outside the chain remembers.
package chain

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"example.org/checkpoint/firmware/event"
)

// Point is one event of a chain; the zero Point stands before the first.
type Point struct {
	Seq  uint64
	Hash [32]byte
}

// Hash is how the next event of a chain names an event.
func Hash(event []byte) [32]byte { return sha256.Sum256(event) }

// Checkpoint is a point of one device's epoch, as somebody has signed it.
type Checkpoint struct {
	Device string
	Epoch  uint64
	Point
}

// Memory is an event that something outside the chain remembers.
type Memory struct {
	Point
	Who string // "the centre has confirmed it"
}

// Report is what was found.
type Report struct {
	Device string
	Epochs []Epoch // oldest first; up to and with the one that has the fault
	Fault  *Fault  // the first one; nil if all is whole
}

// Has reports whether an epoch is among those that were walked.
func (r Report) Has(epoch uint64) bool {
	return slices.ContainsFunc(r.Epochs, func(e Epoch) bool { return e.Epoch == epoch })
}

// Missing finds an epoch that is not there at all and of which somebody has kept a checkpoint.
func (r Report) Missing(kept []Checkpoint) *Fault {
	for _, c := range kept {
		if (r.Device == "" || c.Device == r.Device) && !r.Has(c.Epoch) {
			return &Fault{Truncation, c.Epoch, c.Seq, fmt.Sprintf("the whole epoch is missing: a checkpoint names its event %d", c.Seq)}
		}
	}
	return nil
}

// Twice is the fault of an epoch that has been walked already.
func Twice(epoch uint64) *Fault {
	return &Fault{Reorder, epoch, 0, "the epoch comes twice"}
}

// Epoch is what one epoch holds.
type Epoch struct {
	Epoch       uint64
	First, Last uint64 // of the events that are there; 0, 0 if there are none
	Pruned      uint64 // the last that was deleted after the centre had confirmed it
	Marked      uint64 // the last that the centre has confirmed
	Witnessed   uint64 // the last that a checkpoint names, of those that were given
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

// Walk is the way along one epoch.
type Walk struct {
	device     string
	report     Epoch
	before     Point
	remembered []Memory
}

// Start begins behind the anchor: the last event that was deleted, or the zero Point.
func Start(device string, epoch uint64, anchor Point, remembered []Memory) (*Walk, *Fault) {
	w := &Walk{device: device, before: anchor, remembered: remembered,
		report: Epoch{Epoch: epoch, Pruned: anchor.Seq, Counts: map[event.Kind]int{}}}
	for _, m := range remembered {
		if m.Seq != 0 && m.Seq == anchor.Seq && m.Hash != anchor.Hash {
			return w, w.fault(Edit, m.Seq, "event %d was deleted with another hash: %s", m.Seq, m.Who)
		}
	}
	return w, nil
}

// Event takes what lies in the place of event seq.
func (w *Walk) Event(seq uint64, b []byte) *Fault {
	before := w.before
	if seq != before.Seq+1 {
		return w.fault(Gap, before.Seq+1, "event %d is missing: %d follows %d", before.Seq+1, seq, before.Seq)
	}
	hash := Hash(b)
	r, err := event.Decode(b)
	switch {
	case err != nil:
		return w.fault(Edit, seq, "event %d is not readable: %v", seq, err)
	case r.Epoch != w.report.Epoch || r.Seq != seq:
		return w.fault(Reorder, seq, "in the place of event %d lies %016x/%d", seq, r.Epoch, r.Seq)
	case r.Device != w.device:
		return w.fault(Edit, seq, "event %d is of device %s", seq, r.Device)
	case r.Prev != before.Hash && before.Seq == 0:
		return w.fault(Edit, seq, "event %d is the first and names another before it", seq)
	case r.Prev != before.Hash:
		return w.fault(Edit, before.Seq, "event %d was changed, or %d was: %d names another hash", before.Seq, seq, seq)
	}
	for _, m := range w.remembered {
		if m.Seq == seq && m.Hash != hash {
			return w.fault(Edit, seq, "event %d was changed: %s with another hash", seq, m.Who)
		}
	}
	if w.report.First == 0 {
		w.report.First = seq
	}
	w.report.Last = seq
	w.report.Counts[r.Kind]++
	w.before = Point{seq, hash}
	return nil
}

// End is behind the last event.
func (w *Walk) End() *Fault {
	for _, m := range w.remembered {
		if m.Seq > w.before.Seq {
			return w.fault(Truncation, w.before.Seq+1, "the chain ends at event %d; there was an event %d: %s", w.before.Seq, m.Seq, m.Who)
		}
	}
	return nil
}

// Head is the last event so far.
func (w *Walk) Head() Point { return w.before }

// Report is what was found so far.
func (w *Walk) Report() Epoch { return w.report }

func (w *Walk) fault(kind string, seq uint64, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Epoch: w.report.Epoch, Seq: seq, Text: fmt.Sprintf(format, args...)}
}
