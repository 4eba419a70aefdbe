package policy

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"example.org/checkpoint/firmware/policy/facts"
)

// most are the largest facts that reach a rule: eight codes full of reasons, tests,
// doses and stays, of which none decides early.
func most(t testing.TB) *facts.Facts {
	n := func(of any, times int) []any { return slices.Repeat([]any{of}, times) }
	type m = map[string]any
	code := m{"format": "HCT1", "profile": "gate", "scheme": "HK", "colour": "none", "issued": noon, "days": 1, "local_day": "2026-11-20",
		"reasons": n(m{"class": 3, "authority": "CHP", "days": 30, "left": -2}, facts.MaxItems), "trust_age": "1h"}
	all := m{"now": noon, "lane": m{"kind": "border", "direction": "none"}, "codes": n(code, MaxCodes),
		"tests":    n(m{"sampled": noon.Add(time.Hour), "kind": "PCR", "negative": true}, facts.MaxItems*MaxCodes),
		"doses":    n(m{"day": noon, "product": "A", "number": 1, "of": 2}, facts.MaxItems*MaxCodes),
		"stays":    n(m{"place": "X", "last": noon.AddDate(0, 0, -90)}, facts.MaxItems*MaxCodes),
		"holder":   m{"age": 40, "exempt": n("nobody-knows", facts.MaxItems), "endorsements": n("other", facts.MaxItems), "cohorts": n("none", facts.MaxItems)},
		"resident": true, "temperature": 36.5, "temperature_uncertainty": 0.5}
	c := Case{Facts: map[string]json.RawMessage{}}
	for name, of := range all {
		raw, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		c.Facts[name] = raw
	}
	f, err := c.facts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMostIsWithinCost runs every term and rule of every profile, watched, on the
// largest facts: none costs more than was counted before it was signed.
func TestMostIsWithinCost(t *testing.T) {
	most := most(t)
	for name, p := range shipped(t) {
		env, err := environment(p.parameters)
		if err != nil {
			t.Fatal(err)
		}
		data, err := Shipped.ReadFile("profiles/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var f file
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		s := &scene{policy: p, parameters: p.parameters, facts: most}
		watch := func(what, expression string, limit uint64) {
			checked, issues := env.Compile(expression)
			if issues.Err() != nil {
				t.Fatal(issues.Err())
			}
			program, err := env.Program(checked, cel.EvalOptions(cel.OptTrackCost))
			if err != nil {
				t.Fatal(err)
			}
			_, details, _ := program.Eval(s)
			if cost := details.ActualCost(); cost == nil || *cost > limit {
				t.Errorf("%s: %s costs %d, counted %d", name, what, *cost, limit)
			}
		}
		for i, e := range f.Terms {
			watch("term "+e.Name, e.Means, p.terms[i].cost)
			if env, err = env.Extend(cel.Variable(e.Name, cel.DynType)); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range f.Rules {
			watch("rule "+e.Name, e.When, p.rules[i].cost)
		}
	}
}

// BenchmarkMost decides on the largest facts under the border's rules.
func BenchmarkMost(b *testing.B) {
	p, most := shipped(b)["hk-border-departure"], most(b)
	for b.Loop() {
		p.decide(most)
	}
}
