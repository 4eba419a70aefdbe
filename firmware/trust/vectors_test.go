package trust_test

import (
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/credential/provisional"
	"example.org/checkpoint/firmware/credential/statuslist"
	"example.org/checkpoint/firmware/credential/venue"
	"example.org/checkpoint/firmware/trust"
)

// hctStore trusts what the open profile's vectors trust, and returns the folder that they are in.
func hctStore(t *testing.T) (*trust.Store, string) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "vectors", "hct")
	files := map[string][]byte{}
	for _, pattern := range []string{"keys.json", "trust/*.json"} {
		names, _ := fs.Glob(os.DirFS(dir), pattern)
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = data
		}
	}
	if len(files) < 5 {
		t.Fatal("reference data is missing: run `make deps` or set CHECKPOINT_SHARED to its folder")
	}
	s, err := trust.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// uses are the purposes of the keys that sign what nobody holds up, by kind.
var uses = map[string]string{"order": trust.Orders, "lease": trust.Orders, "mark": trust.Mark, "status": trust.Status}

// statementOf decodes what nobody holds up as some kind.
func statementOf(kind string, data []byte) (credential.Signed, error) {
	switch kind {
	case "order":
		o, err := centre.DecodeOrder(data)
		return o.Signed, err
	case "lease":
		l, err := centre.DecodeLease(data)
		return l.Signed, err
	case "mark":
		m, err := centre.DecodeMark(data)
		return m.Signed, err
	case "status":
		l, err := statuslist.Decode(data)
		return l.Signed, err
	}
	d, err := statuslist.DecodeDelta(data)
	return d.Signed, err
}

// TestVectorsFlipped takes every signature of the open profile's vectors that holds,
// of codes, of phones and of what the centre signs, and turns one bit in each byte of
// what is under it and of itself: none holds. Read as another kind none holds either.
func TestVectorsFlipped(t *testing.T) {
	s, dir := hctStore(t)
	var site struct{ Private []byte }
	var cases []struct{ ID, Kind, Text, Hex, Verdict, Reason string }
	for name, into := range map[string]any{"index.json": &cases, "site-key.test-only.json": &site} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	keys := holder.SiteKeys{}
	if _, err := keys.Add(site.Private); err != nil {
		t.Fatal(err)
	}
	held := map[string]int{}
	flip := func(id, kind string, signed credential.Signed, holds func(credential.Signed) bool) {
		if !holds(signed) {
			t.Errorf("%s: the signature does not hold", id)
			return
		}
		held[kind]++
		for what, b := range map[string][]byte{"message": signed.Message, "signature": signed.Signature} {
			for i := range b {
				b[i] ^= 1 << (i % 8)
				if holds(signed) {
					t.Errorf("%s holds with byte %d of the %s flipped", id, i, what)
				}
				b[i] ^= 1 << (i % 8)
			}
		}
	}
	code := func(id string, c credential.Credential) {
		flip(id, string(c.Signed.Format), c.Signed, func(signed credential.Signed) bool {
			c.Signed = signed
			_, f, _ := s.Verify(c)
			return f.Signature == trust.Good
		})
	}
	for _, c := range cases {
		if c.Verdict != "accept" && c.Reason != "provisional" { // a slip never does more
			continue
		}
		if c.Hex != "" {
			data, err := hex.DecodeString(c.Hex)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := statementOf(c.Kind, data)
			if err != nil {
				t.Fatal(err)
			}
			flip(c.ID, c.Kind, signed, func(signed credential.Signed) bool {
				_, _, err := s.VerifyUse(uses[c.Kind], signed)
				return err == nil
			})
			for _, other := range []string{"order", "lease", "mark", "status", "status-delta"} {
				if signed, err := statementOf(other, data); other != c.Kind && err == nil {
					if _, f, _ := s.VerifyUse(uses[c.Kind], signed); f.Signature == trust.Good {
						t.Errorf("%s holds as a %s", c.ID, other)
					}
				}
			}
			continue
		}
		if c.Kind == "HCP1" || c.Kind == "HCE1" {
			decode := holder.Decode
			if c.Kind == "HCE1" {
				decode = holder.DecodeSealed
			}
			p, err := decode(keys, []byte(c.Text))
			if err != nil {
				t.Fatalf("%s: %v", c.ID, err)
			}
			flip(c.ID, c.Kind, *p.Holder, func(signed credential.Signed) bool {
				return trust.VerifyHolder(*p.Credentials[0].HolderKey, signed) == nil
			})
			for _, inside := range p.Credentials {
				code(c.ID, inside)
			}
			continue
		}
		decode := map[string]func([]byte) (credential.Credential, error){"HCT1": healthcode.Decode, "VEN1": venue.Decode, "PRV1": provisional.Decode}[c.Kind]
		one, err := decode([]byte(c.Text))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		code(c.ID, one)
	}
	for _, kind := range strings.Fields("HCT1 HCP1 HCE1 VEN1 PRV1 order lease mark status") {
		if held[kind] == 0 {
			t.Errorf("no %s holds", kind)
		}
	}
	t.Logf("signatures that hold: %v", held)
}
