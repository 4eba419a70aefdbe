package policy

import (
	"slices"

	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

// Overrides says when a supervisor may let somebody pass whom the rules refer
// (R29): for which of the closed list of urgent reasons, and which verdicts stand
// even then.
type Overrides struct {
	Urgent []string         `json:"urgent"` // of UrgentReasons
	Of     []verdict.Reason `json:"of"`     // the verdicts that may be overridden
	Second bool             `json:"second_person"`
	Cite   string           `json:"cite"`
}

// UrgentReasons is the closed list of R29.
var UrgentReasons = []string{"treatment", "funeral", "litigation", "exam", "property", "academic-exchange", "visiting-the-critically-ill"}

// Allow reports whether a verdict may be overridden for an urgent reason. What a
// hard check found, and whatever is not named, stands.
func (o Overrides) Allow(v verdict.Verdict, urgent string) bool {
	return v.Rule != "" && v.Yields && v.Outcome == verdict.Refer && slices.Contains(o.Of, v.Reason) && slices.Contains(o.Urgent, urgent)
}

// yields reports whether only what the rule of an index found speaks against the person:
// of the rules after it, without those that find the same, none holds or the first that
// does admits. An override sets one finding aside; two go to a counter.
func (s *scene) yields(decided int) bool {
	by := &s.policy.rules[decided]
	if by.outcome != verdict.Refer || !slices.Contains(s.policy.Overrides.Of, by.reason) {
		return false
	}
	for i := decided + 1; i < len(s.policy.rules); i++ {
		r := &s.policy.rules[i]
		if r.reason == by.reason {
			continue
		}
		if held, err := s.holds(r); held || err != nil {
			return err == nil && r.outcome == verdict.Admit
		}
	}
	return true
}

func (o Overrides) bounded(faults *lines.Faults) {
	if !lines.Phrase(o.Cite, maxPhrase) {
		faults.Add("%w: overrides: cite: want at most %d bytes", errForm, maxPhrase)
	}
	for _, u := range o.Urgent {
		if !slices.Contains(UrgentReasons, u) {
			faults.Add("%w: overrides: urgent reason %q is not on the list", errForm, lines.Clip(u, maxWord))
		}
	}
	for _, r := range o.Of {
		if !words.ForRules(r) || words.Red(r) {
			faults.Add("%w: overrides: no supervisor may overrule %q", errForm, lines.Clip(string(r), maxWord))
		}
	}
	if len(o.Of) > 0 && !o.Second {
		faults.Add("%w: overrides: want \"second_person\": true", errForm)
	}
}
