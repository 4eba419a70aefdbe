package journal

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

const (
	witnessFile = "boot.json"
	// witnessEvery is how many writes may pass before the witness is written anew.
	witnessEvery = 256
)

// witness stands beside the journal and says what the journal must hold. Twice in
// a start it is written: with Starting set before the journal notes the
// boot, and without it after. In between the journal may be one boot behind; killed
// at any point the next start finds one of the two states.
type witness struct {
	V        int    `json:"v"`
	Boot     uint64 `json:"boot"` // counts starts, and never goes back
	Starting bool   `json:"starting,omitempty"`
	Epoch    uint64 `json:"epoch,string"` // 0 if the journal has never been there
	Seq      uint64 `json:"seq"`          // an event of the epoch that the journal held, and
	Hash     string `json:"hash"`         // its SHA-256 in hex
	MarkSeq  uint64 `json:"mark_seq"`     // the centre's mark at that time
	MarkHash string `json:"mark_hash"`
}

// readWitness reports whether there is a readable one.
func readWitness(dir string) (witness, bool, error) {
	b, err := os.ReadFile(filepath.Join(dir, witnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return witness{}, false, nil
	} else if err != nil {
		return witness{}, false, fmt.Errorf("journal: %w", err)
	}
	var w witness
	if json.Unmarshal(b, &w) != nil || w.V != 1 {
		return witness{}, false, nil
	}
	return w, true, nil
}

func (w witness) write(dir string) error {
	w.V = 1
	b, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return replace(filepath.Join(dir, witnessFile), append(b, '\n'))
}

// observe writes the witness of what the journal holds now. It needs writing.
func (j *Journal) observe() error {
	w := witness{Boot: j.boot}
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		head, err := headOf(tx, j.gen)
		if err != nil {
			return err
		}
		s, err := readEpochState(tx.Bucket(epochsBucket).Get(genKey(j.gen)))
		w.Epoch, w.Seq, w.Hash = head.epoch, head.seq, hex.EncodeToString(head.hash[:])
		w.MarkSeq, w.MarkHash = s.marked.seq, hex.EncodeToString(s.marked.hash[:])
		return err
	})
	if err != nil {
		return err
	}
	if err := w.write(j.dir); err != nil {
		return err
	}
	j.since = 0
	return nil
}

// held reports whether the newest epoch of the journal is that of w and has the event.
func (w witness) held(tx *bolt.Tx, newest generation) bool {
	switch {
	case w.Epoch == 0 || newest.epoch != w.Epoch:
		return false
	case w.Seq < newest.pruned.seq:
		return true
	case w.Seq == newest.pruned.seq:
		return w.Hash == hex.EncodeToString(newest.pruned.hash[:])
	}
	b := tx.Bucket(eventsBucket).Get(eventKey(newest.gen, w.Seq))
	hash := hashOf(b)
	return b != nil && w.Hash == hex.EncodeToString(hash[:])
}

// replace writes a file whole or not at all.
func replace(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return syncDir(dir)
}

// syncDir makes a rename durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
