package trust_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/dcc"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

func decode(t testing.TB, text string) credential.Credential {
	d := healthcode.Decode
	if strings.HasPrefix(text, dcc.Prefix) {
		d = dcc.Decode
	}
	c, err := d([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// edit changes a trust file by its JSON.
func edit(t testing.TB, data []byte, change func(file map[string]any)) []byte {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tokenKey is the first key of a file.
func tokenKey(file map[string]any) map[string]any { return file["keys"].([]any)[0].(map[string]any) }

func TestVerify(t *testing.T) {
	hk, mo := issuer.New("HK", "Asia/Hong_Kong"), issuer.New("MO", "Asia/Macau")
	posing := *mo
	posing.Name = "HK"
	code := func(i *issuer.Issuer, spoil issuer.Spoil) credential.Credential {
		return decode(t, i.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Language: "en", Spoil: spoil}))
	}
	none := func(map[string]any) {}
	for _, tc := range []struct {
		name      string
		file      func(map[string]any) // what is changed in Hong Kong's
		code      credential.Credential
		want      error
		signature trust.Signature
	}{
		{"sound", none, code(hk, issuer.Sound), nil, trust.Good},
		{"bad signature", none, code(hk, issuer.BadSignature), trust.ErrBadSignature, trust.Bad},
		{"stranger", none, code(hk, issuer.Stranger), trust.ErrUnknownSigner, trust.Unchecked},
		{"another purpose", none, code(hk, issuer.WrongKey), trust.ErrWrongUse, trust.Good},
		{"another scheme's key", none, code(&posing, issuer.Sound), trust.ErrWrongUse, trust.Good},
		{"withdrawn", func(f map[string]any) { tokenKey(f)["withdrawn"] = true }, code(hk, issuer.Sound), trust.ErrKeyWithdrawn, trust.Good},
		{"issued before the key's time", func(f map[string]any) { tokenKey(f)["from"] = now.Unix() + 1 }, code(hk, issuer.Sound), trust.ErrWrongUse, trust.Good},
		{"issued at the end of it", func(f map[string]any) { tokenKey(f)["until"] = now.Unix() }, code(hk, issuer.Sound), trust.ErrWrongUse, trust.Good},
		{"issued just inside it", func(f map[string]any) { tokenKey(f)["from"], tokenKey(f)["until"] = now.Unix(), now.Unix()+1 }, code(hk, issuer.Sound), nil, trust.Good},
		{"a format it does not issue", func(f map[string]any) { f["formats"] = []string{"VEN1"} }, code(hk, issuer.Sound), trust.ErrWrongUse, trust.Good},
		{"a profile it does not issue", func(f map[string]any) { f["profiles"] = []string{"gate"} }, code(hk, issuer.Sound), trust.ErrOutOfScope, trust.Good},
		{"a claim out of scope", func(f map[string]any) { f["scope"] = []int{1, 4, 5, 6, 7, -70001, -70007} }, code(hk, issuer.Sound), trust.ErrOutOfScope, trust.Good},
		{"another algorithm of the same curve", func(f map[string]any) { tokenKey(f)["alg"] = -9 }, code(hk, issuer.Sound), trust.ErrBadSignature, trust.Bad},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := trust.Parse(map[string][]byte{"trust/HK.json": edit(t, hk.TrustFile(), tc.file), "trust/MO.json": mo.TrustFile()})
			if err != nil {
				t.Fatal(err)
			}
			v, f, err := s.Verify(tc.code)
			if !errors.Is(err, tc.want) || f.Signature != tc.signature {
				t.Errorf("%v, signature %s; want %v, %s", err, f.Signature, tc.want, tc.signature)
			}
			if err == nil && (v.Scheme() != "HK" || v.List() != "trust/HK.json" || v.Zone().String() != "Asia/Hong_Kong") {
				t.Errorf("%s, %s, %s", v.Scheme(), v.List(), v.Zone())
			}
		})
	}
}

// TestSignedBytes flips every byte under a signature, and of it: none verifies.
func TestSignedBytes(t *testing.T) {
	hk, de := issuer.New("HK", "Asia/Hong_Kong"), issuer.NewDSC("DE")
	s, err := trust.Parse(map[string][]byte{"trust/HK.json": hk.TrustFile(), "trust/dsc.json": issuer.DSCList(de)})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		hk.HealthCode(issuer.HealthCode{Colour: issuer.Red, From: now}),
		de.Certificate(issuer.Certificate{From: now, Until: now}),
	} {
		c := decode(t, text)
		if _, _, err := s.Verify(c); err != nil {
			t.Fatal(err)
		}
		for _, signed := range [][]byte{c.Signed.Message, c.Signed.Signature} {
			for i := range signed {
				signed[i] ^= 0x10
				if _, f, err := s.Verify(c); !errors.Is(err, trust.ErrBadSignature) || f.Signature != trust.Bad {
					t.Fatalf("byte %d of %d: %v", i, len(signed), err)
				}
				signed[i] ^= 0x10
			}
		}
		for _, wrong := range [][]byte{nil, c.Signed.Signature[:63], append(bytes.Clone(c.Signed.Signature), 0)} {
			c.Signed.Signature = wrong
			if _, _, err := s.Verify(c); !errors.Is(err, trust.ErrBadSignature) {
				t.Errorf("%d bytes of signature: %v", len(wrong), err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	other := issuer.New("HK", "Asia/Hong_Kong")
	var stolen map[string]any
	if err := json.Unmarshal(other.TrustFile(), &stolen); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"kid of another key": func(f map[string]any) { tokenKey(f)["kid"] = tokenKey(stolen)["kid"] },
		"key of another kid": func(f map[string]any) { tokenKey(f)["spki"] = tokenKey(stolen)["spki"] },
		"one key twice":      func(f map[string]any) { f["keys"] = append(f["keys"].([]any), tokenKey(f)) },
		"algorithm":          func(f map[string]any) { tokenKey(f)["alg"] = -8 },
		"never in force":     func(f map[string]any) { tokenKey(f)["from"], tokenKey(f)["until"] = 7, 7 },
		"ends before it is":  func(f map[string]any) { tokenKey(f)["from"], tokenKey(f)["until"] = 7, 6 },
		"before 1970":        func(f map[string]any) { tokenKey(f)["from"] = -1 },
		"withdrawn in words": func(f map[string]any) { tokenKey(f)["withdrawn"] = "yes" },
		"a time in words":    func(f map[string]any) { tokenKey(f)["until"] = "2026-01-02" },
		"a key of a device":  func(f map[string]any) { tokenKey(f)["purpose"] = "device" },
		"a mapped colour":    func(f map[string]any) { f["maps_to"] = map[string]any{"GD": map[string]any{"5": "may-cross"}} },
		"a mapped nothing":   func(f map[string]any) { f["maps_to"] = map[string]any{"GD": map[string]any{"1": ""}} },
		"no purpose":         func(f map[string]any) { delete(tokenKey(f), "purpose") },
		"another scheme":     func(f map[string]any) { f["scheme"] = "GD" },
		"version":            func(f map[string]any) { f["v"] = 2 },
		"zone":               func(f map[string]any) { f["zone"] = "Asia/Atlantis" },
		"no zone":            func(f map[string]any) { delete(f, "zone") },
		"the device's zone":  func(f map[string]any) { f["zone"] = "Local" },
		"a fifth colour":     func(f map[string]any) { f["colours"].(map[string]any)["5"] = map[string]any{} },
	} {
		_, err := trust.Parse(map[string][]byte{"trust/HK.json": edit(t, hk.TrustFile(), change)})
		if err == nil || !strings.HasPrefix(err.Error(), "trust/HK.json: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	centre := edit(t, hk.TrustFile(), func(map[string]any) {})
	if _, err := trust.Parse(map[string][]byte{"keys.json": centre}); err == nil {
		t.Error("took a token key from the centre's keys")
	}
	if _, err := trust.Parse(map[string][]byte{"trust/HK.json": hk.TrustFile(), "trust/MO.json": hk.TrustFile()}); err == nil {
		t.Error("took one scheme under two names")
	}
}

func TestCertificateKinds(t *testing.T) {
	for _, tc := range []struct {
		may, signs string
		want       error
	}{
		{"", "v", nil}, {"", "t", nil}, {"", "r", nil}, {"v", "v", nil}, {"t", "t", nil}, {"r", "r", nil},
		{"v", "t", trust.ErrWrongUse}, {"t", "r", trust.ErrWrongUse}, {"r", "v", trust.ErrWrongUse},
	} {
		d := issuer.NewDSC("DE")
		if tc.may != "" {
			d = issuer.NewDSC("DE", tc.may)
		}
		s, err := trust.Parse(map[string][]byte{"trust/dsc.json": issuer.DSCList(d)})
		if err != nil {
			t.Fatal(err)
		}
		v, f, err := s.Verify(decode(t, d.Certificate(issuer.Certificate{Kind: tc.signs, From: now, Until: now, Sampled: now})))
		if !errors.Is(err, tc.want) || f.Signature != trust.Good {
			t.Errorf("signer of %q, certificate %q: %v, signature %s", tc.may, tc.signs, err, f.Signature)
		}
		if err == nil && v.Scheme() != "DE" {
			t.Errorf("of %q", v.Scheme())
		}
	}
}

// FuzzParse reads anything as a trust file. Only one that names the key of a code can make it believed.
func FuzzParse(f *testing.F) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	f.Add(hk.TrustFile())
	f.Add(issuer.DSCList(issuer.NewDSC("DE", "v")))
	f.Add([]byte(`{"v":1,"keys":[{"kid":"00","spki":"AA=="}]}`))
	code := decode(f, hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now}))
	kid := []byte(hex.EncodeToString(code.Signed.KeyID))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"trust/HK.json", "trust/dsc.json", "keys.json"} {
			s, err := trust.Parse(map[string][]byte{name: data})
			if err != nil {
				continue
			}
			if _, _, err := s.Verify(code); err == nil && !bytes.Contains(bytes.ToLower(data), kid) {
				t.Fatalf("%s believes a key that it does not name", name)
			}
		}
	})
}
