// Package evidence reads the journal of a device that is not running, or a copy of its file:
// lists it, checks its chains, and exports it. It changes nothing.
package evidence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/erasable"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/movement"
)

// Known is what somebody outside a journal knows of it; the zero Known is nothing.
type Known struct {
	Checkpoints []chain.Checkpoint                            // that the centre has kept
	Open        func(signed []byte) (chain.Checkpoint, error) // checks the device's signature; nil: anchors are not looked at
}

// Verify walks every chain in a state directory, or a file: each event names the hash of the one
// before, the last of them that was deleted or confirmed is remembered beside, and in a
// state directory so is a late state of the newest chain. An error means that it could not look.
func Verify(path string, known Known) (r chain.Report, err error) {
	var w statefile.Witness
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if w, _, err = statefile.ReadWitness(path); err != nil {
			return chain.Report{}, err
		}
	}
	err = look(path, func(tx *bolt.Tx) error { return walk(tx, w, known, &r) })
	if errors.Is(err, boltfile.ErrDamaged) {
		r.Fault = &chain.Fault{Kind: chain.Structure, Text: err.Error()}
		return r, nil
	}
	return r, err
}

// look reads a sound file. Of another bbolt's own reading may never end.
func look(path string, fn func(*bolt.Tx) error) (err error) {
	db, err := layout.OpenToRead(path)
	if err != nil {
		return err
	}
	defer db.Close()
	defer boltfile.Guard(&err)()
	if err := layout.Check(db); err != nil {
		return err
	}
	return db.View(fn)
}

// sound is look, of a damaged file with what to do.
func sound(path string, fn func(*bolt.Tx) error) error {
	err := look(path, fn)
	if errors.Is(err, boltfile.ErrDamaged) {
		err = fmt.Errorf("%w: run 'checkpoint journal verify'", err)
	}
	return err
}

func walk(tx *bolt.Tx, w statefile.Witness, known Known, r *chain.Report) error {
	if layout.New(tx) {
		r.Fault = missing(*r, w, known)
		return nil
	}
	r.Device = epochs.Device(tx)
	all, err := epochs.All(tx)
	if err != nil {
		return err
	}
	for _, e := range all {
		if r.Has(e.ID) {
			r.Fault = chain.Twice(e.ID)
			return nil
		}
		h := e.Header(tx)
		remembered, witnessed, anchored := h.Memories(known.Checkpoints, known.Open)
		if w.Epoch == e.ID {
			remembered = append(remembered, chain.Memory{Point: chain.Point{Seq: w.Seq, Hash: w.Sum()}, Who: "the witness has seen it"})
		}
		found, f := walkOne(tx, e, h, remembered)
		if found.Marked, found.Witnessed = e.Marked.Seq, witnessed; f == nil {
			f = anchored
		}
		if f == nil {
			f = beside(tx, e)
		}
		r.Epochs = append(r.Epochs, found)
		if r.Fault = f; f != nil {
			return nil
		}
	}
	r.Fault = missing(*r, w, known)
	return nil
}

// missing finds an epoch of which there is nothing, and that the witness or somebody else remembers.
func missing(r chain.Report, w statefile.Witness, known Known) *chain.Fault {
	seen := known.Checkpoints
	if w.Epoch != 0 {
		seen = append(slices.Clone(seen), chain.Checkpoint{Device: r.Device, Epoch: w.Epoch, Point: chain.Point{Seq: w.Seq}})
	}
	return r.Missing(seen)
}

func walkOne(tx *bolt.Tx, e epochs.Epoch, h chain.Header, remembered []chain.Memory) (chain.Epoch, *chain.Fault) {
	w, f := chain.Start(h.Device, e.ID, h.Pruned, remembered)
	if f == nil {
		for seq, b := range e.From(tx, 0) {
			if f = w.Event(seq, b); f != nil {
				break
			}
		}
	}
	if f == nil {
		f = w.End()
	}
	return w.Report(), f
}

// beside finds what lies beside an event that does not commit to it. Of one that was deleted the
// centre has the commitment.
func beside(tx *bolt.Tx, e epochs.Epoch) *chain.Fault {
	for seq, kept := range erasable.Of(tx, e.Place) {
		b := e.Event(tx, seq)
		if b == nil && seq <= e.Pruned.Seq {
			continue
		}
		if r, err := event.Decode(b); err != nil || r.Note[movement.Note] != kept.Commitment() {
			return &chain.Fault{Kind: chain.Edit, Epoch: e.ID, Seq: seq, Text: fmt.Sprintf("what lies beside event %d is not what the event commits to", seq)}
		}
	}
	return nil
}

// Movement gives the record of a movement that lies beside an event: sealed to the centre, with the
// salt of the event's commitment.
func Movement(path string, epoch, seq uint64) (r erasable.Record, there bool, err error) {
	err = sound(path, func(tx *bolt.Tx) error {
		e, known, err := epochs.Find(tx, epoch)
		if known && err == nil {
			r, there, err = erasable.Get(tx, e.Place, seq)
		}
		return err
	})
	return r, there, err
}

// List gives the newest n events that keep wants, newest first. All if n is 0.
func List(path string, n int, keep func(event.Record) bool) (out []event.Record, err error) {
	err = sound(path, func(tx *bolt.Tx) error {
		out, err = epochs.Newest(tx, n, keep)
		return err
	})
	return out, err
}

// Export writes every event as package chain reads it. Sign signs a checkpoint of the last event
// of each epoch; nil: nobody does.
func Export(path string, to io.Writer, sign func(epoch, seq uint64, hash [32]byte) ([]byte, error)) error {
	return sound(path, func(tx *bolt.Tx) error {
		if layout.New(tx) {
			return nil
		}
		all, err := epochs.All(tx)
		for _, e := range all {
			if err = errors.Join(err, export(tx, e, to, sign)); err != nil {
				return fmt.Errorf("journal: export: %w", err)
			}
		}
		return err
	})
}

func export(tx *bolt.Tx, e epochs.Epoch, to io.Writer, sign func(epoch, seq uint64, hash [32]byte) ([]byte, error)) error {
	line, err := e.Header(tx).Line()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(to, "%s\n", line); err != nil {
		return err
	}
	for _, b := range e.From(tx, 0) {
		if _, err := fmt.Fprintf(to, "%s\n", b); err != nil {
			return err
		}
	}
	var signed []byte
	if head := e.Head(tx); sign != nil && head.Seq > 0 {
		if signed, err = sign(e.ID, head.Seq, head.Hash); err != nil {
			return err
		}
	}
	if line, err = chain.End(signed); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s\n", line)
	return err
}
