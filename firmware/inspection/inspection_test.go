package inspection_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

const (
	green = 1
	amber = 2
	day   = 24 * time.Hour

	rule = `codes.exists(c, c.colour == "green") ? "admit" : "refer"`
)

var now = time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)

func snapshot(t testing.TB, i *issuer.Issuer, rule string) *inspection.Snapshot {
	p, err := policy.Compile(rule)
	if err != nil {
		t.Fatal(err)
	}
	return &inspection.Snapshot{
		Trust: &trust.Store{Keys: []trust.Key{{ID: i.KeyID, Issuer: i.Name, Public: &i.Key.PublicKey,
			Formats: []credential.Format{credential.HealthCode}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}}},
		Revoked: func(id string) bool { return id == "76" },
		Policy:  p,
	}
}

func TestInspect(t *testing.T) {
	hk, forger, stranger := issuer.New("HK"), issuer.New("HK"), issuer.New("XX")
	forger.KeyID = hk.KeyID
	s := snapshot(t, hk, rule)
	good := hk.HealthCode("a", green, now.Add(-day), now.Add(day))
	codes := func(c ...[]byte) [][]byte { return c }
	for _, tc := range []struct {
		name  string
		codes [][]byte
		want  verdict.Verdict
	}{
		{"green", codes(good), verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied}},
		{"amber", codes(hk.HealthCode("a", amber, now.Add(-day), now.Add(day))), verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.NoRule}},
		{"no such colour", codes(hk.HealthCode("a", 5, now.Add(-day), now.Add(day))), verdict.Verdict{Reason: verdict.Malformed}},
		{"expired", codes(hk.HealthCode("a", green, now.Add(-2*day), now.Add(-day))), verdict.Verdict{Reason: verdict.Expired}},
		{"not yet", codes(hk.HealthCode("a", green, now.Add(day), now.Add(2*day))), verdict.Verdict{Reason: verdict.Expired}},
		{"revoked", codes(hk.HealthCode("v", green, now.Add(-day), now.Add(day))), verdict.Verdict{Reason: verdict.Withdrawn}},
		{"forged", codes(forger.HealthCode("a", green, now.Add(-day), now.Add(day))), verdict.Verdict{Reason: verdict.BadSignature}},
		{"stranger", codes(stranger.HealthCode("a", green, now.Add(-day), now.Add(day))), verdict.Verdict{Reason: verdict.UnknownSigner}},
		{"old prefix", codes(bytes.Replace(good, []byte("HCT1:"), []byte("HK1:"), 1)), verdict.Verdict{Reason: verdict.UnknownFormat}},
		{"rubbish", codes([]byte("HCT1:!!")), verdict.Verdict{Reason: verdict.Malformed}},
		{"prefix only", codes([]byte("HCT1:")), verdict.Verdict{Reason: verdict.Malformed}},
		{"too long", codes([]byte("HCT1:" + strings.Repeat("0", inspection.MaxCode))), verdict.Verdict{Reason: verdict.Malformed}},
		{"web page", codes([]byte("https://example.org")), verdict.Verdict{Reason: verdict.UnknownFormat}},
		{"good beside bad", codes(good, forger.HealthCode("b", green, now.Add(-day), now.Add(day))), verdict.Verdict{Reason: verdict.BadSignature}},
		{"nothing", nil, verdict.Verdict{Reason: verdict.Malformed}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := s.Inspect(inspection.Presentation{Number: 1, At: now, Codes: tc.codes}); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Inspect = %+v, want %+v", got, tc.want)
			}
		})
	}
}

// TestRule shows what becomes of rules that cannot decide.
func TestRule(t *testing.T) {
	hk := issuer.New("HK")
	p := inspection.Presentation{Number: 1, At: now, Codes: [][]byte{hk.HealthCode("a", green, now.Add(-day), now.Add(day))}}
	const ten = `[0,1,2,3,4,5,6,7,8,9]`
	for _, tc := range []struct {
		name, rule string
		want       verdict.Verdict
	}{
		{"refuses", `"refuse"`, verdict.Verdict{Reason: verdict.NoRule}},
		{"errs", `codes[7].colour == "green" ? "admit" : "refuse"`, verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}},
		{"costs too much", ten + `.all(a, ` + ten + `.all(b, ` + ten + `.all(c, ` + ten + `.all(d, a+b+c+d >= 0)))) ? "admit" : "refuse"`,
			verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}},
		{"mumbles", `"maybe"`, verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := snapshot(t, hk, tc.rule).Inspect(p); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Inspect = %+v, want %+v", got, tc.want)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	s := snapshot(f, issuer.New("HK"), rule)
	f.Add([]byte("HCT1:6BF"))
	f.Add(issuer.New("XX").HealthCode("a", green, now.Add(-day), now.Add(day)))
	f.Fuzz(func(t *testing.T, code []byte) {
		if v := s.Inspect(inspection.Presentation{Number: 1, At: now, Codes: [][]byte{code}}); v.Outcome != verdict.Refuse {
			t.Fatalf("%q: %+v", code, v)
		}
	})
}

func BenchmarkInspect(b *testing.B) {
	hk := issuer.New("HK")
	s := snapshot(b, hk, rule)
	p := inspection.Presentation{Number: 1, At: now, Codes: [][]byte{hk.HealthCode("a", green, now.Add(-time.Hour), now.Add(time.Hour))}}
	for b.Loop() {
		s.Inspect(p)
	}
}
