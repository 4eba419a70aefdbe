package statefile

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WitnessFile is its name in a state directory.
const WitnessFile = "boot.json"

// Witness stands beside the journal and says what the journal must hold. Twice in
// a start it is written: with Starting set before the journal notes the
// boot, and without it after. In between the journal may be one boot behind; killed
// at any point the next start finds one of the two states.
type Witness struct {
	V        int    `json:"v"`
	Boot     uint64 `json:"boot"` // counts starts, and never goes back
	Starting bool   `json:"starting,omitempty"`
	Epoch    uint64 `json:"epoch,string"` // 0 if the journal has never been there
	Seq      uint64 `json:"seq"`          // an event of the epoch that the journal held, and
	Hash     string `json:"hash"`         // its SHA-256 in hex
	MarkSeq  uint64 `json:"mark_seq"`     // the centre's mark at that time
	MarkHash string `json:"mark_hash"`
}

// ReadWitness reports whether there is a readable one.
func ReadWitness(dir string) (Witness, bool, error) {
	b, err := os.ReadFile(filepath.Join(dir, WitnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Witness{}, false, nil
	} else if err != nil {
		return Witness{}, false, fmt.Errorf("journal: %w", err)
	}
	var w Witness
	if json.Unmarshal(b, &w) != nil || w.V != 1 {
		return Witness{}, false, nil
	}
	return w, true, nil
}

// Write writes it to a state directory.
func (w Witness) Write(dir string) error {
	w.V = 1
	b, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := Replace(filepath.Join(dir, WitnessFile), append(b, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Sum is Hash; zero if that is no SHA-256.
func (w Witness) Sum() (h [32]byte) {
	if b, err := hex.DecodeString(w.Hash); err == nil && len(b) == len(h) {
		h = [32]byte(b)
	}
	return h
}
