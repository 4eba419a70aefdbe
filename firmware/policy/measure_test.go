package policy

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/verdict"
)

// TestZones counts calendar days where the clock is changed: 14 days ago is 14 days
// ago, though one of them had 25 hours (R02).
func TestZones(t *testing.T) {
	p, err := Parse(with(`{"name":"r","when":"codes[0].reasons[0].days >= 14","outcome":"refer","reason":"watch"}`, `"default":{"outcome":"refuse","reason":"watch"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ zone, since, now, want string }{
		{"Europe/Lisbon", "2026-10-20T00:00:00+01:00", "2026-11-02T23:59:59Z", "refuse"},
		{"Europe/Lisbon", "2026-10-20T00:00:00+01:00", "2026-11-03T00:00:00Z", "refer"},
		{"Europe/Lisbon", "2026-03-20T00:00:00Z", "2026-04-02T23:59:59+01:00", "refuse"},
		{"Europe/Lisbon", "2026-03-20T00:00:00Z", "2026-04-03T00:00:00+01:00", "refer"},
		{"Asia/Hong_Kong", "2026-11-07T00:00:00+08:00", "2026-11-20T15:59:59Z", "refuse"},
		{"Asia/Hong_Kong", "2026-11-07T00:00:00+08:00", "2026-11-20T16:00:00Z", "refer"},
	} {
		c := Case{Zone: tc.zone, Facts: map[string]json.RawMessage{"now": json.RawMessage(`"` + tc.now + `"`),
			"codes": json.RawMessage(`[{"format":"HCT1","reasons":[{"class":7,"since":"` + tc.since + `"}]}]`)}}
		if v, err := p.Try(c); err != nil || v.Outcome.String() != tc.want {
			t.Errorf("%s at %s: %v %+v", tc.zone, tc.now, err, v)
		}
	}
}

// TestReported shows that both risks are told, whichever rule decides (R07), and
// that nothing longer than its bound reaches a verdict.
func TestReported(t *testing.T) {
	p, err := Parse(with(`{"name":"a","when":"true","outcome":"refer","reason":"child","measured":"lane.site","wanted":"<= d_h"},
		{"name":"b","when":"true","outcome":"refuse","reason":"watch","risk":"person"},{"name":"c","when":"true","outcome":"refuse","reason":"amber","risk":"person"},
		{"name":"d","when":"resident","outcome":"refuse","reason":"risk-place","risk":"place"}`, `"windows":{"d_h":7}`, `"sources":{"d_h":"R21"}`, `"hotline":"12345"`))
	if err != nil {
		t.Fatal(err)
	}
	want := verdict.Verdict{Outcome: verdict.Refer, Reason: "child", Rule: "a", Measured: strings.Repeat("x", maxMeasured), Threshold: "≤ 7 h (R21)",
		Person: "watch", Place: verdict.PolicyError, Hotline: "12345"}
	if got := p.Decide(Input{Now: noon, Lane: Lane{Site: strings.Repeat("x", 1000)}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	resident := false
	want.Place = ""
	if got := p.Decide(Input{Now: noon, Lane: Lane{Site: strings.Repeat("x", 1000)}, Resident: &resident}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
