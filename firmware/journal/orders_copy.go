package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/order"
)

// ordersFile is a copy of the book apart from the journal.
const ordersFile = "orders.json"

type ordersCopy struct {
	V      int           `json:"v"`
	Orders []copiedOrder `json:"orders"`
}

type copiedOrder struct {
	Held   bool   `json:"held,omitempty"`
	Begun  bool   `json:"begun,omitempty"`
	Least  string `json:"least,omitempty"`
	Signed []byte `json:"signed"`
}

// copyOrders writes it. It needs writing.
func (j *Journal) copyOrders() error {
	c := ordersCopy{V: 1}
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		for _, s := range j.book.Load().All() {
			kept := tx.Bucket(ordersBucket).Get([]byte(order.Key(s.Order)))
			if len(kept) > 0 {
				c.Orders = append(c.Orders, copiedOrder{s.Held, s.Begun, s.Least, bytes.Clone(kept[1:])})
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	path := filepath.Join(j.dir, ordersFile)
	if had, err := os.ReadFile(path); err == nil && bytes.Equal(had, b) {
		return nil
	}
	return replace(path, b)
}

// joinOrders takes from the copy what halts more than this journal knows: then that was lost, or
// an older copy was put in its place. A copy that cannot be read says nothing. It needs writing.
func (j *Journal) joinOrders() error {
	var c ordersCopy
	if text, err := os.ReadFile(filepath.Join(j.dir, ordersFile)); err != nil || json.Unmarshal(text, &c) != nil || c.V != 1 {
		return j.copyOrders()
	}
	copied, signed := &order.Book{}, map[string][]byte{}
	for _, one := range c.Orders {
		if o, err := centre.DecodeOrder(one.Signed); err == nil {
			copied.Restore(order.Standing{Order: o, Held: one.Held, Begun: one.Begun, Least: one.Least})
			signed[order.Key(o)] = one.Signed
		}
	}
	if len(j.book.Load().Clone().Join(copied)) == 0 {
		return j.copyOrders()
	}
	return j.direct(func(book *order.Book, tx *bolt.Tx) error {
		for _, s := range book.Join(copied) {
			if err := putStanding(tx, s, signed[order.Key(s.Order)]); err != nil {
				return err
			}
			if err := j.obeyed(tx, s.Order, stateOf(s)+", known from its copy"); err != nil {
				return err
			}
		}
		return nil
	})
}
