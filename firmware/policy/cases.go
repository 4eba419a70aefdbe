package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
)

// Case is a presentation as its facts, never as its payload: times are RFC 3339,
// durations as in Go ("36h"); a fact that is not there is absent. Local days are
// counted in Zone where the facts do not state them.
type Case struct {
	Name    string                     `json:"name"`
	Zone    string                     `json:"zone,omitempty"` // Asia/Hong_Kong if empty
	Facts   map[string]json.RawMessage `json:"facts"`
	Windows map[string]int64           `json:"windows,omitempty"` // instead of those of the policy
	Dates   map[string]time.Time       `json:"dates,omitempty"`
	Lists   map[string][]string        `json:"lists,omitempty"`
	Want
}

// Want is what the rules have to make of a case. What is empty is not looked at.
type Want struct {
	Outcome   string         `json:"outcome,omitempty"`
	Reason    verdict.Reason `json:"reason,omitempty"`
	Rule      string         `json:"rule,omitempty"`
	Measured  string         `json:"measured,omitempty"`
	Threshold string         `json:"threshold,omitempty"`
	Person    verdict.Reason `json:"person,omitempty"`
	Place     verdict.Reason `json:"place,omitempty"`
}

// testEntry is a case in a policy file. It may begin with facts that the file
// gives a name, and change those of the first code.
type testEntry struct {
	Case
	Given string                     `json:"given"`
	Code  map[string]json.RawMessage `json:"code"`
}

// defaultZone is where cases count days unless they say otherwise.
const defaultZone = "Asia/Hong_Kong"

// ReadCase reads one case from JSON and refuses what is no fact.
func ReadCase(line []byte) (Case, error) {
	var c Case
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("%w: a case: %s", errForm, lines.Clip(err.Error(), lines.MaxFault))
	}
	if _, err := c.facts(); err != nil {
		return c, fmt.Errorf("%w: case %s: %s", errForm, lines.Clip(c.Name, maxWord), lines.Clip(err.Error(), lines.MaxFault))
	}
	return c, nil
}

func (f file) cases(faults *lines.Faults) []Case {
	var out []Case
	for _, t := range f.Tests {
		c := t.Case
		c.Facts = map[string]json.RawMessage{}
		err := error(nil)
		if raw, ok := f.Given[t.Given]; ok {
			err = json.Unmarshal(raw, &c.Facts)
		} else if t.Given != "" {
			err = errors.New("given is not there")
		}
		maps.Copy(c.Facts, t.Facts)
		if err == nil && len(t.Code) > 0 {
			c.Facts["codes"], err = patch(c.Facts["codes"], t.Code)
		}
		if err == nil {
			_, err = c.facts()
		}
		if err == nil && (outcomes[c.Outcome].String() != c.Outcome || c.Reason == "") {
			err = errors.New("want an outcome and a reason")
		}
		if err == nil {
			err = f.knows(c)
		}
		if err != nil {
			faults.Add("%w: test %s: %w", errForm, lines.Clip(t.Name, maxWord), err)
			continue
		}
		out = append(out, c)
	}
	return out
}

// knows reports an error for a parameter of a case that the file does not set: the test
// would say nothing of it.
func (f file) knows(c Case) error {
	for _, names := range [][2][]string{
		{slices.Collect(maps.Keys(c.Windows)), slices.Collect(maps.Keys(f.Windows))}, {slices.Collect(maps.Keys(c.Dates)), slices.Collect(maps.Keys(f.Dates))},
		{slices.Collect(maps.Keys(c.Lists)), slices.Collect(maps.Keys(f.Lists))}} {
		for _, name := range names[0] {
			if !slices.Contains(names[1], name) {
				return fmt.Errorf("the file sets no %s", lines.Clip(name, maxWord))
			}
		}
	}
	return nil
}

// patch changes members of the first of some codes; null takes one away.
func patch(codes json.RawMessage, with map[string]json.RawMessage) (json.RawMessage, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(codes, &list); err != nil || len(list) == 0 {
		return nil, errors.New("there is no code to change")
	}
	for name, value := range with {
		switch {
		case string(value) == "null":
			delete(list[0], name)
		case list[0] == nil:
			list[0] = map[string]json.RawMessage{name: value}
		default:
			list[0][name] = value
		}
	}
	return json.Marshal(list)
}

// Case gives what a decision rests on as facts, less what is personal: nobody's birth
// date, whereabouts, pseudonym or number, and no payload.
func (p *Policy) Case(in Input) (Case, error) {
	in.Exempting = p.exempting
	stated, err := in.Facts().Write()
	return Case{Facts: stated}, err
}

// MadeUp makes presentations of every kind that rules tell apart, as of a moment. They
// are facts of nobody.
func MadeUp(now time.Time) []Case {
	var out []Case
	for _, p := range facts.MadeUp(now) {
		out = append(out, Case{Name: p.Name, Facts: p.Facts})
	}
	return out
}

// Try decides a case.
func (p *Policy) Try(c Case) (verdict.Verdict, error) {
	facts, err := c.facts()
	if err != nil {
		return verdict.Verdict{}, err
	}
	return p.with(c).decide(facts), nil
}

// with returns the policy with the parameters of a case.
func (p *Policy) with(c Case) *Policy {
	again := *p
	if len(c.Windows)+len(c.Dates)+len(c.Lists) > 0 {
		again.parameters = p.parameters.with(c.Windows, c.Dates, c.Lists)
		again.settle()
	}
	return &again
}

// Check reports whether the rules make of a case what it wants.
func (p *Policy) Check(c Case) error {
	got, err := p.Try(c)
	if err != nil {
		return fmt.Errorf("%w: %w", errForm, err)
	}
	for _, w := range []struct{ what, got, want string }{
		{"outcome", got.Outcome.String(), c.Outcome}, {"reason", string(got.Reason), string(c.Reason)}, {"rule", got.Rule, c.Rule},
		{"measured", got.Measured, c.Measured}, {"threshold", got.Threshold, c.Threshold},
		{"person", string(got.Person), string(c.Person)}, {"place", string(got.Place), string(c.Place)},
	} {
		if w.want != "" && w.got != w.want {
			return fmt.Errorf("%w: %s %q by rule %q (%s, %s), want %q", errTest, w.what, w.got, got.Rule, got.Outcome, got.Reason, lines.Clip(w.want, maxPhrase))
		}
	}
	return nil
}

// facts puts a case into the words of the rules.
func (c Case) facts() (*facts.Facts, error) {
	zone, err := time.LoadLocation(c.zone())
	if err != nil {
		return nil, fmt.Errorf("zone %s is not known", lines.Clip(c.Zone, maxWord))
	}
	f, err := facts.Read(c.Facts, zone)
	if err == nil && f.Oversize() {
		err = errSize
	}
	return f, err
}

func (c Case) zone() string {
	if c.Zone == "" {
		return defaultZone
	}
	return c.Zone
}
