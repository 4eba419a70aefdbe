package healthcode

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/simulators/issuer"
)

var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

// TestClaims changes one claim of a sound code at a time (FORMATS A1).
func TestClaims(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	face := func(n int) []any { return []any{map[int]any{0: make([]byte, n), 1: 1, 2: 100, 3: "e"}} }
	status := map[string]any{"status_list": map[string]any{"idx": 1, "uri": "7"}}
	for _, tc := range []struct {
		name    string
		profile string
		claim   int
		value   any // nil takes the claim away
		ok      bool
	}{
		{"nothing changed", "door", 1, "HK", true},
		{"issuer is a number", "door", 1, 1, false},
		{"no exp", "door", 4, nil, false},
		{"exp at the limit", "door", 4, 1 << 40, true},
		{"exp past the limit", "door", 4, 1<<40 + 1, false},
		{"nbf before 1970", "door", 5, -1, false},
		{"iat as a float", "door", 6, 1.5, false},
		{"no cti", "door", 7, nil, false},
		{"cti of 17 bytes", "door", 7, make([]byte, 17), false},
		{"profile 3", "door", -70007, 3, false},
		{"a claim nobody knows", "door", -70099, 1, false},
		{"audience", "door", 3, "HZMB", false},
		{"door with sub", "door", 2, base64.RawURLEncoding.EncodeToString(make([]byte, 16)), false},
		{"door with identity", "door", 169, map[int]any{8: "19800229"}, false},
		{"door with doses", "door", -70001, map[int]any{1: 1, 5: []any{}}, false},
		{"door, a reason with a date", "door", -70001, map[int]any{1: 3, 2: []any{[]any{3, 20000}}}, false},
		{"door, a reason of class", "door", -70001, map[int]any{1: 3, 2: []any{[]any{3}, []any{99}}}, true},
		{"an empty reason", "gate", -70001, map[int]any{1: 3, 2: []any{[]any{}}}, false},
		{"colour 0", "door", -70001, map[int]any{1: 0}, false},
		{"no health: a personal code", "door", -70001, nil, true},
		{"age band 0", "door", -70005, 0, false},
		{"age band 5", "door", -70005, 5, false},
		{"age band 4", "door", -70005, 4, true},
		{"prefs", "door", -70004, map[int]any{1: "en", 2: 7}, true},
		{"prefs with more", "door", -70004, map[int]any{3: 1}, false},
		{"status", "door", 65535, status, true},
		{"status with more", "door", 65535, map[string]any{"status_list": status["status_list"], "x": 1}, false},
		{"status index as text", "door", 65535, map[string]any{"status_list": map[string]any{"idx": "1", "uri": "7"}}, false},
		{"cnf is no key", "door", 8, map[int]any{1: map[int]any{1: 2}}, false},
		{"cnf is no point of the curve", "door", 8, map[int]any{1: map[int]any{1: 2, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)}}, false},
		{"cnf of a phone with Ed25519", "door", 8, map[int]any{1: map[int]any{1: 1, -1: 6, -2: make([]byte, 32)}}, true},
		{"cnf with a private part", "door", 8, map[int]any{1: map[int]any{1: 1, -1: 6, -2: make([]byte, 32), -4: make([]byte, 32)}}, false},
		{"gate without sub", "gate", 2, nil, false},
		{"sub of 15 bytes", "gate", 2, base64.RawURLEncoding.EncodeToString(make([]byte, 15)), false},
		{"sub of 22 odd characters", "gate", 2, strings.Repeat("+", 22), false},
		{"sub with a second spelling", "gate", 2, strings.Repeat("A", 21) + "B", false},
		{"gate with identity", "gate", 169, map[int]any{4: "CHAN", 8: "19800229", 62: face(128), 16: []byte{1}, 17: 4, 99: "kept"}, true},
		{"no such day", "gate", 169, map[int]any{8: "19810229"}, false},
		{"face of 127", "gate", 169, map[int]any{62: face(127)}, false},
		{"photo of another format", "gate", 169, map[int]any{16: []byte{1}, 17: 2}, false},
		{"photo without format", "gate", 169, map[int]any{16: []byte{1}}, false},
		{"reason in full", "gate", -70001, map[int]any{1: 3, 2: []any{[]any{5, 20000, 20014, "CHP", "call"}}}, true},
		{"reason with authority alone", "gate", -70001, map[int]any{1: 3, 2: []any{[]any{5, "CHP"}}}, true},
		{"reason with a sixth part", "gate", -70001, map[int]any{1: 3, 2: []any{[]any{5, 20000, 20014, "CHP", "call", "again"}}}, false},
		{"provenance 4", "gate", -70001, map[int]any{1: 1, 3: []any{4}}, false},
		{"document digest of 15", "gate", -70001, map[int]any{1: 1, 4: []any{[]any{"HKID", make([]byte, 15)}}}, false},
		{"document", "gate", -70001, map[int]any{1: 1, 4: []any{[]any{"HKID", make([]byte, 16)}}}, true},
		{"dose without total", "gate", -70001, map[int]any{1: 1, 5: []any{[]any{20000, "X", 1}}}, true},
		{"dose of text", "gate", -70001, map[int]any{1: 1, 5: []any{[]any{"X", 1}}}, false},
		{"dose in the year 10000", "gate", -70001, map[int]any{1: 1, 5: []any{[]any{2932897, "X", 1}}}, false},
		{"test", "gate", -70001, map[int]any{1: 1, 6: []any{[]any{1, "PCR", true, "lab"}}}, true},
		{"test without result", "gate", -70001, map[int]any{1: 1, 6: []any{[]any{1, "PCR"}}}, false},
		{"stay", "gate", -70001, map[int]any{1: 1, 9: []any{[]any{"CN-5301", 20000}}}, true},
		{"consent", "gate", -70001, map[int]any{1: 1, 10: []any{make([]byte, 16), 20000}}, true},
		{"consent without end", "gate", -70001, map[int]any{1: 1, 10: []any{make([]byte, 16)}}, false},
		{"health with more", "gate", -70001, map[int]any{1: 1, 11: 0}, false},
	} {
		h := issuer.HealthCode{Profile: tc.profile, Colour: issuer.Green, From: now, Change: func(c map[int]any) {
			if c[tc.claim] = tc.value; tc.value == nil {
				delete(c, tc.claim)
			}
		}}
		_, err := Decode([]byte(hk.HealthCode(h)))
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Errorf("%s: %v is no ErrMalformed", tc.name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "vectors", "hct", "index.json"))
	if err != nil {
		f.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	var cases []struct{ Text string }
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(strings.TrimPrefix(c.Text, Prefix))
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Decode([]byte(Prefix + s))
		switch {
		case err == nil && (len(c.ID.Bytes) != 16 || c.NotAfter.IsZero() && c.Signed.Issuer == "" || c.Facts.Profile == ""):
			t.Fatalf("%+v", c)
		case err == nil && c.Facts.Profile == "door" && (c.Subject != "" || c.Facts.Birth != nil || c.Facts.Tests != nil):
			t.Fatalf("a door token with facts of a gate: %+v", c)
		case err != nil && !errors.Is(err, credential.ErrMalformed):
			t.Fatalf("%v is no error of this decoder", err)
		}
	})
}
