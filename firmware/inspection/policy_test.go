package inspection_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/roster"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// TestRulesCannotOverrule has a policy that admits whatever it is asked about: what
// a hard check refused stays refused.
func TestRulesCannotOverrule(t *testing.T) {
	w := newWorld(t)
	w.add("policy/open.json", []byte(`{"v":1,"profile":"open","hotline":"3142 2330","joins_codes":true,"rules":[{"name":"all","when":"true","outcome":"admit","reason":"satisfied"}]}`))
	s := w.load(t)
	with := func(change func(*issuer.HealthCode)) string {
		h := today(issuer.Green)
		change(&h)
		return w.hk.HealthCode(h)
	}
	spoil := func(how issuer.Spoil) string { return with(func(h *issuer.HealthCode) { h.Spoil = how }) }
	good := with(func(*issuer.HealthCode) {})
	bad := map[string]string{
		"forged": spoil(issuer.BadSignature), "stranger": spoil(issuer.Stranger), "wrong key": spoil(issuer.WrongKey), "malformed": spoil(issuer.Malformed),
		"ended":     with(func(h *issuer.HealthCode) { h.From = now.Add(-2 * day) }),
		"not yet":   with(func(h *issuer.HealthCode) { h.From = now.Add(time.Minute) }),
		"a phone's": with(func(h *issuer.HealthCode) { h.Phone = true }),
		"withdrawn": w.gz.HealthCode(issuer.HealthCode{Profile: "gate", Colour: issuer.Green, From: now.Add(-day), Until: now.Add(day), StatusList: "7", StatusAt: 1}),
		"unknown":   "https://example.org",
	}
	for _, kind := range []string{"border", "venue"} {
		lane := inspection.Lane{Kind: kind, Direction: "in", VenueClass: "market", Profile: "gate", Policy: "open"}
		ask := func(codes ...string) verdict.Verdict {
			p := inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: lane}
			for _, c := range codes {
				p.Codes = append(p.Codes, []byte(c))
			}
			return s.Inspect(p)
		}
		if v := ask(good); v.Outcome != verdict.Admit {
			t.Fatalf("%s: the good code: %+v", kind, v)
		}
		for name, code := range bad {
			for _, v := range []verdict.Verdict{ask(code), ask(good, code), ask(code, good)} {
				if v.Outcome == verdict.Admit || v.Hotline != "3142 2330" {
					t.Errorf("%s: %s: %+v", kind, name, v)
				}
			}
		}
	}
}

// TestPolicyChanges reads one code before and after a change of the rules: each
// time those of the moment decide, and the verdict names their file (R14).
func TestPolicyChanges(t *testing.T) {
	w := newWorld(t)
	later := now.Add(time.Hour)
	next := bytes.Replace(w.files["policy/hk-border-departure.json"].Data, []byte(`"effective_from": "2021-12-10T09:00:00+08:00"`), []byte(`"effective_from": "`+later.Format(time.RFC3339)+`"`), 1)
	next = bytes.Replace(next, []byte(`"test_required": 0`), []byte(`"test_required": 1`), 1)
	next = append(next[:bytes.LastIndex(next, []byte("\n \"tests\": ["))], []byte(`"tests": []}`)...)
	w.add("policy/hk-border-departure.next.json", next)
	s := w.load(t)
	code := []byte(w.hk.HealthCode(today(issuer.Green)))
	for at, want := range map[time.Time]struct {
		outcome verdict.Outcome
		reason  verdict.Reason
		file    string
	}{
		later.Add(-time.Second): {verdict.Admit, verdict.Satisfied, "policy/hk-border-departure.json"},
		later:                   {verdict.Refer, "test-missing", "policy/hk-border-departure.next.json"},
	} {
		v := s.Inspect(inspection.Presentation{Number: 1, At: at, Clock: sure, Lane: border, Codes: [][]byte{code}})
		if v.Outcome != want.outcome || v.Reason != want.reason || len(v.Lists) != 2 || v.Lists[0].Name != want.file {
			t.Errorf("at %s: %+v", at, v)
		}
	}
	w.add("policy/hk-border-departure.again.json", next)
	if _, err := inspection.Load(w.files, "8", time.Time{}); err == nil || !strings.Contains(err.Error(), "two versions begin at the same time") {
		t.Errorf("two versions at once: %v", err)
	}
}

// TestResidents looks two people up in the list of an estate (R92).
func TestResidents(t *testing.T) {
	w := newWorld(t)
	rules, err := policy.Shipped.ReadFile("profiles/venue-estate.json")
	if err != nil {
		t.Fatal(err)
	}
	w.add("policy/venue-estate.json", rules)
	one, other := strings.Repeat("A", 22), strings.Repeat("B", 21)+"A"
	list, err := roster.Build([16]byte{1}, []roster.Member{{Scheme: "HK", Subject: one}})
	if err != nil {
		t.Fatal(err)
	}
	estate := inspection.Lane{Kind: "venue", Direction: "in", VenueClass: "estate", Profile: "gate", Policy: "venue-estate"}
	door := estate
	door.Profile = "door"
	code := func(subject string) string {
		h := today(issuer.Green)
		h.Subject = subject
		return w.hk.HealthCode(h)
	}
	ask := func(lane inspection.Lane, code string) verdict.Reason {
		return w.load(t).Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: lane, Codes: [][]byte{[]byte(code)}}).Reason
	}
	if got := ask(estate, code(one)); got != verdict.PolicyError {
		t.Errorf("without a list: %s", got)
	}
	w.add("lists/residents.bin", list)
	for _, tc := range []struct {
		lane    inspection.Lane
		subject string
		want    verdict.Reason
	}{{estate, one, verdict.Satisfied}, {estate, other, "not-resident"}, {door, one, verdict.PolicyError}} {
		if got := ask(tc.lane, code(tc.subject)); got != tc.want {
			t.Errorf("%s at %s: %s, want %s", tc.subject, tc.lane.Profile, got, tc.want)
		}
	}
	w.add("lists/residents.bin", list[1:])
	if _, err := inspection.Load(w.files, "8", time.Time{}); err == nil || !strings.Contains(err.Error(), "lists/residents.bin") {
		t.Errorf("a spoilt list: %v", err)
	}
}
