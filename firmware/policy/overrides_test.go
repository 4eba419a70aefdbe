package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/verdict"
)

// TestOverrides lets a supervisor overrule what the file names, and nothing else (R29).
func TestOverrides(t *testing.T) {
	o := shipped(t)["hk-border-departure"].Overrides
	for _, tc := range []struct {
		v      verdict.Verdict
		urgent string
		want   bool
	}{
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing", Yields: true}, "funeral", true},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing"}, "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing", Yields: true}.AtMost(verdict.Refer, verdict.Stale), "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing", Yields: true}, "shopping", false},
		{verdict.Verdict{Outcome: verdict.Refuse, Reason: "red-confirmed", Rule: "red-confirmed", Yields: true}, "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "red-ended", Rule: "red-clock-over", Yields: true}, "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refuse, Reason: verdict.BadSignature, Yields: true}, "treatment", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Yields: true}, "treatment", false},
	} {
		if got := o.Allow(tc.v, tc.urgent); got != tc.want {
			t.Errorf("%+v for %s: %t", tc.v, tc.urgent, got)
		}
	}
}

// TestOneFinding lets staff set aside one finding (R29), and only where nothing else
// speaks against the person: no other rule, no red, and nothing that holds whatever the
// rules say.
func TestOneFinding(t *testing.T) {
	borders := shipped(t)
	const hk = `{"format":"HCT1","profile":"gate","scheme":"HK","issued":"2026-11-21T08:00:00+08:00","colour":"green","meaning":"may-cross"`
	const old = `[{"kind":"PCR","negative":true,"sampled":"2026-11-18T08:00:00+08:00"}]`
	for _, c := range []struct {
		code, more string
		reason     verdict.Reason
		yields     bool
	}{
		{hk + `}`, `,"tests":` + old, "test-out-of-date", true},
		{hk + `}`, `,"tests":` + old + `,"document":{"type":"HKID","match":false}`, "test-out-of-date", false},
		{hk + `}`, `,"tests":` + old + `,"clock":{"confidence":"unknown"}`, "test-out-of-date", false},
		{hk + `},{"format":"HCT1","profile":"gate","scheme":"PC","colour":"none"}`, `,"tests":` + old, "test-out-of-date", false},
		{hk + `},{"format":"HCT1","profile":"door","scheme":"HK","colour":"green","meaning":"may-cross"}`, `,"tests":` + old, "test-out-of-date", false},
		{strings.Replace(hk, "21T08", "20T08", 1) + `}`, ``, "not-today", true},
		{strings.Replace(hk, "21T08", "20T08", 1) + `}`, `,"tests":` + old, "test-out-of-date", false},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":9}]`, 1) + `}`, ``, "amber-arrival", true},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":9,"days":21}]`, 1) + `}`, ``, "amber-ended", true},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":8,"days":21}]`, 1) + `}`, ``, "amber-ended", true},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":9}]`, 1) + `}`,
			`,"tests":[{"kind":"PCR","negative":false,"sampled":"2026-11-21T08:00:00+08:00"}]`, "amber-arrival", false},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"red","meaning":"high-risk"`, 1) + `}`, `,"tests":` + old, "red", false},
	} {
		for _, name := range []string{"hk-border-departure", "hk-border-arrival"} {
			var stated map[string]json.RawMessage
			line := `{"now":"2026-11-21T12:00:00+08:00","clock":{"confidence":"trusted"},"holder":{"age":40},"codes":[` + c.code + `]` + c.more + `}`
			if err := json.Unmarshal([]byte(line), &stated); err != nil {
				t.Fatal(line, err)
			}
			p := borders[name]
			v, err := p.Try(Case{Facts: stated, Windows: map[string]int64{"test_required": 0}})
			if err != nil || v.Reason != c.reason || p.Overrides.Allow(v, "funeral") != c.yields {
				t.Errorf("%s: %s: %v %s by %s may be overruled: %t, %v", name, line, v.Outcome, v.Reason, v.Rule, p.Overrides.Allow(v, "funeral"), err)
			}
		}
	}
}
