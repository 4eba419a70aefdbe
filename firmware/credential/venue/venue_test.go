package venue_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/venue"
	"example.org/checkpoint/simulators/issuer"
)

var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

// vectors reads a file of reference data.
func vectors(t testing.TB, into any, parts ...string) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(append([]string{dir, "vectors"}, parts...)...))
	if err != nil {
		t.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestDecode changes one thing of a sound code at a time (FORMATS A4).
func TestDecode(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	sound := func() map[int]any {
		return map[int]any{1: []byte("12345678"), 2: map[string]any{"en": "Market", "pt": "Mercado"}, 3: "market", 4: []any{-9000000, 18000000}, 5: "YTM"}
	}
	for _, tc := range []struct {
		name  string
		key   int
		value any // nil takes the key away
		ok    bool
	}{
		{"sound", 3, "market", true},
		{"id of 7", 1, make([]byte, 7), false},
		{"no id", 1, nil, false},
		{"no name", 2, map[string]any{}, false},
		{"names by number", 2, map[int]any{1: "Market"}, false},
		{"a name that is none", 2, map[string]any{"en": 1}, false},
		{"no class", 3, nil, false},
		{"no position", 4, nil, true},
		{"past the pole", 4, []any{-9000001, 0}, false},
		{"past the date line", 4, []any{0, 18000001}, false},
		{"one coordinate", 4, []any{0}, false},
		{"coordinates in floats", 4, []any{1.5, 2.5}, false},
		{"district is a number", 5, 1, false},
		{"a key nobody knows", 6, 1, false},
	} {
		code := hk.VenueCode(issuer.VenueCode{From: now, Change: func(c map[int]any) {
			v := sound()
			if v[tc.key] = tc.value; tc.value == nil {
				delete(v, tc.key)
			}
			c[-70003] = v
		}})
		c, err := venue.Decode([]byte(code))
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if tc.name == "sound" {
			want := &credential.Venue{ID: "3132333435363738", Names: map[string]string{"en": "Market", "pt": "Mercado"}, Class: "market",
				Position: &[2]int32{-9000000, 18000000}, District: "YTM"}
			if !reflect.DeepEqual(c.Venue, want) {
				t.Errorf("%+v", c.Venue)
			}
		}
	}
}

// TestLeaveHomeSafe reads a real code, and what is not one.
func TestLeaveHomeSafe(t *testing.T) {
	var cases []struct{ Text, NameEn, Type, Venue string }
	vectors(t, &cases, "hk", "leavehomesafe.json")
	for _, c := range cases {
		got, err := venue.DecodeLeaveHomeSafe([]byte(c.Text))
		if err != nil || got.Venue.ID != c.Venue || got.Venue.Names["en"] != c.NameEn || got.Venue.Class != c.Type || got.Signed.KeyID != nil {
			t.Errorf("%+v %v", got, err)
		}
		for name, bad := range map[string]string{
			"another id":      strings.Replace(c.Text, c.Venue, "AAAAAAAA", 1),
			"another version": strings.Replace(c.Text, "HKEN:0", "HKEN:1", 1),
			"cut short":       c.Text[:20],
			"nothing":         "HKEN:",
			"not JSON":        "HKEN:0" + c.Venue + base64.StdEncoding.EncodeToString([]byte("market")),
		} {
			if _, err := venue.DecodeLeaveHomeSafe([]byte(bad)); !errors.Is(err, credential.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	var cases []struct{ Text string }
	vectors(f, &cases, "hct", "index.json")
	for _, c := range cases {
		if len(c.Text) > 5 {
			f.Add(c.Text[5:])
		}
	}
	vectors(f, &cases, "hk", "leavehomesafe.json")
	f.Add(cases[0].Text[5:])
	f.Fuzz(func(t *testing.T, s string) {
		c, err := venue.Decode([]byte(venue.Prefix + s))
		if err == nil && (len(c.Venue.ID) != 16 || len(c.Venue.Names) == 0 || c.NotAfter.IsZero() && c.Signed.Issued.IsZero()) ||
			err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%+v %v", c, err)
		}
		c, err = venue.DecodeLeaveHomeSafe([]byte(venue.LeaveHomeSafePrefix + s))
		if err == nil && (len(c.Venue.ID) != 8 || c.Signed.Message != nil) || err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Fatalf("%+v %v", c, err)
		}
	})
}
