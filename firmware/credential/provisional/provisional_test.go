package provisional_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/provisional"
	"example.org/checkpoint/simulators/issuer"
)

// TestDecode changes one thing of a sound slip at a time (FORMATS A6).
func TestDecode(t *testing.T) {
	d := issuer.NewDevice("kiosk-7")
	number := []byte("0123456789abcdef")
	for _, tc := range []struct {
		name  string
		claim int
		value any
		ok    bool
	}{
		{"sound", 7, number, true},
		{"number of 8", 7, number[:8], false},
		{"no number", 7, nil, false},
		{"no time", 6, nil, false},
		{"an end, which slips do not have", 4, 1, false},
		{"no place", -70006, nil, false},
		{"no device", -70006, map[int]any{1: "booth"}, false},
		{"more of the place", -70006, map[int]any{1: "booth", 2: "kiosk-7", 3: 1}, false},
	} {
		c, err := provisional.Decode([]byte(d.Slip(issuer.Slip{Number: number, Site: "booth", Issued: time.Unix(1e9, 0), Change: func(c map[int]any) {
			if c[tc.claim] = tc.value; tc.value == nil {
				delete(c, tc.claim)
			}
		}})))
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if r := c.Registration; err == nil && (string(r.Number) != string(number) || r.Site != "booth" || r.Device != "kiosk-7" || c.Signed.Issuer != "kiosk-7") {
			t.Errorf("%+v", r)
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
		if len(c.Text) > 5 {
			f.Add(c.Text[5:])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := provisional.Decode([]byte(provisional.Prefix + s))
		if err == nil && len(c.Registration.Number) != 16 || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%+v %v", c, err)
		}
	})
}
