package centre

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	bolt "go.etcd.io/bbolt"
)

// Order is what the administrator orders (PROTOCOL C5).
type Order struct {
	Number    uint64 `json:"number"` // given by the centre; one higher than the last
	Kind      string `json:"kind"`
	State     string `json:"state"`
	Scope     Scope  `json:"scope"`
	NotBefore int64  `json:"not_before"` // Unix seconds; 0 = now
	ReviewBy  int64  `json:"review_by"`  // Unix seconds; 0 = in 24 hours
	Reason    string `json:"reason"`
}

// Scope is where an order holds; empty = everywhere.
type Scope struct {
	Site      string `json:"site,omitempty" cbor:"site,omitempty"`
	Direction string `json:"direction,omitempty" cbor:"direction,omitempty"`
	Scheme    string `json:"scheme,omitempty" cbor:"scheme,omitempty"`
	Lane      string `json:"lane,omitempty" cbor:"lane,omitempty"`
}

// Order signs an order.
func (k *Key) Order(o Order) ([]byte, error) {
	return k.statement("order", map[string]any{"v": 1, "number": o.Number, "kind": o.Kind, "state": o.State, "scope": o.Scope,
		"not_before": o.NotBefore, "review_by": o.ReviewBy, "reason": o.Reason})
}

var bOrders = []byte("orders") // kind and scope → the last order, as signed

// subject is where the last order on a kind and scope stands; a token of a NATS subject.
func (o Order) subject() string {
	sum := sha256.Sum256([]byte(o.key()))
	return "order." + hex.EncodeToString(sum[:8])
}

func (o Order) key() string {
	return strings.Join([]string{o.Kind, o.Scope.Site, o.Scope.Direction, o.Scope.Scheme, o.Scope.Lane}, "\x00")
}

// order numbers and signs an order, keeps it, and sends it to everybody: those who are
// connected hear it at once, the others find it in the stream.
func (c *Centre) order(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, o Order) (Order, error) {
	if o.NotBefore == 0 {
		o.NotBefore = time.Now().Unix()
	}
	if o.ReviewBy == 0 {
		o.ReviewBy = time.Now().Add(24 * time.Hour).Unix()
	}
	var signed []byte
	err := c.store.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bCounts)
		o.Number = number(b.Get([]byte("order"))) + 1
		var err error
		if signed, err = c.orders.Order(o); err != nil {
			return err
		}
		return errors.Join(b.Put([]byte("order"), binary.BigEndian.AppendUint64(nil, o.Number)), tx.Bucket(bOrders).Put([]byte(o.key()), signed))
	})
	if err != nil {
		return o, err
	}
	if err := errors.Join(nc.Publish(pushSubject, signed), nc.Flush()); err != nil {
		return o, err
	}
	_, err = js.Publish(ctx, o.subject(), signed)
	return o, err
}

// latest is the target orders/latest.cose.
func (s *store) latest() ([]byte, error) {
	list := [][]byte{}
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bOrders).ForEach(func(_, v []byte) error {
			list = append(list, bytes.Clone(v))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return cbor.Marshal(list)
}

func readOrder(data []byte) (o Order, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err = d.Decode(&o); err == nil && (o.State != "halt" && o.State != "open" || o.Kind == "") {
		err = errors.New("want kind, and state halt or open")
	}
	if err != nil {
		return o, fmt.Errorf("order: %w", err)
	}
	return o, nil
}
