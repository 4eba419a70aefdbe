package centre_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
)

// FuzzDecode reads anything as an order, a lease and a mark; what was seen
// working is in the vectors that package main of the command runs.
func FuzzDecode(f *testing.F) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "vectors", "hct", "index.json"))
	if err != nil {
		f.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	var cases []struct{ Hex string }
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		if b, err := hex.DecodeString(c.Hex); err == nil && len(b) > 0 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := centre.DecodeOrder(b)
		if err == nil && (o.Kind == "" || len(o.Signed.KeyID) != 8 || len(b) > 2048) || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%+v %v", o, err)
		}
		l, err := centre.DecodeLease(b)
		if err == nil && len(l.Day) != 10 || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%+v %v", l, err)
		}
		list, err := centre.Orders(b)
		if err == nil && len(list) > len(b) || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%d %v", len(list), err)
		}
		m, err := centre.DecodeMark(b)
		if err == nil && m.Device == "" || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%+v %v", m, err)
		}
	})
}

func TestOrders(t *testing.T) {
	for text, want := range map[string]int{"80": 0, "8141d2": 1, "8241d24100": 2, "d284": 1, "00": -1, "8100": -1, "": -1, "a0": -1} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		list, err := centre.Orders(b)
		if (err == nil) != (want >= 0) || err == nil && len(list) != want {
			t.Errorf("%s: %d, %v", text, len(list), err)
		}
	}
}
