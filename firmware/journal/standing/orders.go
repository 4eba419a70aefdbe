// Package standing keeps in the journal's file what the centre has said until it says otherwise:
// its orders for ever, with a copy beside the file, and the leases of quotas with the tokens
// that were spent of them (PROTOCOL C5, C6).
//
// What concerns the file happens inside a transaction of the caller's.
package standing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/order"
)

var (
	ordersBucket = []byte("orders") // order.Key → whether it is held, 1 byte, then the order as it was signed
	begunBucket  = []byte("begun")  // order.Key → whether it has begun, 1 byte, then the least version that a held one keeps up
	cameBucket   = []byte("came")   // order.Key → when a held one came, Unix microseconds
	leasesBucket = []byte("leases") // shareKey → the lease as it was signed
	spentBucket  = []byte("spent")  // shareKey → tokens spent in this epoch
	tokensBucket = []byte("tokens") // claim → shareKeys, with commas: what an open claim has spent
)

// Buckets of a file: those of Later came after the rest, and may be missing from an older file.
// Those of Epoch end with an epoch.
var (
	Buckets = [][]byte{ordersBucket, leasesBucket, spentBucket, tokensBucket}
	Later   = [][]byte{begunBucket, cameBucket}
	Epoch   = [][]byte{leasesBucket, spentBucket, tokensBucket}
)

// PutOrder writes an order as it stands, and as the centre signed it.
func PutOrder(tx *bolt.Tx, s order.Standing, signed []byte) error {
	key := []byte(order.Key(s.Order))
	err := errors.Join(tx.Bucket(ordersBucket).Put(key, append([]byte{flag(s.Held)}, signed...)),
		tx.Bucket(begunBucket).Put(key, append([]byte{flag(s.Begun)}, s.Least...)))
	if s.Came.IsZero() {
		return errors.Join(err, tx.Bucket(cameBucket).Delete(key))
	}
	return errors.Join(err, tx.Bucket(cameBucket).Put(key, boltfile.U64(uint64(s.Came.UnixMicro()))))
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// ChangeOrder writes how an order stands that is there already.
func ChangeOrder(tx *bolt.Tx, s order.Standing) error {
	kept := tx.Bucket(ordersBucket).Get([]byte(order.Key(s.Order)))
	if len(kept) == 0 {
		return fmt.Errorf("%w: an order is missing", boltfile.ErrDamaged)
	}
	return PutOrder(tx, s, bytes.Clone(kept[1:]))
}

// Book reads all orders. Their signatures were checked when they came.
func Book(tx *bolt.Tx) (*order.Book, error) {
	book, begun, came := &order.Book{}, tx.Bucket(begunBucket), tx.Bucket(cameBucket)
	err := tx.Bucket(ordersBucket).ForEach(func(k, v []byte) error {
		if len(v) == 0 {
			return fmt.Errorf("%w: an order is empty", boltfile.ErrDamaged)
		}
		o, err := centre.DecodeOrder(v[1:])
		if err != nil || order.Key(o) != string(k) {
			return fmt.Errorf("%w: the order of %s: %v", boltfile.ErrDamaged, strings.ReplaceAll(string(k), "\x00", "/"), err)
		}
		s := order.Standing{Order: o, Held: v[0] == 1}
		if begun != nil {
			if b := begun.Get(k); len(b) > 0 {
				s.Begun, s.Least = b[0] == 1, string(b[1:])
			}
		}
		if came != nil {
			s.Came = at(int64(boltfile.Number(came.Get(k))))
		}
		book.Restore(s)
		return nil
	})
	return book, err
}

// at is a time in Unix microseconds, 0 for none.
func at(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// State says in words how an order stands, for its event.
func State(s order.Standing) string {
	switch {
	case s.Order.Halt:
		return "halt"
	case s.Held:
		return "open, waits for a supervisor"
	}
	return "open"
}

// Note is what the event of an order says of it.
func Note(o centre.Order, state string) map[string]string {
	note := map[string]string{"number": strconv.FormatUint(o.Number, 10), "kind": string(o.Kind), "state": state}
	for name, limit := range map[string]string{"site": o.Scope.Site, "direction": o.Scope.Direction, "scheme": o.Scope.Scheme, "lane": o.Scope.Lane, "reason": o.Reason} {
		if limit != "" {
			note[name] = event.Clip(limit)
		}
	}
	return note
}

// CopyFile is a copy of the book apart from the journal.
const CopyFile = "orders.json"

type ordersCopy struct {
	V      int           `json:"v"`
	Orders []copiedOrder `json:"orders"`
}

type copiedOrder struct {
	Held   bool   `json:"held,omitempty"`
	Begun  bool   `json:"begun,omitempty"`
	Least  string `json:"least,omitempty"`
	Came   int64  `json:"came,omitempty"` // Unix microseconds
	Signed []byte `json:"signed"`
}

// WriteCopy writes the copy to a state directory, unless it says so already.
func WriteCopy(tx *bolt.Tx, book *order.Book, dir string) error {
	c := ordersCopy{V: 1}
	for _, s := range book.All() {
		if kept := tx.Bucket(ordersBucket).Get([]byte(order.Key(s.Order))); len(kept) > 0 {
			one := copiedOrder{Held: s.Held, Begun: s.Begun, Least: s.Least, Signed: bytes.Clone(kept[1:])}
			if !s.Came.IsZero() {
				one.Came = s.Came.UnixMicro()
			}
			c.Orders = append(c.Orders, one)
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	path := filepath.Join(dir, CopyFile)
	if had, err := os.ReadFile(path); err == nil && bytes.Equal(had, b) {
		return nil
	}
	if err := statefile.Replace(path, b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// ReadCopy gives the book of a copy, and by their keys the orders as they were signed. A copy that
// is not there or cannot be read says nothing.
func ReadCopy(dir string) (book *order.Book, signed map[string][]byte) {
	book, signed = &order.Book{}, map[string][]byte{}
	var c ordersCopy
	if text, err := os.ReadFile(filepath.Join(dir, CopyFile)); err != nil || json.Unmarshal(text, &c) != nil || c.V != 1 {
		return book, signed
	}
	for _, one := range c.Orders {
		if o, err := centre.DecodeOrder(one.Signed); err == nil {
			book.Restore(order.Standing{Order: o, Held: one.Held, Begun: one.Begun, Least: one.Least, Came: at(one.Came)})
			signed[order.Key(o)] = one.Signed
		}
	}
	return book, signed
}
