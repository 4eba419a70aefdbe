package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// file is policy/<profile>.json as PROTOCOL C2 has it. Unknown members are left alone.
type file struct {
	V         int              `json:"v"`
	Profile   string           `json:"profile"`
	Source    string           `json:"source"`
	Effective time.Time        `json:"effective_from"`
	Windows   map[string]int64 `json:"windows"`
	ReadsAs   string           `json:"reads_as"`
	AnyPlace  bool             `json:"any_place"`
	Unproven  []string         `json:"unproven_classes"`
	Joins     bool             `json:"joins_codes"`
	Rules     []ruleEntry      `json:"rules"`
	Default   ruleEntry        `json:"default"`
	Tests     []test           `json:"tests"`
}

type ruleEntry struct {
	Name    string `json:"name"`
	When    string `json:"when"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Cite    string `json:"cite"`
}

// maxRules bounds one policy.
const maxRules = 256

var (
	outcomes = map[string]verdict.Outcome{"refuse": verdict.Refuse, "refer": verdict.Refer, "admit": verdict.Admit}
	word     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	window   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// Parse compiles a policy file, costs its rules and runs its own tests. Every
// fault is told.
func Parse(data []byte) (*Policy, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: %v", errForm, err)
	}
	if f.V != 1 || !word.MatchString(f.Profile) || len(f.Rules) == 0 || len(f.Rules) > maxRules {
		return nil, fmt.Errorf("%w: want \"v\": 1, a profile and 1 to %d rules", errForm, maxRules)
	}
	p := &Policy{profile: f.Profile, source: f.Source, effective: f.Effective, windows: object{windowType, map[string]any{}},
		Presenting: Presenting{Fresh: DefaultFresh, ReadsAs: f.ReadsAs, AnyPlace: f.AnyPlace, Unproven: f.Unproven, Joins: f.Joins},
		fallback:   rule{outcome: verdict.Refer, reason: verdict.NoRule}}
	for name, value := range f.Windows {
		if !window.MatchString(name) {
			return nil, fmt.Errorf("%w: window %q", errForm, name)
		}
		p.windows.values[name] = value
	}
	if s, ok := f.Windows[freshWindow]; ok {
		if p.Fresh = time.Duration(s) * time.Second; s < 1 || s > maxFresh {
			return nil, fmt.Errorf("%w: window %s: want 1 to %d seconds", errForm, freshWindow, maxFresh)
		}
	}
	var faults []error
	if f.Default != (ruleEntry{}) {
		d, err := f.Default.words()
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: default: %v", errForm, err))
		}
		p.fallback = d
	}
	faults = append(faults, p.compile(f)...)
	if len(faults) == 0 && p.cost > MaxCost {
		faults = append(faults, fmt.Errorf("%w: %d units, limit %d", errCost, p.cost, uint64(MaxCost)))
	}
	if len(faults) == 0 {
		faults = append(faults, p.try(f.Tests)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Policy) compile(f file) []error {
	env, err := environment(f.Windows)
	if err != nil {
		return []error{err}
	}
	var faults []error
	seen := map[string]bool{}
	for i, e := range f.Rules {
		r, err := e.words()
		if err == nil && (!word.MatchString(e.Name) || seen[e.Name]) {
			err = errors.New("name is missing, odd or used twice")
		}
		var cost uint64
		if err == nil {
			r.program, cost, err = compile(env, e.When)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: rule %d %q: %v", errForm, i+1, e.Name, err))
			continue
		}
		seen[e.Name] = true
		if p.cost += cost; p.cost < cost { // saturates
			p.cost = ^uint64(0)
		}
		p.rules = append(p.rules, r)
	}
	return faults
}

func (e ruleEntry) words() (rule, error) {
	outcome, ok := outcomes[e.Outcome]
	if !ok {
		return rule{}, fmt.Errorf("outcome %q is none of refuse, refer, admit", e.Outcome)
	}
	if !word.MatchString(e.Reason) {
		return rule{}, fmt.Errorf("reason %q is no word of lower case letters, digits and hyphens", e.Reason)
	}
	return rule{name: e.Name, outcome: outcome, reason: verdict.Reason(e.Reason), cite: e.Cite}, nil
}
