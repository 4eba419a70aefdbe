package policy_test

import (
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// BenchmarkDecide goes from a verified code, with a test and two doses, to the
// verdict of the border: all that comes after the signature.
func BenchmarkDecide(b *testing.B) {
	now := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	hk := issuer.New("HK", "Asia/Hong_Kong")
	store, err := trust.Parse(map[string][]byte{"trust/HK.json": hk.TrustFile()})
	if err != nil {
		b.Fatal(err)
	}
	for name, h := range map[string]issuer.HealthCode{
		"green": {Colour: issuer.Green, Birth: "19800229", Tests: []issuer.Test{{Sampled: now.Add(-time.Hour), Kind: "PCR"}},
			Doses: []issuer.Dose{{Day: now.AddDate(0, -6, 0), Product: "A", Number: 1, Of: 2}, {Day: now.AddDate(0, -3, 0), Product: "A", Number: 2, Of: 2}}},
		"bare": {Colour: issuer.Green, AgeBand: 3},
		"red":  {Colour: issuer.Red, Reasons: []int{3}},
	} {
		h.Profile, h.From = "gate", now.Add(-time.Hour)
		c, err := healthcode.Decode([]byte(hk.HealthCode(h)))
		if err != nil {
			b.Fatal(err)
		}
		v, _, err := store.Verify(c)
		if err != nil {
			b.Fatal(err)
		}
		colour, meaning := "green", "may-cross"
		want := verdict.Admit
		if name == "red" {
			colour, meaning, want = "red", "high-risk", verdict.Refuse
		}
		in := policy.Input{Now: now, Confidence: "trusted", Lane: policy.Lane{Kind: "border", Direction: "out"},
			Codes: []policy.Code{{Verified: v, Facts: c.Facts, Colour: colour, Meaning: meaning}}}
		data, err := policy.Shipped.ReadFile("profiles/hk-border-departure.json")
		if err != nil {
			b.Fatal(err)
		}
		p, err := policy.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := p.Decide(in); got.Outcome != want {
					b.Fatal(got)
				}
			}
		})
	}
}
