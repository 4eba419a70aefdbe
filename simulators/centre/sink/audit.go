package sink

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

var bCheckpoints = []byte("checkpoints") // place → hash of that event, then the checkpoint as signed

// witness keeps the first checkpoint on an event. Another on the same event, or one that the
// event that is here already denies, is an alarm.
func (se *session) witness(device string, epoch, seq uint64, hash, signed []byte) error {
	b, key := se.tx.Bucket(bCheckpoints), place(device, epoch, seq)
	if had := b.Get(key); had != nil {
		if !bytes.Equal(had[:sha256.Size], hash) {
			se.count("tampered", 1)
		}
		return nil
	}
	if event := se.events.Get(key); event != nil && !bytes.Equal(event[:sha256.Size], hash) {
		se.count("tampered", 1)
	}
	return b.Put(key, append(bytes.Clone(hash), signed...))
}

// Checkpoints are those of a device, or of all, as signed.
func (s *Store) Checkpoints(device string) (list []string, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bCheckpoints).ForEach(func(k, v []byte) error {
			if device == "" || strings.HasPrefix(string(k), device+"\x00") {
				list = append(list, hex.EncodeToString(v[sha256.Size:]))
			}
			return nil
		})
	})
	return list, err
}

// Audit is the answer of GET /audit.
type Audit struct {
	Chains int     `json:"chains"`
	Events uint64  `json:"events"`
	Faults []Fault `json:"faults"` // of each chain the first
}

// Fault is where a chain breaks.
type Fault struct {
	Device string `json:"device"`
	Epoch  string `json:"epoch"`
	Seq    uint64 `json:"seq"`
	Kind   string `json:"kind"` // edit, gap, reorder, truncation
}

// Audit walks every chain that events or checkpoints tell of: each event is the bytes of its
// hash, stands in its place, names the one before, and is the one that a checkpoint named; none
// is missing before the last event or the last checkpoint.
func (s *Store) Audit() (Audit, error) {
	a := Audit{Faults: []Fault{}}
	err := s.db.View(func(tx *bolt.Tx) error {
		chains := map[string]uint64{} // device, epoch → the last seq that there must be
		for _, bucket := range [][]byte{bEvents, bCheckpoints} {
			err := tx.Bucket(bucket).ForEach(func(k, _ []byte) error {
				chain := string(k[:len(k)-8])
				chains[chain] = max(chains[chain], binary.BigEndian.Uint64(k[len(k)-8:]))
				return nil
			})
			if err != nil {
				return err
			}
		}
		for chain, last := range chains {
			a.Chains++
			if f, bad := auditOne(tx, chain, last, &a.Events); bad {
				f.Device, f.Epoch = chain[:len(chain)-9], hex.EncodeToString([]byte(chain[len(chain)-8:]))
				a.Faults = append(a.Faults, f)
			}
		}
		return nil
	})
	return a, err
}

func auditOne(tx *bolt.Tx, chain string, last uint64, events *uint64) (Fault, bool) {
	var before []byte
	device, epoch := chain[:len(chain)-9], chain[len(chain)-8:]
	for seq := uint64(1); seq <= last; seq++ {
		key := binary.BigEndian.AppendUint64([]byte(chain), seq)
		v := tx.Bucket(bEvents).Get(key)
		if v == nil {
			kind := "truncation"
			if k, _ := tx.Bucket(bEvents).Cursor().Seek(key); k != nil && strings.HasPrefix(string(k), chain) {
				kind = "gap"
			}
			return Fault{Seq: seq, Kind: kind}, true
		}
		*events++
		hash, text := v[:sha256.Size], v[sha256.Size:]
		witnessed := tx.Bucket(bCheckpoints).Get(key)
		if sum := sha256.Sum256(text); len(text) > 0 && !bytes.Equal(sum[:], hash) || witnessed != nil && !bytes.Equal(witnessed[:sha256.Size], hash) {
			return Fault{Seq: seq, Kind: "edit"}, true
		}
		if len(text) > 0 { // else in quarantine, and its hash stands for it
			var e struct{ ID, Prev string }
			if json.Unmarshal(text, &e) != nil {
				return Fault{Seq: seq, Kind: "edit"}, true
			}
			if e.ID != fmt.Sprintf("%s/%x/%d", device, epoch, seq) {
				return Fault{Seq: seq, Kind: "reorder"}, true
			}
			if before != nil && e.Prev != hex.EncodeToString(before) {
				return Fault{Seq: seq, Kind: "edit"}, true
			}
		}
		before = hash
	}
	return Fault{}, false
}
