package inspection_test

import (
	"strings"
	"testing"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
)

// TestFlippedBytes turns one bit in every byte of valid codes of the open
// profile: header, claims and signature. None is admitted.
func TestFlippedBytes(t *testing.T) {
	var cases []hctCase
	readJSON(t, &cases, "vectors", "hct", "index.json")
	s := snapshot(t, hctFiles(t))
	flipped := 0
	for _, c := range cases {
		switch c.ID {
		case "hct1-hk-door-green-es256", "hct1-gd-door-green-esp256", "hct1-mo-door-green-eddsa":
		default:
			continue
		}
		p := c.presentation()
		if v := s.Inspect(p); v.Outcome != verdict.Admit {
			t.Fatalf("%s itself: %s", c.ID, v.Reason)
		}
		data := unbase45(t, strings.TrimPrefix(c.Text, "HCT1:"))
		for i := range data {
			data[i] ^= 1 << (i % 8)
			p.Codes = [][]byte{[]byte("HCT1:" + base45(data))}
			if v := s.Inspect(p); v.Outcome != verdict.Refuse {
				t.Errorf("%s with byte %d flipped: %s", c.ID, i, v.Outcome)
			}
			data[i] ^= 1 << (i % 8)
			flipped++
		}
	}
	if flipped < 400 {
		t.Errorf("flipped %d bytes only", flipped)
	}
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

func base45(b []byte) string {
	var s strings.Builder
	for ; len(b) > 1; b = b[2:] {
		n := int(b[0])<<8 | int(b[1])
		s.WriteByte(alphabet[n%45])
		s.WriteByte(alphabet[n/45%45])
		s.WriteByte(alphabet[n/2025])
	}
	if len(b) == 1 {
		s.WriteByte(alphabet[b[0]%45])
		s.WriteByte(alphabet[b[0]/45])
	}
	return s.String()
}

func unbase45(t *testing.T, s string) (out []byte) {
	for ; len(s) > 0; s = s[min(3, len(s)):] {
		n, unit := 0, 1
		for _, c := range s[:min(3, len(s))] {
			n += strings.IndexRune(alphabet, c) * unit
			unit *= 45
		}
		if len(s) >= 3 {
			out = append(out, byte(n>>8))
		}
		out = append(out, byte(n))
	}
	if base45(out) == "" {
		t.Fatal("no base45")
	}
	return out
}

// FuzzInspect holds up anything: the set of outcomes is closed and whatever is
// not one of the seeds is never admitted by rules that admit all genuine codes.
func FuzzInspect(f *testing.F) {
	var cases []hctCase
	readJSON(f, &cases, "vectors", "hct", "index.json")
	var certs []dccCase
	readJSON(f, &certs, "vectors", "dcc", "dgc-testdata", "index.json")
	s := snapshot(f, hctFiles(f))
	seeds := map[string]bool{}
	at := cases[0].presentation()
	for _, c := range cases {
		seeds[c.Text] = true
		f.Add([]byte(c.Text))
	}
	for _, c := range certs[:20] {
		seeds[c.HC1] = true
		f.Add([]byte(c.HC1))
	}
	f.Fuzz(func(t *testing.T, code []byte) {
		at.Codes = [][]byte{code}
		v := s.Inspect(at)
		if v.Outcome == verdict.Admit && !seeds[string(code)] {
			t.Fatalf("admitted: %+v", v)
		}
		if len(code) > inspection.MaxCode && v.Outcome != verdict.Refuse {
			t.Fatalf("%d characters: %s", len(code), v.Outcome)
		}
	})
}
