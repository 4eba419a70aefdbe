package inspection_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// BenchmarkECDSAVerify is what the others are to be compared with: one bare
// signature check on P-256, without reading anything.
func BenchmarkECDSAVerify(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256(make([]byte, 150))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !ecdsa.Verify(&key.PublicKey, sum[:], r, s) {
			b.Fatal("bad")
		}
	}
}

// BenchmarkInspectHCT1 goes from text to verdict under the border's policy.
func BenchmarkInspectHCT1(b *testing.B) {
	w := newWorld(b)
	benchmark(b, w, border, w.hk.HealthCode(today(issuer.Green)))
}

// BenchmarkInspectDCC goes from text to verdict under the market's policy.
func BenchmarkInspectDCC(b *testing.B) {
	w := newWorld(b)
	benchmark(b, w, market, w.dsc.Certificate(issuer.Certificate{From: now.Add(-day), Until: now.Add(day)}))
}

func benchmark(b *testing.B, w *world, lane inspection.Lane, code string) {
	s := w.load(b)
	p := inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: lane, Codes: [][]byte{[]byte(code)}}
	b.ReportAllocs()
	for b.Loop() {
		if v := s.Inspect(p); v.Outcome != verdict.Admit {
			b.Fatal(v.Reason)
		}
	}
}

// BenchmarkInspectHCE1 opens a seal and judges the phone's signature and two gate tokens of one person.
func BenchmarkInspectHCE1(b *testing.B) {
	st := newStage(b, "")
	whose := issuer.HealthCode{Profile: "gate", Subject: "AAAAAAAAAAAAAAAAAAAAAA"}
	p := st.hold(phone.New(), whose)
	st.hold(p, whose)
	p.Site = st.site
	shown := inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: openGate, Codes: [][]byte{[]byte(p.Show(phone.Showing{Audience: "LMC-DEP", At: now}))}}
	b.ReportAllocs()
	for b.Loop() {
		if v := st.s.Inspect(shown); v.Outcome != verdict.Admit {
			b.Fatal(v.Reason)
		}
	}
}
