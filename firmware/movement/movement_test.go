package movement_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/verdict"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 7, time.UTC)

func site(days int, public []byte) []byte {
	return fmt.Appendf(nil, `{"v":1,"quotas":[],"movement":{"record":"sealed","days":%d,"seal":%q}}`, days, base64.StdEncoding.EncodeToString(public))
}

// TestSeal: the centre reads what was sealed, by either kind of key; nothing of it is in the open,
// and two records of the same passage have nothing in common.
func TestSeal(t *testing.T) {
	for name, kem := range map[string]hpke.KEM{"X25519": hpke.DHKEM(ecdh.X25519()), "ML-KEM-768 with X25519": hpke.MLKEM768X25519()} {
		t.Run(name, func(t *testing.T) {
			key, err := kem.GenerateKey()
			if err != nil {
				t.Fatal(err)
			}
			r, err := movement.Parse(site(30, key.PublicKey().Bytes()))
			if err != nil || r.Keep != 30*24*time.Hour {
				t.Fatal(r, err)
			}
			p := movement.Passage{At: noon, Direction: "out", Scheme: "HK", Counts: []verdict.Count{{Identity: []byte("SOMEBODY")}, {Identity: []byte("else")}}}
			one, err1 := r.Seal(p)
			two, err2 := r.Seal(p)
			if err1 != nil || err2 != nil || bytes.Contains(one, []byte("SOMEBODY")) || len(one) > 4<<10 {
				t.Fatal(err1, err2, len(one))
			}
			var a, b struct {
				V      int
				KID    string
				Sealed []byte
			}
			if err := errors.Join(json.Unmarshal(one, &a), json.Unmarshal(two, &b)); err != nil || bytes.Equal(a.Sealed[:16], b.Sealed[:16]) {
				t.Fatal(err)
			}
			text, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte("movement:"+a.KID), a.Sealed)
			const want = `{"v":1,"time":"2026-11-21T12:00:00Z","direction":"out","scheme":"HK","identities":["U09NRUJPRFk=","ZWxzZQ=="]}`
			if err != nil || string(text) != want {
				t.Errorf("%v\n got %s\nwant %s", err, text, want)
			}
			p.Direction = "none"
			if of, err := r.Seal(p); of != nil || err != nil {
				t.Error("of a lane without direction: ", of, err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for _, none := range []string{`{"v":1}`, `{"v":1,"movement":{"record":"none"}}`, `{"v":1,"movement":{"record":"count"}}`} {
		r, err := movement.Parse([]byte(none))
		if err != nil {
			t.Error(none, err)
		}
		if of, err := r.Seal(movement.Passage{Direction: "in"}); of != nil || err != nil {
			t.Error(none, of, err)
		}
	}
	for _, bad := range []string{``, `{}`, `{"v":2}`, `{"v":1,"movement":{"record":"open"}}`, `{"v":1,"movement":{"record":"sealed"}}`,
		string(site(0, make([]byte, 32))), string(site(99999, make([]byte, 32))), string(site(1, make([]byte, 31)))} {
		if _, err := movement.Parse([]byte(bad)); !errors.Is(err, movement.ErrRule) {
			t.Error(bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(site(30, bytes.Repeat([]byte{9}, 32)))
	f.Add([]byte(`{"v":1,"movement":{"record":"none"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := movement.Parse(data); err == nil && r.Keep < 0 {
			t.Error(r)
		}
	})
}
