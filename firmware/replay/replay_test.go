package replay_test

import (
	"bytes"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/dcc"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/replay"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

var (
	now      = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	midnight = time.Date(2026, 1, 2, 16, 0, 0, 0, time.UTC) // in Hong Kong
	gate     = replay.Place{Border: true, Direction: "out", Profile: "gate"}
	arrival  = replay.Place{Border: true, Direction: "in", Profile: "gate"}
	door     = replay.Place{Direction: "in", Profile: "door", Window: time.Minute}
)

// TestCount compares identities: what is the same person or code, and what is not (FORMATS A7, R12).
func TestCount(t *testing.T) {
	hk, de := issuer.New("HK", "Asia/Hong_Kong"), issuer.NewDSC("DE")
	store, err := trust.Parse(map[string][]byte{"trust/HK.json": hk.TrustFile(), "trust/dsc.json": issuer.DSCList(de)})
	if err != nil {
		t.Fatal(err)
	}
	verified := func(c credential.Credential, err error) trust.Verified {
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := store.Verify(c)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	person := "AAAAAAAAAAAAAAAAAAAAAA"
	code := func(h issuer.HealthCode) trust.Verified {
		h.Colour, h.From = issuer.Green, now
		return verified(healthcode.Decode([]byte(hk.HealthCode(h))))
	}
	first, second := code(issuer.HealthCode{Profile: "gate", Subject: person}), code(issuer.HealthCode{Profile: "gate", Subject: person})
	other := code(issuer.HealthCode{Profile: "gate"})
	plain := code(issuer.HealthCode{ID: []byte("0123456789abcdef")})
	again := code(issuer.HealthCode{ID: []byte("0123456789abcdef")})
	cert := func(id string) trust.Verified {
		return verified(dcc.Decode([]byte(de.Certificate(issuer.Certificate{ID: id, From: now, Until: now.Add(time.Hour)}))))
	}
	id := func(v trust.Verified, p replay.Place, at time.Time) []byte { return replay.Count(v, p, at, 0).Identity }
	for name, tc := range map[string]struct {
		a, b []byte
		same bool
	}{
		"one person, two phones, one gate": {id(first, gate, now), id(second, gate, now), true},
		"one person, the other direction":  {id(first, gate, now), id(first, arrival, now), false},
		"one person, the next local day":   {id(first, gate, midnight.Add(-1)), id(first, gate, midnight), false},
		"two people":                       {id(first, gate, now), id(other, gate, now), false},
		"one person, two codes, at a door": {id(first, door, now), id(second, door, now), false},
		"one door code, signed twice":      {id(plain, gate, now), id(again, gate, now.Add(time.Hour)), true},
		"one certificate, signed twice":    {id(cert("URN:1"), door, now), id(cert("URN:1"), door, now), true},
		"two certificates":                 {id(cert("URN:1"), door, now), id(cert("URN:2"), door, now), false},
	} {
		if bytes.Equal(tc.a, tc.b) != tc.same {
			t.Errorf("%s: %x and %x", name, tc.a, tc.b)
		}
	}
	want := append([]byte("\x83\x64HCT1\x62HK\x50"), "0123456789abcdef"...) // CBOR ["HCT1", "HK", cti]
	if got := id(plain, door, now); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	if got := replay.Count(plain, door, now, time.Second).Until; !got.Equal(now.Add(62 * time.Second)) {
		t.Errorf("at a venue until %s", got)
	}
	if got := replay.Count(plain, gate, now, time.Second).Until; !got.Equal(midnight.Add(62 * time.Second)) {
		t.Errorf("at a border until %s", got)
	}
}
