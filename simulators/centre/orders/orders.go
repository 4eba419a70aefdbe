// Package orders gives the centre's orders and leases: numbers, signs and keeps them, and sends them out.
package orders

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/centre/streams"
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

// Sign signs an order with the orders key.
func (o Order) Sign(k *keys.Key) ([]byte, error) {
	return k.State("order", map[string]any{"v": 1, "number": o.Number, "kind": o.Kind, "state": o.State, "scope": o.Scope,
		"not_before": o.NotBefore, "review_by": o.ReviewBy, "reason": o.Reason})
}

var (
	bOrders   = []byte("orders") // kind and scope → the last order, as signed
	bNumbers  = []byte("counts") // name → number
	lastOrder = []byte("order")  // name of the highest number given
)

// Book is what was ordered and leased.
type Book struct {
	db  *bolt.DB
	key *keys.Key
}

// New is the book in a database, which signs with the orders key, also what an earlier key has signed
// and still stands: one order that devices do not believe would spoil every set with it.
func New(db *bolt.DB, key *keys.Key) (*Book, error) {
	err := db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bOrders, bNumbers, bQuotas, bLeases} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		standing := map[string][]byte{}
		err := tx.Bucket(bOrders).ForEach(func(k, v []byte) (err error) {
			standing[string(k)], err = key.Again("order", bytes.Clone(v))
			return err
		})
		for k, signed := range standing {
			err = errors.Join(err, tx.Bucket(bOrders).Put([]byte(k), signed))
		}
		return err
	})
	return &Book{db, key}, err
}

// subject is where the last order on a kind and scope stands; a token of a NATS subject.
func subject(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "order." + hex.EncodeToString(sum[:8])
}

func (o Order) key() string {
	return strings.Join([]string{o.Kind, o.Scope.Site, o.Scope.Direction, o.Scope.Scheme, o.Scope.Lane}, "\x00")
}

// Order numbers and signs an order, keeps it, and sends it to everybody: those who are
// connected hear it at once, the others find it in the stream.
func (b *Book) Order(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, o Order) (Order, error) {
	if o.NotBefore == 0 {
		o.NotBefore = time.Now().Unix()
	}
	if o.ReviewBy == 0 {
		o.ReviewBy = time.Now().Add(24 * time.Hour).Unix()
	}
	var signed []byte
	err := b.db.Update(func(tx *bolt.Tx) error {
		numbers := tx.Bucket(bNumbers)
		if had := numbers.Get(lastOrder); len(had) == 8 {
			o.Number = binary.BigEndian.Uint64(had)
		}
		o.Number++
		var err error
		if signed, err = o.Sign(b.key); err != nil {
			return err
		}
		if len(signed) > maxOrder {
			return fmt.Errorf("%w: %d bytes signed, at most %d: give a shorter reason", ErrOrder, len(signed), maxOrder)
		}
		return errors.Join(numbers.Put(lastOrder, binary.BigEndian.AppendUint64(nil, o.Number)), tx.Bucket(bOrders).Put([]byte(o.key()), signed))
	})
	if err != nil {
		return o, err
	}
	if err := errors.Join(nc.Publish(streams.Push, signed), nc.Flush()); err != nil {
		return o, err
	}
	_, err = js.Publish(ctx, subject(o.key()), signed)
	return o, err
}

// Restate puts into the stream what stands and is not there, and takes out what is nobody's: a centre that was
// killed while it gave an order had told only those who were connected, and a stream may have been lost. A
// server puts its acknowledgement wherever a message asks for it, in the place of an order, too.
func (b *Book) Restate(ctx context.Context, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, streams.Orders)
	if err != nil {
		return err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter("order.>"))
	if err != nil {
		return err
	}
	standing := map[string][]byte{} // read after the stream: what stood there by then, and is an order, is among them
	err = b.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bOrders).ForEach(func(k, v []byte) error {
			standing[subject(string(k))] = bytes.Clone(v)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for at := range info.State.Subjects {
		if standing[at] == nil {
			if err := stream.Purge(ctx, jetstream.WithPurgeSubject(at)); err != nil {
				return err
			}
		}
	}
	for at, signed := range standing {
		var had uint64
		last, err := stream.GetLastMsgForSubject(ctx, at)
		switch {
		case err == nil && bytes.Equal(last.Data, signed):
			continue
		case err == nil:
			had = last.Sequence
		case !errors.Is(err, jetstream.ErrMsgNotFound):
			return err
		}
		if _, err := js.Publish(ctx, at, signed, jetstream.WithExpectLastSequencePerSubject(had)); err != nil {
			return err
		}
	}
	return nil
}

// watchEvery is how often the stream is looked at.
const watchEvery = 2 * time.Second

// Watch restates whenever the stream has changed, until ctx is done.
func (b *Book) Watch(ctx context.Context, js jetstream.JetStream) error {
	var seen uint64
	for tick := time.NewTicker(watchEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
		stream, err := js.Stream(ctx, streams.Orders)
		if err != nil || stream.CachedInfo().State.LastSeq == seen {
			continue // without a line there is another time
		}
		if b.Restate(ctx, js) == nil {
			seen = stream.CachedInfo().State.LastSeq
		}
	}
}

// Latest is the target orders/latest.cose.
func (b *Book) Latest() ([]byte, error) {
	list := [][]byte{}
	err := b.db.View(func(tx *bolt.Tx) error {
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

// ErrOrder means: no device would take such an order, nor any set that has it.
var ErrOrder = errors.New("not an order")

const (
	maxOrder = 2 << 10         // bytes of one as it is signed (PROTOCOL part C)
	maxTime  = 253_402_300_799 // the last second of the year 9999
	kinds    = "breaker, lockdown, time, min-version"
)

// leastVersion is how the reason of a least version begins.
var leastVersion = regexp.MustCompile(`^v?\d{1,6}(\.\d{1,6}){0,2}($|[^\w.])`)

// Read reads an order as the administrator writes it, JSON, and refuses what devices do not take.
func Read(data []byte) (o Order, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("%w: %w", ErrOrder, err)
	}
	switch {
	case o.State != "halt" && o.State != "open":
		return o, fmt.Errorf("%w: state %q is neither halt nor open", ErrOrder, o.State)
	case !slices.Contains(strings.Split(kinds, ", "), o.Kind):
		return o, fmt.Errorf("%w: kind %q is none of %s", ErrOrder, o.Kind, kinds)
	case o.Scope.Direction != "" && o.Scope.Direction != "in" && o.Scope.Direction != "out":
		return o, fmt.Errorf("%w: direction %q is neither in nor out", ErrOrder, o.Scope.Direction)
	case o.NotBefore < 0 || o.NotBefore > maxTime || o.ReviewBy < 0 || o.ReviewBy > maxTime:
		return o, fmt.Errorf("%w: want times in Unix seconds", ErrOrder)
	case o.Kind == "min-version" && o.State == "halt" && !leastVersion.MatchString(o.Reason):
		return o, fmt.Errorf("%w: the reason of a least version begins with it, as in \"1.4.0 repairs the clock\"", ErrOrder)
	}
	return o, nil
}
