package sink

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"example.org/checkpoint/simulators/centre/registry"
	bolt "go.etcd.io/bbolt"
)

var bCheckpoints = []byte("checkpoints") // place → hash of that event, then the checkpoint as signed

// checkpoint is a device's word on which event it has recorded.
type checkpoint struct {
	_          struct{} `cbor:",toarray"`
	V          int
	Device     string
	Epoch, Seq uint64
	Hash       []byte
}

// openCheckpoint checks shape and signature of a message on cp.<device>.
func openCheckpoint(r *registry.Registry, subject string, data []byte) (c checkpoint, err error) {
	name, payload, err := r.Believe(subject, "checkpoint", data)
	if err != nil {
		return c, err
	}
	if registry.Read(payload, &c) != nil || c.V != 1 || c.Device != name || c.Seq == 0 || len(c.Hash) != sha256.Size {
		return c, fmt.Errorf("%w: not a checkpoint of %s", registry.ErrForm, name)
	}
	return c, nil
}

// witness keeps the first checkpoint on an event. Another on the same event, or one that the
// event that is here already denies, is an alarm.
func (se *session) witness(c checkpoint, signed []byte) error {
	b, key := se.tx.Bucket(bCheckpoints), place(c.Device, c.Epoch, c.Seq)
	if had := b.Get(key); had != nil {
		if !bytes.Equal(had[:sha256.Size], c.Hash) {
			se.count("tampered", 1)
		}
		return nil
	}
	if event := se.events.Get(key); event != nil && !bytes.Equal(event[:sha256.Size], c.Hash) {
		se.count("tampered", 1)
	}
	return b.Put(key, append(bytes.Clone(c.Hash), signed...))
}

// TakeIn keeps what a hall's hub has kept of a device's checkpoints, as if they had come here.
func (s *Sink) TakeIn(device string, signed [][]byte) error {
	return s.Store.commit(func(se *session) error {
		for _, data := range signed {
			if err := s.open(nil, "cp."+device, data).store(se); err != nil {
				return err
			}
		}
		return nil
	})
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
	Chains   int     `json:"chains"`
	Events   uint64  `json:"events"`
	Unproven int     `json:"unproven"` // chains whose last checkpoint is signed by none of the keys that are enrolled now
	Faults   []Fault `json:"faults"`   // of each chain the first
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
// is missing before the last event or the last checkpoint. That one, which vouches for all before
// it, is believed for its device's signature alone: whoever writes here has no device's key.
func (s *Store) Audit(r *registry.Registry) (Audit, error) {
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
			f, bad := auditOne(tx, chain, last, &a.Events)
			if !bad {
				var unproven bool
				if f, bad, unproven = auditLast(tx, chain, r); unproven {
					a.Unproven++
				}
			}
			if bad {
				f.Device, f.Epoch = chain[:len(chain)-9], hex.EncodeToString([]byte(chain[len(chain)-8:]))
				a.Faults = append(a.Faults, f)
			}
		}
		return nil
	})
	return a, err
}

// auditLast checks the signature of a chain's last checkpoint.
func auditLast(tx *bolt.Tx, chain string, r *registry.Registry) (f Fault, bad, unproven bool) {
	c := tx.Bucket(bCheckpoints).Cursor()
	behind := c.Prev
	if k, _ := c.Seek(append([]byte(chain), bytes.Repeat([]byte{0xff}, 8)...)); k == nil {
		behind = c.Last
	}
	k, v := behind()
	if k == nil || !strings.HasPrefix(string(k), chain) {
		return Fault{}, false, false
	}
	device := chain[:len(chain)-9]
	said, err := openCheckpoint(r, "cp."+device, v[sha256.Size:])
	if errors.Is(err, registry.ErrUnknown) || errors.Is(err, registry.ErrKey) {
		return Fault{}, false, true
	}
	if err != nil || !bytes.Equal(place(device, said.Epoch, said.Seq), k) || !bytes.Equal(said.Hash, v[:sha256.Size]) {
		return Fault{Seq: binary.BigEndian.Uint64(k[len(chain):]), Kind: "edit"}, true, false
	}
	return Fault{}, false, false
}

func auditOne(tx *bolt.Tx, chain string, last uint64, events *uint64) (Fault, bool) {
	before := make([]byte, sha256.Size) // the first follows nothing
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
			if e.Prev != hex.EncodeToString(before) {
				return Fault{Seq: seq, Kind: "edit"}, true
			}
		}
		before = hash
	}
	return Fault{}, false
}
