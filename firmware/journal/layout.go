package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/boltfile"
)

// Buckets. Numbers are big endian, so that keys sort as they count. A gen is the
// place of an epoch in the order of epochs, from 1.
var (
	metaBucket   = []byte("meta")   // "format", "boot": 8 bytes; "device"; "disputed", gen → seq
	epochsBucket = []byte("epochs") // gen → epochState
	eventsBucket = []byte("events") // gen, seq → event
	marksBucket  = []byte("marks")  // HMAC of an identity → mark
	endsBucket   = []byte("ends")   // until, HMAC → nothing: marks in the order of their end
	claimsBucket = []byte("claims") // claimKey → visit, HMACs: claims that are open
	keysBucket   = []byte("keys")   // id of a day key → the latest until of its marks
	lanesBucket  = []byte("lanes")  // name → something, while the lane is evacuated

	// Since format 2.
	ordersBucket = []byte("orders") // order.Key → standing
	leasesBucket = []byte("leases") // shareKey → the lease as it was signed
	spentBucket  = []byte("spent")  // shareKey → tokens spent in this epoch
	tokensBucket = []byte("tokens") // claimKey → shareKeys, with commas: what an open claim has spent

	// Made where it is missing.
	begunBucket = []byte("begun") // order.Key → whether the order has begun, 1 byte, then the least version that a held one keeps up
)

var buckets = [][]byte{metaBucket, epochsBucket, eventsBucket, marksBucket, endsBucket, claimsBucket, keysBucket, lanesBucket}

// later are the buckets that a journal of format 1 has not.
var later = [][]byte{ordersBucket, leasesBucket, spentBucket, tokensBucket}

// ofEpoch are the buckets that end with an epoch: what was marked, claimed or leased is another's then.
var ofEpoch = [][]byte{marksBucket, endsBucket, claimsBucket, keysBucket, leasesBucket, spentBucket, tokensBucket}

// format is the version of this layout.
const format = 2

var (
	formatKey = []byte("format")
	bootKey   = []byte("boot")
	deviceKey = []byte("device")

	overruledKey = []byte("overruled") // Unix seconds
)

// disputedKey notes at which event the centre holds another one of an epoch that has ended.
func disputedKey(gen uint32) []byte { return append([]byte("disputed"), genKey(gen)...) }

// anchorKey has a checkpoint of the last event that was deleted of an epoch, as the device signed it.
func anchorKey(gen uint32) []byte { return append([]byte("anchor"), genKey(gen)...) }

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// number reads what u64 wrote; 0 if there is nothing.
func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func genKey(gen uint32) []byte { return binary.BigEndian.AppendUint32(nil, gen) }

func eventKey(gen uint32, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(genKey(gen), seq)
}

// point is one event of a chain; the zero point stands before the first.
type point struct {
	seq  uint64
	hash [32]byte
}

// epochState is what is known of one epoch apart from its events.
type epochState struct {
	epoch  uint64
	marked point // the last that the centre has confirmed
	pruned point // the last that was deleted: the anchor of the chain that is left
}

const epochStateSize = 8 + 2*(8+32)

func (s epochState) bytes() []byte {
	b := u64(s.epoch)
	for _, p := range []point{s.marked, s.pruned} {
		b = append(binary.BigEndian.AppendUint64(b, p.seq), p.hash[:]...)
	}
	return b
}

func readEpochState(b []byte) (epochState, error) {
	if len(b) != epochStateSize {
		return epochState{}, fmt.Errorf("%w: an epoch's record has %d bytes", boltfile.ErrDamaged, len(b))
	}
	at := func(i int) point { return point{binary.BigEndian.Uint64(b[i:]), [32]byte(b[i+8 : i+40])} }
	return epochState{epoch: binary.BigEndian.Uint64(b), marked: at(8), pruned: at(48)}, nil
}

// generation is one epoch with its place in the order.
type generation struct {
	gen uint32
	epochState
}

// generations gives all epochs, oldest first.
func generations(tx *bolt.Tx) ([]generation, error) {
	var all []generation
	err := tx.Bucket(epochsBucket).ForEach(func(k, v []byte) error {
		if len(k) != 4 {
			return fmt.Errorf("%w: an epoch's key has %d bytes", boltfile.ErrDamaged, len(k))
		}
		s, err := readEpochState(v)
		all = append(all, generation{binary.BigEndian.Uint32(k), s})
		return err
	})
	return all, err
}

// headOfEpoch is the last event of an epoch.
type headOfEpoch struct {
	epoch uint64
	point
}

// headOf reads the head from the transaction, never from memory: a commit whose
// sync failed may have happened or not.
func headOf(tx *bolt.Tx, gen uint32) (headOfEpoch, error) {
	s, err := readEpochState(tx.Bucket(epochsBucket).Get(genKey(gen)))
	if err != nil {
		return headOfEpoch{}, err
	}
	c := tx.Bucket(eventsBucket).Cursor()
	var v []byte
	k, _ := c.Seek(eventKey(gen, math.MaxUint64))
	if k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	if len(k) != 12 || !bytes.HasPrefix(k, genKey(gen)) {
		return headOfEpoch{s.epoch, s.pruned}, nil
	}
	return headOfEpoch{s.epoch, point{binary.BigEndian.Uint64(k[4:]), hashOf(v)}}, nil
}

// Marks.
const (
	pending byte = 1
	passed  byte = 2
)

// mark is the value of one in marksBucket.
type mark struct {
	state byte
	until time.Time
	claim []byte // claimKey of whoever made it
}

func (m mark) bytes() []byte {
	return append(binary.BigEndian.AppendUint64([]byte{m.state}, uint64(m.until.Unix())), m.claim...)
}

func readMark(b []byte) (mark, error) {
	if len(b) < 9+claimKeySize {
		return mark{}, fmt.Errorf("%w: a mark has %d bytes", boltfile.ErrDamaged, len(b))
	}
	return mark{b[0], time.Unix(int64(binary.BigEndian.Uint64(b[1:])), 0), b[9:]}, nil
}

func endKey(until time.Time, mac []byte) []byte {
	return append(u64(uint64(until.Unix())), mac...)
}

const claimKeySize = 16 // and the lane's name

func claimKey(boot, presentation uint64, lane string) []byte {
	return append(append(u64(boot), u64(presentation)...), lane...)
}
