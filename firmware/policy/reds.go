package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types/ref"
	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

// What holds whatever the rules say: a clock that nobody vouches for admits nobody (R05);
// nobody is made red by a device (R82); any red of any scheme wins over every other code
// and over the order of the rules (R78); a red that is over was lifted by who may lift
// that kind (R81).

// redReasons gives what the classes of a red code are called (FORMATS A1). Who may lift
// one is what its words tell the holder, so that rule and text cannot disagree (R80).
var redReasons = map[int64]verdict.Reason{1: "red-confirmed", 2: "red-suspected", 3: "red-close-contact", 4: "red-household-contact",
	5: "red-discharged", 6: "red-quarantine", 7: "red-symptoms", 11: "red-test-out-of-date", 12: "red-severe-area"}

// liftedBy are the lists of a policy that name who may lift which kind of red.
var liftedBy = map[words.Body]string{words.Hospital: "may_lift_medical", words.Health: "may_lift_health", words.Community: "may_lift_community"}

// mayLift reports whether an authority may lift a class of red. A new test lifts what
// only a test had set.
func (p parameters) mayLift(class int64, authority string) bool {
	body := words.LiftedBy(redReasons[class])
	return body == words.NewTest || slices.Contains(p.words(liftedBy[body]), authority)
}

// isRed reports whether its issuer made a code red.
func isRed(code *facts.Object) bool {
	return code.Text("colour") == "red" || code.Text("meaning") == "high-risk"
}

// anyRed reports whether an issuer made any of the codes red.
func anyRed(f *facts.Facts) bool {
	return slices.ContainsFunc(f.Codes(), func(c ref.Val) bool { return isRed(c.(*facts.Object)) })
}

// setBy names who made codes red: each scheme and the first authority it names.
func setBy(f *facts.Facts) string {
	var by []string
	for _, c := range f.Codes() {
		if code := c.(*facts.Object); isRed(code) {
			by = append(by, code.Text("set_by"))
		}
	}
	return lines.Clip(strings.Join(slices.Compact(by), "; "), maxMeasured)
}

// guard lowers what a rule said to what it may say.
func (s *scene) guard(v verdict.Verdict, by rule) verdict.Verdict {
	if !s.red {
		if words.Red(v.Person) {
			v.Person = verdict.PolicyError
		}
		if words.Red(v.Reason) {
			return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: v.Rule, Cite: v.Cite}
		}
	}
	if by.unasked {
		return v
	}
	if s.red {
		v.SetBy = setBy(s.facts)
		if limit := s.policy.red; v.Outcome == verdict.Admit || v.Outcome > limit && by.risk != "person" {
			v = v.AtMost(limit, "red")
		}
		if v.Person == "" {
			v.Person = "red"
		}
		return v
	}
	if s.facts.Confidence() == "unknown" {
		v = v.AtMost(verdict.Refer, verdict.ClockUnknown)
	}
	if why := s.notLifted(); why != "" {
		v = v.AtMost(verdict.Refer, why)
	}
	if s.colourless() {
		v = v.AtMost(verdict.Refer, verdict.NoRule)
	}
	return v
}

// notLifted looks for a reason to be red in codes that are not: one that still holds,
// or one that was lifted by nobody who may.
func (s *scene) notLifted() verdict.Reason {
	for _, c := range s.facts.Codes() {
		for _, r := range c.(*facts.Object).Reasons() {
			reason := r.(*facts.Object)
			class, _ := reason.Int("class")
			if redReasons[class] == "" {
				continue
			}
			if left, ok := reason.Int("left"); !ok || left >= 0 {
				return "colour-contradicts"
			}
			if !s.parameters.mayLift(class, reason.Text("authority")) {
				return "lift-unknown"
			}
		}
	}
	return ""
}

// colourless reports whether a code that has a colour stands beside a health code token
// that has none: of the person's risk, one says nothing where the other does.
func (s *scene) colourless() bool {
	with, without := false, false
	for _, c := range s.facts.Codes() {
		code := c.(*facts.Object)
		colour := code.Text("colour") != "none" || code.Text("meaning") != ""
		with = with || colour
		without = without || !colour && code.Text("format") == "HCT1"
	}
	return with && without
}
