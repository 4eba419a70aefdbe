// Package epochs keeps the events of a journal in its file: one hash chain for each epoch, how
// far the centre has confirmed it, and how far it was deleted.
//
// Everything happens inside a transaction of the caller's. Heads are read from the
// transaction, never from memory: a commit whose sync failed may have happened or not.
package epochs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
)

// Numbers are big endian, so that keys sort as they count. A place is that of an epoch in the
// order of epochs, from 1.
var (
	epochsBucket = []byte("epochs") // place → the rest of an Epoch
	eventsBucket = []byte("events") // place, seq → event
)

// Meta is the bucket of what is said of a whole file: here "device"; "disputed", place → seq;
// "anchor", place → a signed checkpoint. A file without it is new.
var Meta = []byte("meta")

// Buckets are those that a file has.
var Buckets = [][]byte{Meta, epochsBucket, eventsBucket}

var deviceKey = []byte("device")

// Epoch is one chain.
type Epoch struct {
	Place  uint32      // in the order of epochs, from 1; 0: there is none
	ID     uint64      // random
	Marked chain.Point // the last event that the centre has confirmed
	Pruned chain.Point // the last that was deleted: the anchor of what is left
}

const epochSize = 8 + 2*(8+32)

func (e Epoch) bytes() []byte {
	b := boltfile.U64(e.ID)
	for _, p := range []chain.Point{e.Marked, e.Pruned} {
		b = append(binary.BigEndian.AppendUint64(b, p.Seq), p.Hash[:]...)
	}
	return b
}

func read(k, v []byte) (Epoch, error) {
	if len(k) != 4 || len(v) != epochSize {
		return Epoch{}, fmt.Errorf("%w: an epoch's record has %d and %d bytes", boltfile.ErrDamaged, len(k), len(v))
	}
	point := func(i int) chain.Point {
		return chain.Point{Seq: binary.BigEndian.Uint64(v[i:]), Hash: [32]byte(v[i+8 : i+40])}
	}
	return Epoch{binary.BigEndian.Uint32(k), binary.BigEndian.Uint64(v), point(8), point(48)}, nil
}

// All gives the epochs, oldest first.
func All(tx *bolt.Tx) ([]Epoch, error) {
	var all []Epoch
	err := tx.Bucket(epochsBucket).ForEach(func(k, v []byte) error {
		e, err := read(k, v)
		all = append(all, e)
		return err
	})
	return all, err
}

// At gives the epoch of a place.
func At(tx *bolt.Tx, place uint32) (Epoch, error) {
	k := placeKey(place)
	return read(k, tx.Bucket(epochsBucket).Get(k))
}

// Find gives the epoch of that ID, if it is known.
func Find(tx *bolt.Tx, id uint64) (e Epoch, known bool, err error) {
	all, err := All(tx)
	if err != nil {
		return Epoch{}, false, err
	}
	for _, e := range all {
		if e.ID == id {
			return e, true, nil
		}
	}
	return Epoch{}, false, nil
}

// Put writes how an epoch stands.
func (e Epoch) Put(tx *bolt.Tx) error {
	return tx.Bucket(epochsBucket).Put(placeKey(e.Place), e.bytes())
}

// Append writes the event behind the last one.
func (e Epoch) Append(tx *bolt.Tx, seq uint64, b []byte) error {
	events := tx.Bucket(eventsBucket)
	events.FillPercent = 0.95 // keys only grow
	return events.Put(e.key(seq), b)
}

// Event gives the bytes of one; nil if it is not there.
func (e Epoch) Event(tx *bolt.Tx, seq uint64) []byte { return tx.Bucket(eventsBucket).Get(e.key(seq)) }

// Head is the last event; that which was deleted last if no other is left.
func (e Epoch) Head(tx *bolt.Tx) chain.Point {
	c := tx.Bucket(eventsBucket).Cursor()
	var v []byte
	k, _ := c.Seek(e.key(math.MaxUint64))
	if k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	if !e.owns(k) {
		return e.Pruned
	}
	return chain.Point{Seq: seqOf(k), Hash: chain.Hash(v)}
}

// Holds reports whether an event is there with that hash, or was deleted since.
func (e Epoch) Holds(tx *bolt.Tx, p chain.Point) bool {
	switch {
	case p.Seq < e.Pruned.Seq:
		return true
	case p.Seq == e.Pruned.Seq:
		return p.Hash == e.Pruned.Hash
	}
	b := e.Event(tx, p.Seq)
	return b != nil && p.Hash == chain.Hash(b)
}

// From gives the events from one on, by their places.
func (e Epoch) From(tx *bolt.Tx, first uint64) iter.Seq2[uint64, []byte] {
	return func(yield func(uint64, []byte) bool) {
		c := tx.Bucket(eventsBucket).Cursor()
		for k, v := c.Seek(e.key(first)); e.owns(k) && yield(seqOf(k), v); k, v = c.Next() {
		}
	}
}

// Totals are how many events a file holds of all epochs.
type Totals struct {
	Confirmed uint64 // by the centre, and not deleted yet
	Unsynced  uint64 // that the centre has not confirmed
	Disputed  uint64 // of disputed epochs; not among Unsynced
	Oldest    []byte // of the unsynced; nil if there is none
}

// Count gives the totals.
func Count(tx *bolt.Tx) (n Totals, err error) {
	all, err := All(tx)
	for _, e := range all {
		waiting := e.Head(tx).Seq - e.Marked.Seq
		n.Confirmed += e.Marked.Seq - e.Pruned.Seq
		if e.Disputed(tx) {
			n.Disputed += waiting
			continue
		}
		if n.Oldest == nil && waiting > 0 {
			n.Oldest = bytes.Clone(e.Event(tx, e.Marked.Seq+1))
		}
		n.Unsynced += waiting
	}
	return n, err
}

// Newest gives the newest n events of all epochs that keep wants, newest first. All if n is 0.
func Newest(tx *bolt.Tx, n int, keep func(event.Record) bool) ([]event.Record, error) {
	var out []event.Record
	events := tx.Bucket(eventsBucket)
	if events == nil {
		return nil, nil
	}
	c := events.Cursor()
	for k, v := c.Last(); k != nil && (n == 0 || len(out) < n); k, v = c.Prev() {
		r, err := event.Decode(v)
		if err != nil {
			return out, fmt.Errorf("journal: %w: run 'checkpoint journal verify'", err)
		}
		if keep(r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// Device says whose events a file holds.
func Device(tx *bolt.Tx) string { return string(tx.Bucket(Meta).Get(deviceKey)) }

// SetDevice notes it.
func SetDevice(tx *bolt.Tx, name string) error { return tx.Bucket(Meta).Put(deviceKey, []byte(name)) }

// Header is how the epoch begins in an export.
func (e Epoch) Header(tx *bolt.Tx) chain.Header {
	return chain.Header{Device: Device(tx), Epoch: e.ID, Pruned: e.Pruned, Marked: e.Marked,
		Anchor: bytes.Clone(tx.Bucket(Meta).Get(e.anchorKey()))}
}

// Disputed reports whether the centre holds other events of the epoch than this file.
func (e Epoch) Disputed(tx *bolt.Tx) bool { return tx.Bucket(Meta).Get(e.disputedKey()) != nil }

// Dispute notes at which event the centre holds another one.
func (e Epoch) Dispute(tx *bolt.Tx, seq uint64) error {
	return tx.Bucket(Meta).Put(e.disputedKey(), boltfile.U64(seq))
}

func (e Epoch) key(seq uint64) []byte {
	return binary.BigEndian.AppendUint64(placeKey(e.Place), seq)
}

// owns reports whether an event's key is of this epoch.
func (e Epoch) owns(k []byte) bool { return len(k) == 12 && binary.BigEndian.Uint32(k) == e.Place }

func seqOf(k []byte) uint64 { return binary.BigEndian.Uint64(k[4:]) }

func placeKey(place uint32) []byte { return binary.BigEndian.AppendUint32(nil, place) }

func (e Epoch) disputedKey() []byte { return append([]byte("disputed"), placeKey(e.Place)...) }

func (e Epoch) anchorKey() []byte { return append([]byte("anchor"), placeKey(e.Place)...) }
