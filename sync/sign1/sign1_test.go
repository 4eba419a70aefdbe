package sign1

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

func newKey(t testing.TB) (*ecdsa.PrivateKey, KeyID) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := KeyIDOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, id
}

// TestReferee lets go-cose open what Sign made, and Open what go-cose made.
func TestReferee(t *testing.T) {
	key, id := newKey(t)
	trusted := Keys{id: &key.PublicKey}
	ours, err := Sign(key, "batch", []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Sign(key, "batch", []byte("payload"))
	if err != nil || !bytes.Equal(ours, again) {
		t.Fatalf("signing twice gave different bytes (%v)", err)
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(ours); err != nil {
		t.Fatal(err)
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, &key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Verify([]byte("batch"), v); err != nil {
		t.Fatalf("go-cose does not accept our signature: %v", err)
	}
	if got, err := Open(trusted, "batch", theirs(t, key, id, "batch")); err != nil || string(got) != "payload" {
		t.Fatalf("Open of go-cose's = %q, %v", got, err)
	}
}

// theirs signs with go-cose.
func theirs(t testing.TB, key *ecdsa.PrivateKey, id KeyID, purpose string) []byte {
	m := cose.NewSign1Message()
	m.Payload = []byte("payload")
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = id[:]
	s, err := cose.NewSigner(cose.AlgorithmES256, key)
	if err == nil {
		err = m.Sign(rand.Reader, []byte(purpose), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenRefuses(t *testing.T) {
	key, id := newKey(t)
	trusted := Keys{id: &key.PublicKey}
	good, err := Sign(key, "mark", []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	stranger, _ := newKey(t)
	foreign, err := Sign(stranger, "mark", []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(good)
	altered[bytes.Index(altered, []byte("payload"))] ^= 1
	untagged := good[1:]
	m := cose.NewSign1Message()
	if err := m.UnmarshalCBOR(good); err != nil {
		t.Fatal(err)
	}
	m.Headers.RawUnprotected = nil // else the parsed bytes win
	m.Headers.Unprotected[int64(4)] = []byte("12345678")
	unprotected, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	var wide []byte // the same message, its array length written with two bytes
	wide = append(append(wide, 0xd2, 0x98, 0x04), good[2:]...)

	for name, c := range map[string]struct {
		purpose string
		data    []byte
		want    error
	}{
		"another purpose":     {"batch", good, ErrSignature},
		"another key":         {"mark", foreign, ErrUnknownKey},
		"altered":             {"mark", altered, ErrSignature},
		"cut":                 {"mark", good[:len(good)-1], ErrMalformed},
		"trailing":            {"mark", append(bytes.Clone(good), 0), ErrMalformed},
		"untagged":            {"mark", untagged, ErrMalformed},
		"unprotected header":  {"mark", unprotected, ErrMalformed},
		"not shortest length": {"mark", wide, ErrMalformed},
		"empty":               {"mark", nil, ErrMalformed},
	} {
		if _, err := Open(trusted, c.purpose, c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestReadKeys(t *testing.T) {
	key, id := newKey(t)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	entry := func(kid, purpose string) map[string]any {
		return map[string]any{"kid": kid, "purpose": purpose, "alg": -7, "spki": base64.StdEncoding.EncodeToString(der), "new": true}
	}
	file := func(keys ...any) []byte {
		b, err := json.Marshal(map[string]any{"v": 1, "keys": keys, "unknown": 1})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	keys, err := ReadKeys(file(entry(id.String(), "mark"), map[string]any{"kid": "x", "purpose": "seal", "spki": "?"}), "mark")
	if trusted := keys.At(time.Time{}); err != nil || len(trusted) != 1 || !trusted[id].Equal(&key.PublicKey) {
		t.Fatalf("keys = %v, %v", keys, err)
	}
	gone := entry(id.String(), "mark")
	gone["withdrawn"] = true
	if keys, err := ReadKeys(file(gone), "mark"); err != nil || len(keys) != 0 {
		t.Errorf("a withdrawn key: %v, %v", keys, err)
	}
	for _, all := range [][]any{{gone, entry(id.String(), "mark")}, {entry(id.String(), "mark"), gone}} {
		if keys, err := ReadKeys(file(all...), "mark"); err != nil || len(keys) != 0 {
			t.Errorf("a key that is there twice and withdrawn once: %v, %v", keys, err)
		}
	}
	const from, until = 1_700_000_000, 1_800_000_000
	timed := entry(id.String(), "mark")
	timed["from"], timed["until"] = from, until
	if keys, err = ReadKeys(file(timed), "mark"); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int64]int{from - 1: 0, from: 1, until - 1: 1, until: 0} {
		if got := keys.At(time.Unix(at, 0)); len(got) != want {
			t.Errorf("at %d: %d keys, want %d", at, len(got), want)
		}
	}
	ofDevice := entry(id.String(), "device")
	for site, want := range map[string]map[string]int{"HZMB": {"HZMB": 1, "LMC": 0}, "": {"HZMB": 1, "LMC": 1}} {
		ofDevice["site"] = site
		keys, err := ReadKeys(file(ofDevice), "device")
		for at, n := range want {
			if got := keys.Of(at).At(time.Time{}); err != nil || len(got) != n {
				t.Errorf("a device of %q at %s: %d keys, %v", site, at, len(got), err)
			}
		}
	}
	fleet := []any{entry(id.String(), "mark")}
	for n := range 10_000 {
		fleet = append(fleet, map[string]any{"kid": fmt.Sprintf("%016x", n), "purpose": "device", "alg": -7, "spki": "not looked at"})
	}
	if keys, err := ReadKeys(file(fleet...), "mark"); err != nil || len(keys) != 1 {
		t.Errorf("among the keys of 10,000 devices: %d, %v", len(keys), err)
	}
	for name, bad := range map[string][]byte{
		"too many":     file(make([]any, maxKeys+1)...),
		"wrong id":     file(entry("0000000000000000", "mark")),
		"two purposes": file(entry(id.String(), "mark"), entry(id.String(), "orders")),
		"no version":   []byte(`{"keys":[]}`),
		"not JSON":     []byte(`{`),
		"no P-256":     []byte(`{"v":1,"keys":[{"kid":"aa","purpose":"mark","alg":-7,"spki":"AA=="}]}`),
		"other alg":    []byte(`{"v":1,"keys":[{"kid":"aa","purpose":"mark","alg":-8,"spki":"AA=="}]}`),
	} {
		if _, err := ReadKeys(bad, "mark"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzReadKeys: whatever is in the file, reading it ends, and a site trusts no more than all do.
func FuzzReadKeys(f *testing.F) {
	key, id := newKey(f)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fmt.Appendf(nil, `{"v":1,"keys":[{"kid":"%s","purpose":"device","site":"HZMB","alg":-7,"spki":"%s","from":1,"until":2}]}`, id, base64.StdEncoding.EncodeToString(der)))
	f.Add(fmt.Appendf(nil, `{"v":1,"keys":[{"kid":"%s","purpose":"device","withdrawn":true}]}`, id))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := ReadKeys(data, "device")
		if at := time.Unix(1, 0); err == nil && len(keys.Of("HZMB").At(at)) > len(keys.At(at)) {
			t.Error("a site trusts more than all")
		}
	})
}

// FuzzOpen: what opens has exactly one spelling.
func FuzzOpen(f *testing.F) {
	key, id := newKey(f)
	good, err := Sign(key, "mark", []byte("payload"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(theirs(f, key, id, "mark"))
	f.Add(good[1:])
	f.Fuzz(func(t *testing.T, data []byte) {
		payload, err := Open(Keys{id: &key.PublicKey}, "mark", data)
		if err != nil {
			return
		}
		var m cose.Sign1Message
		if err := m.UnmarshalCBOR(data); err != nil || !bytes.Equal(m.Payload, payload) {
			t.Fatalf("go-cose reads %q, %v", m.Payload, err)
		}
		if again, err := canonical.Marshal(cbor.RawMessage(data)); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("another spelling: %v", err)
		}
	})
}
