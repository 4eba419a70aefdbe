package trust_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/credential/provisional"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// first returns the first entry of a list of a file.
func first(file map[string]any, list string) map[string]any {
	return file[list].([]any)[0].(map[string]any)
}

// x25519Key is a key that something can be sealed to, as a list of keys may have it.
func x25519Key(t *testing.T, purpose string) map[string]any {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(k.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(spki)
	return map[string]any{"kid": hex.EncodeToString(sum[:8]), "purpose": purpose, "alg": 0, "spki": spki, "from": 0, "until": 0}
}

// TestCentreKeys changes one thing of keys.json at a time.
func TestCentreKeys(t *testing.T) {
	kiosk, site := issuer.NewDevice("kiosk-1"), issuer.NewSite("LMC")
	for _, tc := range []struct {
		name   string
		change func(map[string]any)
		ok     bool
	}{
		{"sound", func(map[string]any) {}, true},
		{"a key that a later version reads", func(f map[string]any) {
			f["keys"] = append(f["keys"].([]any), map[string]any{"kid": "x", "purpose": "seal", "alg": 99, "spki": "AA=="})
		}, true},
		{"the key that records are sealed to", func(f map[string]any) { f["keys"] = append(f["keys"].([]any), x25519Key(t, "seal")) }, true},
		{"a site's among the others", func(f map[string]any) { f["keys"] = append(f["keys"].([]any), x25519Key(t, "site")) }, true},
		{"without words for its algorithm", func(f map[string]any) {
			f["keys"] = append(f["keys"].([]any), map[string]any{"kid": 7, "purpose": "seal", "alg": "HPKE-0", "kem": []int{1}, "from": "2026"})
		}, true},
		{"X25519 for orders", func(f map[string]any) { f["keys"] = append(f["keys"].([]any), x25519Key(t, "orders")) }, false},
		{"X25519 of a device", func(f map[string]any) { f["keys"] = append(f["keys"].([]any), x25519Key(t, "device")) }, false},
		{"X25519 for nothing", func(f map[string]any) { f["keys"] = append(f["keys"].([]any), x25519Key(t, "")) }, false},
		{"another algorithm for marks", func(f map[string]any) {
			k := maps.Clone(first(f, "keys"))
			k["purpose"], k["alg"] = "mark", -19
			f["keys"] = []any{k}
		}, false},
		{"an algorithm in words for marks", func(f map[string]any) {
			k := maps.Clone(first(f, "keys"))
			k["purpose"], k["alg"] = "mark", "ES256"
			f["keys"] = []any{k}
		}, false},
		{"nobody's device", func(f map[string]any) { delete(first(f, "keys"), "device") }, false},
		{"a token key", func(f map[string]any) { first(f, "keys")["purpose"] = "token" }, false},
		{"a revocation key", func(f map[string]any) { first(f, "keys")["purpose"] = "revocation" }, false},
		{"site: another kid", func(f map[string]any) { first(f, "sites")["kid"] = "0011223344556677" }, false},
		{"site: another KEM", func(f map[string]any) { first(f, "sites")["kem"] = "DHKEM(P-256, HKDF-SHA256)" }, false},
		{"site: another purpose", func(f map[string]any) { first(f, "sites")["purpose"] = "device" }, false},
		{"site: nobody's", func(f map[string]any) { delete(first(f, "sites"), "site") }, false},
		{"site: a short key", func(f map[string]any) { first(f, "sites")["public"] = "AA==" }, false},
	} {
		_, err := trust.Parse(map[string][]byte{"keys.json": edit(t, issuer.KeysFile([]*issuer.Device{kiosk}, []*issuer.Site{site}), tc.change)})
		if (err == nil) != tc.ok || err != nil && !strings.HasPrefix(err.Error(), "keys.json: ") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	hk := issuer.New("HK", "Asia/Hong_Kong")
	for _, purpose := range []string{"device", "orders", "mark", "site"} {
		file := edit(t, hk.TrustFile(), func(f map[string]any) { tokenKey(f)["purpose"] = purpose })
		if _, err := trust.Parse(map[string][]byte{"trust/HK.json": file}); err == nil {
			t.Errorf("a scheme made itself a key of purpose %s", purpose)
		}
	}
}

// TestSites shows which keys codes may be sealed to.
func TestSites(t *testing.T) {
	site, other := issuer.NewSite("LMC"), issuer.NewSite("HZMB")
	file := issuer.KeysFile(nil, []*issuer.Site{site})
	withdrawn := edit(t, file, func(f map[string]any) { first(f, "sites")["withdrawn"] = true })
	for _, tc := range []struct {
		name string
		file []byte
		kid  []byte
		ok   bool
	}{
		{"named", file, site.KID, true},
		{"not named", file, other.KID, false},
		{"withdrawn", withdrawn, site.KID, false},
		{"no kid", file, nil, false},
		{"the bundle names no sites", issuer.KeysFile(nil, nil), other.KID, true},
	} {
		s, err := trust.Parse(map[string][]byte{"keys.json": tc.file})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.VerifySite(tc.kid); (err == nil) != tc.ok || err != nil && !errors.Is(err, trust.ErrUnknownSigner) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestDevice shows that a device signs slips in its own name and nothing else.
func TestDevice(t *testing.T) {
	kiosk, hk := issuer.NewDevice("kiosk-1"), issuer.New("HK", "Asia/Hong_Kong")
	s, err := trust.Parse(map[string][]byte{"keys.json": issuer.KeysFile([]*issuer.Device{kiosk}, nil), "trust/HK.json": hk.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		slip issuer.Slip
		want error
	}{
		{"its own", issuer.Slip{}, nil},
		{"another's", issuer.Slip{Device: "kiosk-2"}, trust.ErrWrongUse},
		{"a scheme's", issuer.Slip{Device: "HK"}, trust.ErrWrongUse},
		{"as another kind", issuer.Slip{Spoil: issuer.OtherKind}, trust.ErrBadSignature},
		{"the other spelling of the signature", issuer.Slip{Spoil: issuer.Twin}, nil},
	} {
		tc.slip.Site, tc.slip.Issued = "booth", now
		c, err := provisional.Decode([]byte(kiosk.Slip(tc.slip)))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Verify(c); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if _, _, err := s.VerifyUse(trust.Status, c.Signed); tc.want == nil && !errors.Is(err, trust.ErrWrongUse) {
			t.Errorf("%s as a status list: %v", tc.name, err)
		}
	}
}

// TestVerifyHolder signs with phones of both kinds; a key of one kind never takes an algorithm of the other.
func TestVerifyHolder(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	for name, p := range map[string]*phone.Phone{"P-256": phone.New(), "Ed25519": phone.NewEd25519()} {
		p.Hold(hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Holder: p.Key()}))
		shown, err := holder.Decode(nil, []byte(p.Show(phone.Showing{Audience: "LMC", At: now})))
		if err != nil {
			t.Fatal(err)
		}
		key, signed := *shown.Credentials[0].HolderKey, *shown.Holder
		good := map[credential.Algorithm]bool{credential.ES256: name == "P-256", credential.ESP256: name == "P-256",
			credential.EdDSA: name == "Ed25519", credential.Ed25519: name == "Ed25519", credential.PS256: false, 0: false}
		for a, want := range good {
			signed.Algorithm = a
			if err := trust.VerifyHolder(key, signed); (err == nil) != want || err != nil && !errors.Is(err, trust.ErrBadSignature) {
				t.Errorf("%s with algorithm %d: %v", name, a, err)
			}
		}
		if err := trust.VerifyHolder(credential.HolderKey{}, signed); err == nil {
			t.Errorf("%s: no key verifies", name)
		}
	}
}
