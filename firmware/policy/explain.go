package policy

import (
	"encoding/json"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
)

// Step is what one term or rule makes of a case.
type Step struct {
	Kind   string // term or rule
	Name   string
	Result string // of a term its value; of a rule "holds" or "does not hold"; or why it fails
	Cite   string
}

// Explain decides a case and says what every term and rule makes of it, also of
// those after the one that decides.
func (p *Policy) Explain(c Case) (verdict.Verdict, []Step, error) {
	v, err := p.Try(c)
	if err != nil {
		return v, nil, err
	}
	stated, err := c.facts()
	if err != nil {
		return v, nil, err
	}
	with := p.with(c)
	s := &scene{policy: with, parameters: with.parameters, facts: stated}
	var steps []Step
	for i, t := range with.terms {
		out := s.term(i)
		steps = append(steps, Step{"term", t.name, lines.Clip(fmt.Sprint(out.Value()), maxPhrase), t.cite})
	}
	for i := range with.rules {
		r := &with.rules[i]
		held, err := s.holds(r)
		result := "does not hold"
		switch {
		case err != nil:
			result = "fails: " + lines.Clip(err.Error(), maxPhrase)
		case held:
			result = "holds: " + r.outcome.String() + ", " + string(r.reason)
		}
		steps = append(steps, Step{"rule", r.name, result, r.cite})
	}
	return v, steps, nil
}

// Now returns the time of a case.
func (c Case) Now() (time.Time, bool) {
	var at time.Time
	err := json.Unmarshal(c.Facts["now"], &at)
	return at, err == nil
}

// InForce reports whether a policy is in force at the time of a case.
func (p *Policy) InForce(c Case) bool {
	now, ok := c.Now()
	return ok && !now.Before(p.effective)
}
