package inspection_test

import (
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// TestProfilesOnCodes puts signed codes before the shipped profiles: what a lane may
// not learn, and what another scheme says of its own colours, admits nobody.
func TestProfilesOnCodes(t *testing.T) {
	w := newWorld(t)
	mo, hb, tester := issuer.New("MO", "Asia/Macau"), issuer.New("HB", "Asia/Shanghai"), issuer.NewDSC("FR", "v", "t")
	mo.MapsTo = map[string]map[int]string{"HK": {issuer.Green: "may-cross"}}
	hb.MapsTo = map[string]map[int]string{"GZ": {issuer.Green: "low-risk-self"}}
	w.add("trust/MO.json", mo.TrustFile())
	w.add("trust/HB.json", hb.TrustFile())
	w.add("trust/dsc.json", issuer.DSCList(w.dsc, tester))
	w.add("status/HB/1.cwt", hb.StatusList("1", 10, nil, now.Add(-time.Hour), 12*time.Hour))
	venues := []string{"venue-market", "venue-metro", "venue-restaurant", "venue-government"}
	for _, name := range append([]string{"hk-border-arrival", "mo-border", "gz-city", "mutual-recognition"}, venues...) {
		data, err := policy.Shipped.ReadFile("profiles/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		w.add("policy/"+name+".json", data)
	}
	s := w.load(t)
	ask := func(name string, lane inspection.Lane, code string, outcome verdict.Outcome, reason verdict.Reason) {
		t.Helper()
		got := s.Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: lane, Codes: [][]byte{[]byte(code)}})
		if got.Outcome != outcome || got.Reason != reason {
			t.Errorf("%s: %s %s by %q, want %s %s", name, got.Outcome, got.Reason, got.Rule, outcome, reason)
		}
	}
	const admit, refer = verdict.Admit, verdict.Refer
	cert := func(kind string, sampled time.Duration, positive bool) string {
		return tester.Certificate(issuer.Certificate{Kind: kind, Positive: positive, Sampled: now.Add(-sampled), From: now.Add(-sampled), Until: now.AddDate(1, 0, 0)})
	}
	positive, recent, ancient := cert("t", time.Hour, true), cert("t", time.Hour, false), cert("t", 300*day, false)
	oldGreen := w.hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(-30 * day), Until: now.Add(90 * day)})
	for _, name := range venues {
		door := inspection.Lane{Kind: "venue", Direction: "in", Profile: "door", Policy: name}
		gate := door
		gate.Profile = "gate"
		for _, code := range []string{positive, recent, ancient} {
			ask(name+", a test before a door", door, code, refer, "test-missing")
		}
		ask(name+", a positive test", gate, positive, refer, "positive-test")
		ask(name+", an ancient test", gate, ancient, refer, "test-out-of-date")
		ask(name+", a recent test", gate, recent, admit, verdict.Satisfied)
		ask(name+", a vaccination", door, cert("v", 300*day, false), admit, verdict.Satisfied)
		ask(name+", Hong Kong's green of 30 days ago", door, oldGreen, refer, "not-today")
	}
	lane := func(kind, direction, name string) inspection.Lane {
		return inspection.Lane{Kind: kind, Direction: direction, Profile: "gate", Policy: name}
	}
	green := issuer.HealthCode{Colour: issuer.Green, AgeBand: 3, From: now.Add(-4 * time.Hour)}
	whose := green
	whose.Profile, whose.Subject = "gate", strings.Repeat("A", 22)
	ask("Macau's door token at Macau's border", lane("border", "in", "mo-border"), mo.HealthCode(green), refer, "gate-code-needed")
	ask("Macau's gate token at Macau's border", lane("border", "in", "mo-border"), mo.HealthCode(whose), admit, verdict.Satisfied)
	ask("a door token where schemes are mixed", lane("border", "in", "mutual-recognition"), w.hk.HealthCode(green), refer, "gate-code-needed")
	ask("a door token at a venue", lane("venue", "in", "mutual-recognition"), w.hk.HealthCode(green), admit, verdict.Satisfied)
	ask("Macau's may-cross without live status", lane("border", "out", "hk-border-departure"), mo.HealthCode(whose), refer, "status-undetermined")
	hubei := issuer.HealthCode{Colour: issuer.Green, From: now.Add(-90 * day), Until: now.Add(90 * day)}
	ask("Hubei without live status", lane("venue", "in", "gz-city"), hb.HealthCode(hubei), refer, "status-undetermined")
	hubei.StatusList = "1"
	ask("Hubei with live status", lane("venue", "in", "gz-city"), hb.HealthCode(hubei), admit, verdict.Satisfied)
}
