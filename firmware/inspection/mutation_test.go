package inspection_test

import (
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// prefixes are those of the open profile.
var prefixes = []string{"HCT1:", "HCP1:", "HCE1:", "VEN1:", "PRV1:"}

// sound reports whether every hard check holds.
func sound(s *inspection.Snapshot, p inspection.Presentation) bool {
	_, found := s.Explain(p)
	for _, f := range found {
		if f.Err != nil {
			return false
		}
	}
	return len(found) > 0
}

// valid returns the texts of the open profile's vectors whose signatures hold, with when and where.
func valid(t testing.TB, s *inspection.Snapshot) map[string]inspection.Presentation {
	var cases []hctCase
	readJSON(t, &cases, "vectors", "hct", "index.json")
	out := map[string]inspection.Presentation{}
	for _, c := range cases {
		if p := c.presentation(); c.Hex == "" && sound(s, p) {
			out[c.Text] = p
		}
	}
	if len(out) < 30 {
		t.Fatalf("%d valid codes only", len(out))
	}
	return out
}

// TestFlippedBytes turns one bit in every byte of every valid code of the open
// profile: header, claims, signature, seal. None holds.
func TestFlippedBytes(t *testing.T) {
	s := hctSnapshot(t)
	flipped := map[string]int{}
	for text, p := range valid(t, s) {
		data := unbase45(t, text[5:])
		for i := range data {
			data[i] ^= 1 << (i % 8)
			p.Codes = [][]byte{[]byte(text[:5] + base45(data))}
			if sound(s, p) {
				t.Errorf("%.20s with byte %d flipped holds", text, i)
			}
			data[i] ^= 1 << (i % 8)
			flipped[text[:5]]++
		}
	}
	for _, prefix := range prefixes {
		if flipped[prefix] < 100 {
			t.Errorf("%s: flipped %d bytes only", prefix, flipped[prefix])
		}
	}
	t.Logf("flipped %v bytes", flipped)
}

// TestOtherPrefixes gives every valid code the prefix of every other kind. None holds.
func TestOtherPrefixes(t *testing.T) {
	s := hctSnapshot(t)
	for text, p := range valid(t, s) {
		for _, prefix := range prefixes {
			if prefix == text[:5] {
				continue
			}
			p.Codes = [][]byte{[]byte(prefix + text[5:])}
			if sound(s, p) {
				t.Errorf("%.20s as %s holds", text, prefix)
			}
		}
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
	s := hctSnapshot(f)
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

// FuzzFreshness reads anything as freshness.json and as what a scheme says of its revocation list:
// it may lower a verdict, never raise one.
func FuzzFreshness(f *testing.F) {
	w := newWorld(f)
	w.add("policy/open.json", rules("open", ""))
	revoke(issuer.Revocation{Issued: now.Add(-time.Hour), Expires: now.Add(day)}, "0123456789abcdef")(w)
	f.Add([]byte(`{"v":1,"trust":{"max_stale":3600,"fail":"refuse"},"revocation":{"max_stale":1,"fail":"manual"},"changed":{"trust/GZ.json":"2025-01-01T00:00:00Z"}}`), w.files["revoked/GZ.json"].Data)
	f.Add([]byte(`{"v":1,"status":{"max_stale":0,"fail":"allow-flagged"}}`), []byte(`{"v":1,"list":"0oRA"}`))
	withdrawn := []byte(w.gz.HealthCode(issuer.HealthCode{Colour: issuer.Red, From: now.Add(-day), Until: now.Add(day), ID: []byte("0123456789abcdef"), StatusList: "7"}))
	f.Fuzz(func(t *testing.T, freshness, list []byte) {
		files := map[string]inspection.File{"freshness.json": {Data: freshness}, "revoked/GZ.json": {Data: list}}
		for _, name := range []string{"trust/GZ.json", "status/GZ/7.cwt", "policy/open.json", "revoked/GZ/base-0.bin"} {
			files[name] = inspection.File{Data: w.files[name].Data, Changed: now}
		}
		s, err := inspection.New(files, "1", now)
		if (s == nil) == (err == nil) {
			t.Fatal(s, err)
		}
		if err == nil {
			if v := s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openDoor, Codes: [][]byte{withdrawn}}); v.Outcome == verdict.Admit {
				t.Fatalf("a red code: %+v", v)
			}
		}
	})
}
