package journal

import (
	"encoding/hex"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/journal/epochs"
	"example.org/checkpoint/firmware/journal/statefile"
)

// witnessEvery is how many writes may pass before the witness is written anew.
const witnessEvery = 256

// observe writes the witness of what the journal holds now. It needs writing.
func (j *Journal) observe() error {
	w := statefile.Witness{Boot: j.boot}
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		e, err := epochs.At(tx, j.gen)
		if err != nil {
			return err
		}
		head := e.Head(tx)
		w.Epoch, w.Seq, w.Hash = e.ID, head.Seq, hex.EncodeToString(head.Hash[:])
		w.MarkSeq, w.MarkHash = e.Marked.Seq, hex.EncodeToString(e.Marked.Hash[:])
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.Write(j.dir); err != nil {
		return err
	}
	j.since = 0
	return nil
}

// held reports whether the newest epoch of the journal is that of w and has the event.
func held(tx *bolt.Tx, w statefile.Witness, newest epochs.Epoch) bool {
	return w.Epoch != 0 && newest.ID == w.Epoch && newest.Holds(tx, chain.Point{Seq: w.Seq, Hash: w.Sum()})
}
