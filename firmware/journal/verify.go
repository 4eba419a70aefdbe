package journal

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/journal/boltfile"
)

// Known is what somebody outside a journal knows of it; the zero Known is nothing.
type Known struct {
	Checkpoints []chain.Checkpoint                            // that the centre has kept
	Open        func(signed []byte) (chain.Checkpoint, error) // checks the device's signature; nil: anchors are not looked at
}

// Verify walks every chain in a state directory whose device is not running, or in
// a copy of its file: each event names the hash of the one before, the last of
// them that was deleted or confirmed is remembered beside, and in a state directory
// so is a late state of the newest chain. An error means that it could not look.
func Verify(path string, known Known) (r chain.Report, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return chain.Report{}, fmt.Errorf("journal: %w", err)
	}
	var w witness
	if info.IsDir() {
		if w, _, err = readWitness(path); err != nil {
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

// look reads a sound file.
func look(path string, fn func(*bolt.Tx) error) error {
	db, err := openToRead(path)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := sound(db); err != nil {
		return err
	}
	return db.View(fn)
}

func walk(tx *bolt.Tx, w witness, known Known, r *chain.Report) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		r.Fault = r.Missing(known.Checkpoints)
		return nil
	}
	r.Device = string(meta.Get(deviceKey))
	all, err := generations(tx)
	if err != nil {
		return err
	}
	for _, g := range all {
		if r.Has(g.epoch) {
			r.Fault = chain.Twice(g.epoch)
			return nil
		}
		h := g.header(tx)
		remembered, witnessed, anchored := h.Memories(known.Checkpoints, known.Open)
		if w.Epoch == g.epoch {
			remembered = append(remembered, chain.Memory{Point: chain.Point{Seq: w.Seq, Hash: unhex(w.Hash)}, Who: "the witness has seen it"})
		}
		e, f := walkOne(tx, g, h, remembered)
		if e.Marked, e.Witnessed = g.marked.seq, witnessed; f == nil {
			f = anchored
		}
		r.Epochs = append(r.Epochs, e)
		if r.Fault = f; f != nil {
			return nil
		}
	}
	seen := known.Checkpoints
	if w.Epoch != 0 {
		seen = append(slices.Clone(seen), chain.Checkpoint{Device: r.Device, Epoch: w.Epoch, Point: chain.Point{Seq: w.Seq}})
	}
	r.Fault = r.Missing(seen)
	return nil
}

func walkOne(tx *bolt.Tx, g generation, h chain.Header, remembered []chain.Memory) (chain.Epoch, *chain.Fault) {
	w, f := chain.Start(h.Device, g.epoch, h.Pruned, remembered)
	c := tx.Bucket(eventsBucket).Cursor()
	for k, v := c.Seek(eventKey(g.gen, 0)); f == nil && len(k) == 12 && binary.BigEndian.Uint32(k) == g.gen; k, v = c.Next() {
		f = w.Event(number(k[4:]), v)
	}
	if f == nil {
		f = w.End()
	}
	return w.Report(), f
}

func (g generation) header(tx *bolt.Tx) chain.Header {
	meta := tx.Bucket(metaBucket)
	return chain.Header{Device: string(meta.Get(deviceKey)), Epoch: g.epoch, Pruned: g.pruned.public(), Marked: g.marked.public(),
		Anchor: append([]byte(nil), meta.Get(anchorKey(g.gen))...)}
}

func (p point) public() chain.Point { return chain.Point{Seq: p.seq, Hash: p.hash} }

func unhex(s string) (h [32]byte) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(h) {
		h = [32]byte(b)
	}
	return h
}

// Export writes every event of a state directory whose device is not running, or of a copy of its
// file, as package chain reads it. Sign signs a checkpoint of the last event of each epoch; nil:
// nobody does.
func Export(path string, to io.Writer, sign Signer) error {
	return look(path, func(tx *bolt.Tx) error {
		if tx.Bucket(metaBucket) == nil {
			return nil
		}
		all, err := generations(tx)
		for _, g := range all {
			if err = errors.Join(err, g.export(tx, to, sign)); err != nil {
				return fmt.Errorf("journal: export: %w", err)
			}
		}
		return err
	})
}

func (g generation) export(tx *bolt.Tx, to io.Writer, sign Signer) error {
	line, err := g.header(tx).Line()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(to, "%s\n", line); err != nil {
		return err
	}
	c := tx.Bucket(eventsBucket).Cursor()
	for k, v := c.Seek(eventKey(g.gen, 0)); len(k) == 12 && binary.BigEndian.Uint32(k) == g.gen; k, v = c.Next() {
		if _, err := fmt.Fprintf(to, "%s\n", v); err != nil {
			return err
		}
	}
	head, err := headOf(tx, g.gen)
	if err != nil {
		return err
	}
	var signed []byte
	if sign != nil && head.seq > 0 {
		if signed, err = sign(head.epoch, head.seq, head.hash); err != nil {
			return err
		}
	}
	if line, err = chain.End(signed); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s\n", line)
	return err
}
