package facts_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

// code verifies a gate token of a scheme.
func code(t *testing.T, scheme, zone string, h issuer.HealthCode) facts.Code {
	t.Helper()
	by := issuer.New(scheme, zone)
	store, err := trust.Parse(map[string][]byte{"trust/" + scheme + ".json": by.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	h.Profile = "gate"
	c, err := healthcode.Decode([]byte(by.HealthCode(h)))
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := store.Verify(c)
	if err != nil {
		t.Fatal(err)
	}
	return facts.Code{Verified: v, Facts: c.Facts, Colour: c.Facts.Colour}
}

// stated gives facts as JSON, by variable.
func stated(t *testing.T, f *facts.Facts) map[string]string {
	t.Helper()
	raw, err := f.Write()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, v := range raw {
		out[name] = string(v)
	}
	return out
}

// TestClasses tells who stated what: a list by its file, a code by its scheme and only
// where the rules let that scheme; an endorsement is never an exemption.
func TestClasses(t *testing.T) {
	yes := true
	in := facts.Input{Now: noon, Confidence: "trusted",
		Codes: []facts.Code{code(t, "HK", "Asia/Hong_Kong", issuer.HealthCode{Colour: issuer.Green, From: noon, Exempt: []string{"return2hk", "business"}}),
			code(t, "MO", "Asia/Macau", issuer.HealthCode{Colour: issuer.Green, From: noon, Exempt: []string{"aircrew", "group"}})},
		Listed:  []facts.Listed{{Exempt: "seafarer", List: "lists/crew.bin"}, {Endorsement: "talent", List: "lists/permits.bin"}},
		Cohorts: []string{}, Exempting: []string{"HK"},
		Devices: facts.Devices{Document: &facts.Document{Type: "EEP", Match: &yes, Endorsements: []string{"family"}}}}
	got := stated(t, in.Facts())
	want := `{"cohorts":[],"endorsements":["talent","business","group","family"],"exempt":["seafarer","return2hk"],"exemptions":[` +
		`{"class":"seafarer","said":"seafarer, lists/crew.bin","source":"lists/crew.bin"},{"class":"return2hk","said":"return2hk, HK","source":"HK"}]}`
	if got["holder"] != want || got["document"] != `{"match":true,"type":"EEP"}` {
		t.Errorf("holder %s\nwant   %s\ndocument %s", got["holder"], want, got["document"])
	}
	in = facts.Input{Now: noon}
	if got := stated(t, in.Facts()); got["holder"] != "{}" || got["document"] != "{}" || got["resident"] != "" || got["temperature"] != "" || got["face"] != "{}" {
		t.Errorf("of nothing: %v", got)
	}
	in.Listed = slices.Repeat([]facts.Listed{{Exempt: "x"}}, facts.MaxItems+1)
	if !in.Facts().Oversize() {
		t.Error("more classes than costs are counted for")
	}
}

// TestConsent ends with the day it names, at the latest on the eighteenth birthday.
func TestConsent(t *testing.T) {
	for name, tc := range map[string]struct {
		birth string
		until int // days from today
		want  string
	}{
		"today":                      {"20100101", 0, `"guardian_consent":true`},
		"ended yesterday":            {"20100101", -1, `"guardian_consent":false`},
		"the eve of eighteen":        {"20081122", 9, `"guardian_consent":true`},
		"eighteen today":             {"20081121", 9, `"guardian_consent":false`},
		"born on 29 February":        {"20080229", 9, `"age":18`},
		"born tomorrow, so 17 years": {"20081122", 9, `"age":17`},
	} {
		day := int(noon.Add(8*time.Hour).Unix()/86400) + tc.until
		h := issuer.HealthCode{Colour: issuer.Green, From: noon, Birth: tc.birth, Change: func(c map[int]any) {
			c[-70001] = map[int]any{1: 1, 10: []any{make([]byte, 16), day}}
		}}
		in := facts.Input{Now: noon, Codes: []facts.Code{code(t, "HK", "Asia/Hong_Kong", h)}}
		if got := stated(t, in.Facts())["holder"]; !strings.Contains(got, tc.want) || strings.Contains(got, "birth") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestConsentOfAnother: beside a code that states a birth date, the consent in a code
// that does not may be another child's on the same phone (R37).
func TestConsentOfAnother(t *testing.T) {
	teen := code(t, "HK", "Asia/Hong_Kong", issuer.HealthCode{Colour: issuer.Green, From: noon, Birth: "20100101"})
	consented := code(t, "GD", "Asia/Shanghai", issuer.HealthCode{Colour: issuer.Green, From: noon, Change: func(c map[int]any) {
		c[-70001] = map[int]any{1: 1, 10: []any{make([]byte, 16), int(noon.Unix()/86400) + 9}}
	}})
	for _, codes := range [][]facts.Code{{teen, consented}, {consented, teen}} {
		if got := stated(t, facts.Input{Now: noon, Codes: codes}.Facts())["holder"]; strings.Contains(got, "consent") {
			t.Errorf("another's consent: %s", got)
		}
	}
	if got := stated(t, facts.Input{Now: noon, Codes: []facts.Code{consented}}.Facts())["holder"]; !strings.Contains(got, `"guardian_consent":true`) {
		t.Errorf("alone: %s", got)
	}
}

// TestDays counts days in the zone of each scheme.
func TestDays(t *testing.T) {
	issued := time.Date(2026, 11, 20, 16, 30, 15, 0, time.UTC) // 21 November in Hong Kong
	for _, tc := range []struct{ zone, now, want string }{
		{"Asia/Hong_Kong", "2026-11-21T15:59:59Z", `"days":0`}, {"Asia/Hong_Kong", "2026-11-21T16:00:00Z", `"days":1`},
		{"Europe/Lisbon", "2026-11-20T23:59:59Z", `"days":0`}, {"Europe/Lisbon", "2026-11-21T00:00:00Z", `"days":1`},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		in := facts.Input{Now: now, Codes: []facts.Code{code(t, "XX", tc.zone, issuer.HealthCode{Colour: issuer.Green, From: issued, Until: issued.AddDate(1, 0, 0)})}}
		got := stated(t, in.Facts())["codes"]
		if !strings.Contains(got, tc.want) || !strings.Contains(got, `"issued":"2026-11-20T16:30:00Z"`) {
			t.Errorf("%s at %s: %s", tc.zone, tc.now, got)
		}
	}
}

// TestReadRefuses takes nothing that is no fact, or of another type.
func TestReadRefuses(t *testing.T) {
	for _, bad := range []string{`{"weather":"fine"}`, `{"now":"noon"}`, `{"holder":{"name":"CHAN"}}`, `{"document":{"number":"A123456"}}`, `{"codes":{}}`,
		`{"codes":[{"days":"1"}]}`, `{"codes":[{"status_age":"long"}]}`, `{"temperature":"hot"}`, `{"resident":1}`, `{"holder":{"exempt":"x"}}`, `{"stays":[1]}`} {
		var raw map[string]json.RawMessage
		if err := json.Unmarshal([]byte(bad), &raw); err != nil {
			t.Fatal(err)
		}
		if _, err := facts.Read(raw, time.UTC); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}
