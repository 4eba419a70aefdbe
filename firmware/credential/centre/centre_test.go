package centre_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/simulators/issuer"
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
	for text, want := range map[string]int{"80": 0, "8141d2": 1, "8241d24100": 2, "d284": 1, "00": -1, "8100": -1, "": -1, "a0": -1,
		"9fff": -1, "814100ff": -1, "81f6": -1, "f6": -1, "815f4100ff": -1, "818101": -1, "8161": -1, "816161": -1, "81d8404100": -1, "9801" + "4100": -1,
		"9910014100": -1, "990fff" + strings.Repeat("4100", 4095): 4095, "991001" + strings.Repeat("4100", 4097): -1} {
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

// TestStatements changes one member of a sound order and of a sound lease at a time (PROTOCOL C5, C6).
func TestStatements(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	scope := func(key string, v any) map[string]any { return map[string]any{key: v} }
	sound := map[string]map[string]any{
		"order": {"v": 1, "number": 41, "scope": map[string]any{}, "kind": "breaker", "state": "halt", "not_before": 1, "review_by": 0, "reason": ""},
		"lease": {"v": 1, "quota": "HK-departure", "day": "2026-01-02", "holder": "hall", "tokens": 0, "serial": uint64(1<<64 - 1), "expires": 1 << 40},
	}
	read := map[string]func([]byte) error{
		"order": func(b []byte) error { _, err := centre.DecodeOrder(b); return err },
		"lease": func(b []byte) error { _, err := centre.DecodeLease(b); return err },
	}
	sign := func(kind string, payload any) []byte { return hk.Statement("token", kind, nil, issuer.CBOR(payload)) }
	for kind, members := range sound {
		if err := read[kind](sign(kind, members)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for name := range members {
			less := maps.Clone(members)
			delete(less, name)
			if err := read[kind](sign(kind, less)); !errors.Is(err, credential.ErrMalformed) {
				t.Errorf("%s without %s: %v", kind, name, err)
			}
		}
		for _, payload := range []any{[]any{1}, map[int]any{1: 1}, map[string]any{}, nil} {
			if err := read[kind](sign(kind, payload)); !errors.Is(err, credential.ErrMalformed) {
				t.Errorf("%s of %v: %v", kind, payload, err)
			}
		}
	}
	for _, tc := range []struct {
		kind, member string
		value        any
		ok           bool
	}{
		{"order", "v", 2, false},
		{"order", "v", "1", false},
		{"order", "number", 0, true},
		{"order", "number", uint64(1<<64 - 1), true},
		{"order", "number", -1, false},
		{"order", "number", 41.0, false},
		{"order", "kind", "lockdown", true},
		{"order", "kind", "time", true},
		{"order", "kind", "min-version", true},
		{"order", "kind", "open-all", false},
		{"order", "kind", "Breaker", false},
		{"order", "state", "open", true},
		{"order", "state", "", false},
		{"order", "state", true, false},
		{"order", "not_before", 1 << 40, true},
		{"order", "not_before", 1<<40 + 1, false},
		{"order", "not_before", -1, false},
		{"order", "review_by", "2026-01-02", false},
		{"order", "scope", scope("site", "LMC"), true},
		{"order", "scope", map[string]any{"site": "LMC", "direction": "out", "scheme": "HK", "lane": "1"}, true},
		{"order", "scope", scope("direction", "in"), true},
		{"order", "scope", scope("direction", "none"), false},
		{"order", "scope", scope("site", ""), false}, // else it would hold everywhere
		{"order", "scope", scope("site", 7), false},
		{"order", "scope", scope("gate", "1"), false},
		{"order", "scope", []any{}, false},
		{"order", "scope", nil, false},
		{"order", "until", 1, false},
		{"order", "reason", 7, false},
		{"lease", "tokens", -1, false},
		{"lease", "tokens", 2.5, false},
		{"lease", "serial", -1, false},
		{"lease", "day", "2026-02-29", false},
		{"lease", "day", "2026-1-2", false},
		{"lease", "day", "2028-02-29", true},
		{"lease", "expires", 1<<40 + 1, false},
		{"lease", "holder", 7, false},
		{"lease", "number", 7, false},
	} {
		changed := maps.Clone(sound[tc.kind])
		changed[tc.member] = tc.value
		if err := read[tc.kind](sign(tc.kind, changed)); (err == nil) != tc.ok || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Errorf("%s with %s %v: %v", tc.kind, tc.member, tc.value, err)
		}
	}
	long := maps.Clone(sound["order"])
	spare := 2048 - len(sign("order", long)) - 3 // the length of the text takes two bytes more, that of the payload one
	for more, ok := range map[int]bool{0: true, 1: false} {
		long["reason"] = strings.Repeat("x", spare+more)
		data := sign("order", long)
		if err := read["order"](data); len(data) != 2048+more || (err == nil) != ok {
			t.Errorf("of %d bytes: %v", len(data), err)
		}
	}
}

// TestMarks reads [1, device, epoch, seq, hash] and nothing else (PROTOCOL C4).
func TestMarks(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	hash := make([]byte, 32)
	for _, tc := range []struct {
		name    string
		payload any
		ok      bool
	}{
		{"sound", []any{1, "gate-1", uint64(1<<64 - 1), 0, hash}, true},
		{"of a later version", []any{2, "gate-1", 7, 9, hash}, false},
		{"of nobody", []any{1, "", 7, 9, hash}, false},
		{"epoch below 0", []any{1, "gate-1", -7, 9, hash}, false},
		{"seq as text", []any{1, "gate-1", 7, "9", hash}, false},
		{"a hash of 31", []any{1, "gate-1", 7, 9, hash[:31]}, false},
		{"four parts", []any{1, "gate-1", 7, 9}, false},
		{"six parts", []any{1, "gate-1", 7, 9, hash, 0}, false},
		{"a map", map[int]any{1: 1}, false},
	} {
		_, err := centre.DecodeMark(hk.Statement("token", "mark", nil, issuer.CBOR(tc.payload)))
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
