package inspection_test

import (
	"testing"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// TestUrgent: staff may overrule what the border's rules refer, for each of the seven
// reasons (R29), and then the code counts; never a red, whatever the rules make of it, and
// never what a hard check found.
func TestUrgent(t *testing.T) {
	w := newWorld(t)
	w.add("policy/lenient.json", []byte(`{"v":1,"profile":"lenient","source":"a test","rules":[{"name":"all","when":"true","outcome":"refer","reason":"test-missing","cite":"R29"}],
		"default":{"outcome":"refer","reason":"no-rule"},"overrides":{"urgent":["exam"],"of":["test-missing"],"second_person":true,"cite":"R29"}}`))
	s := w.load(t)
	look := func(lane inspection.Lane, code string) verdict.Verdict {
		return s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: lane, Codes: [][]byte{[]byte(code)}})
	}
	lenient := border
	lenient.Policy = "lenient"
	old := today(issuer.Green)
	old.From, old.Until = now.Add(-day), now.Add(day) // long-lived, of yesterday
	forged := []byte(w.hk.HealthCode(old))
	forged[len(forged)/2] ^= 1
	for name, c := range map[string]struct {
		lane inspection.Lane
		code string
		want int
	}{
		"of yesterday":    {border, w.hk.HealthCode(old), len(policy.UrgentReasons)},
		"good":            {border, w.hk.HealthCode(today(issuer.Green)), 0},
		"red":             {border, w.hk.HealthCode(today(issuer.Red)), 0},
		"forged":          {border, string(forged), 0},
		"no code of ours": {border, "https://example.org", 0},
		"a lenient rule":  {lenient, w.hk.HealthCode(today(issuer.Green)), 1},
		"that meets red":  {lenient, w.hk.HealthCode(today(issuer.Red)), 0},
		"and a forgery":   {lenient, string(forged), 0},
	} {
		v := look(c.lane, c.code)
		if len(v.Urgent) != c.want || (len(v.Counts) > 0) != (c.want > 0 || v.Outcome == verdict.Admit) {
			t.Errorf("%s: %v %s by %q may be overruled for %q, and counts %d times", name, v.Outcome, v.Reason, v.Rule, v.Urgent, len(v.Counts))
		}
	}
}

// TestUrgentStands: what is no finding of the rules stands also where they find something
// that staff may overrule: an unknown live status, lists that are too old, an order of the
// centre, another person's code on the same phone.
func TestUrgentStands(t *testing.T) {
	w := newWorld(t)
	w.add("policy/lenient.json", []byte(`{"v":1,"profile":"lenient","source":"a test","rules":[{"name":"all","when":"true","outcome":"refer","reason":"test-missing","cite":"R29"}],
		"default":{"outcome":"refer","reason":"no-rule"},"overrides":{"urgent":["exam"],"of":["test-missing"],"second_person":true,"cite":"R29"}}`))
	s := w.load(t)
	lenient := border
	lenient.Policy = "lenient"
	ask := func(s *inspection.Snapshot, code string) verdict.Verdict {
		return s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: lenient, Codes: [][]byte{[]byte(code)}})
	}
	green := w.hk.HealthCode(today(issuer.Green))
	gz := func(list string) string {
		h := today(issuer.Green)
		h.StatusList, h.StatusAt = list, 9
		return w.gz.HealthCode(h)
	}
	w.add("freshness.json", []byte(`{"v":1,"policy":{"max_stale":3600,"fail":"refer"}}`))
	old := w.load(t)
	halting := s.WithOrders(func(order.Place) error { return order.ErrHalted })
	for name, c := range map[string]struct {
		s    *inspection.Snapshot
		code string
		want bool
	}{
		"nothing else":             {s, green, true},
		"a live status":            {s, gz("7"), true},
		"no list of live status":   {s, gz("8"), false},
		"rules that are too old":   {old, green, false},
		"halted by the centre":     {halting, green, false},
		"a colour without meaning": {s, w.hk.HealthCode(today(issuer.Blue)), false},
	} {
		if v := ask(c.s, c.code); v.Reason != "test-missing" || (len(v.Urgent) > 0) != c.want {
			t.Errorf("%s: %v %s may be overruled for %q", name, v.Outcome, v.Reason, v.Urgent)
		}
	}
}
