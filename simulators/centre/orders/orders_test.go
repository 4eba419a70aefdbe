package orders

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/simulators/centre/keys"
	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
	bolt "go.etcd.io/bbolt"
)

// TestReadRefuses what no device takes: one such order would spoil every set that has it.
func TestReadRefuses(t *testing.T) {
	for text, good := range map[string]bool{
		`{"kind":"breaker","state":"halt"}`: true,
		`{"kind":"lockdown","state":"open","scope":{"site":"LMC","direction":"in"},"reason":"over"}`: true,
		`{"kind":"min-version","state":"halt","reason":"1.4.0 repairs the clock"}`:                   true,
		`{"kind":"min-version","state":"halt","reason":"v2"}`:                                        true,
		`{"kind":"min-version","state":"open","reason":"withdrawn"}`:                                 true,
		`{"kind":"min-version","state":"halt","reason":"repairs the clock"}`:                         false,
		`{"kind":"min-version","state":"halt","reason":"1.4.0repairs"}`:                              false,
		`{"kind":"braker","state":"halt"}`:                                                           false,
		`{"kind":"","state":"halt"}`:                                                                 false,
		`{"kind":"breaker","state":"closed"}`:                                                        false,
		`{"kind":"breaker","state":"halt","scope":{"direction":"north"}}`:                            false,
		`{"kind":"breaker","state":"halt","scope":{"gate":"1"}}`:                                     false,
		`{"kind":"time","state":"open","not_before":-1}`:                                             false,
		`{"kind":"time","state":"open","not_before":9223372036854775807}`:                            false,
		`{"kind":"breaker","state":"halt","review_by":999999999999999}`:                              false,
	} {
		if _, err := Read([]byte(text)); (err == nil) != good || err != nil && !errors.Is(err, ErrOrder) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestAnotherKey: when the orders key is exchanged, what stands is signed by the new one, under the
// numbers that it had; an order that is too large for a device is not given, and takes no number.
func TestAnotherKey(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "sink.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	book := func(key *keys.Key) *Book {
		b, err := New(db, key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	newKey := func() *keys.Key {
		key, err := keys.New("orders")
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	old, next := newKey(), newKey()
	signed, err := Order{Number: 7, Kind: "breaker", State: "halt", Reason: "too many"}.Sign(old)
	if err != nil {
		t.Fatal(err)
	}
	standing := func(b *Book) []byte {
		var list [][]byte
		text, err := b.Latest()
		if err == nil {
			err = cbor.Unmarshal(text, &list)
		}
		if err != nil || len(list) != 1 {
			t.Fatal(len(list), err)
		}
		return list[0]
	}
	b := book(old)
	if err := db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bOrders).Put([]byte("breaker"), signed) }); err != nil {
		t.Fatal(err)
	}
	if got := standing(book(old)); string(got) != string(signed) {
		t.Error("signed anew by the same key")
	}
	got := standing(book(next))
	var was, is cose.Sign1Message
	if err := errors.Join(was.UnmarshalCBOR(signed), is.UnmarshalCBOR(got)); err != nil {
		t.Fatal(err)
	}
	if again, err := next.Again("order", got); err != nil || string(again) != string(got) || string(got) == string(signed) || string(is.Payload) != string(was.Payload) {
		t.Errorf("%x, %v", got, err)
	}
	if _, err := b.Order(t.Context(), nil, nil, Order{Kind: "breaker", State: "halt", Reason: strings.Repeat("long ", 500)}); !errors.Is(err, ErrOrder) {
		t.Error(err)
	}
	if err := db.View(func(tx *bolt.Tx) error {
		if n := tx.Bucket(bNumbers).Get(lastOrder); n != nil {
			t.Errorf("it took number %x", n)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
