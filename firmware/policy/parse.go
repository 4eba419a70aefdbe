package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

// file is policy/<profile>.json as PROTOCOL C2 has it. Unknown members are left alone.
type file struct {
	V         int                        `json:"v"`
	Profile   string                     `json:"profile"`
	Source    string                     `json:"source"`
	Hotline   string                     `json:"hotline"`
	Hotlines  map[string]string          `json:"hotlines"` // of the schemes whose red is shown
	Notes     []string                   `json:"notes"`    // why the rules are so, for their reader only
	Effective time.Time                  `json:"effective_from"`
	Windows   map[string]int64           `json:"windows"`
	Dates     map[string]time.Time       `json:"dates"`
	Lists     map[string][]string        `json:"lists"`
	Sources   map[string]string          `json:"sources"` // of windows, dates and lists
	Red       string                     `json:"red"`     // refuse or refer: the most that a red code gets, whatever the rules say
	Exempting []string                   `json:"exempt_schemes"`
	ReadsAs   string                     `json:"reads_as"`
	AnyPlace  bool                       `json:"any_place"`
	Unproven  []string                   `json:"unproven_classes"`
	Joins     bool                       `json:"joins_codes"`
	Overrides Overrides                  `json:"overrides"`
	Terms     []termEntry                `json:"terms"`
	Rules     []ruleEntry                `json:"rules"`
	Default   ruleEntry                  `json:"default"`
	Given     map[string]json.RawMessage `json:"given"` // facts that tests begin with
	Tests     []testEntry                `json:"tests"`
}

// ruleEntry is one rule. Measured is an expression, Wanted a comparison with a
// parameter ("<= test_h"): both only tell why.
type ruleEntry struct {
	Name     string `json:"name"`
	When     string `json:"when"`
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason"`
	Risk     string `json:"risk"` // person or place, if the rule is about one (R07)
	Measured string `json:"measured"`
	Wanted   string `json:"wanted"`
	Unasked  bool   `json:"unasked"` // it admits without asking for a code
	Cite     string `json:"cite"`
}

// termEntry is a named expression that later terms and rules may use. It is
// evaluated at most once in a decision.
type termEntry struct {
	Name  string `json:"name"`
	Means string `json:"means"`
	Cite  string `json:"cite"`
}

var outcomes = map[string]verdict.Outcome{"refuse": verdict.Refuse, "refer": verdict.Refer, "admit": verdict.Admit}

// Parse compiles a policy file, costs its rules and runs its own tests. Every
// fault is told, each in one line of bounded length.
func Parse(data []byte) (*Policy, error) {
	p, cases, err := Compile(data)
	if err != nil {
		return nil, err
	}
	var faults lines.Faults
	for _, c := range cases {
		if err := p.Check(c); err != nil {
			faults.Add("test %s: %w", c.Name, err)
		}
	}
	return p, faults.Join()
}

// Compile is Parse that does not run the file's tests, but returns them.
func Compile(data []byte) (*Policy, []Case, error) {
	var f file
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("%w: larger than %d bytes", errForm, maxFile)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, nil, fmt.Errorf("%w: %s", errForm, lines.Clip(err.Error(), lines.MaxFault))
	}
	if f.V != 1 || !word.MatchString(f.Profile) || len(f.Rules) == 0 || len(f.Rules) > maxRules {
		return nil, nil, fmt.Errorf("%w: want \"v\": 1, a profile and 1 to %d rules", errForm, maxRules)
	}
	var faults lines.Faults
	f.bounded(&faults)
	p := &Policy{profile: f.Profile, source: f.Source, hotline: f.Hotline, effective: f.Effective, Overrides: f.Overrides,
		red: outcomes[f.Red], exempting: f.Exempting, hotlines: f.Hotlines,
		parameters: parametersOf(f, &faults), index: map[string]int{},
		Presenting: Presenting{Fresh: DefaultFresh, ReadsAs: f.ReadsAs, AnyPlace: f.AnyPlace, Unproven: f.Unproven, Joins: f.Joins},
		fallback:   rule{outcome: verdict.Refer, reason: verdict.NoRule}}
	if s, ok := f.Windows[freshWindow]; ok {
		if p.Fresh = time.Duration(s) * time.Second; s < 1 || s > maxFresh {
			faults.Add("%w: window %s: want 1 to %d seconds", errForm, freshWindow, maxFresh)
		}
	}
	if f.Default != (ruleEntry{}) {
		d, err := f.Default.words()
		if err == nil && f.Default.Name != "" && !word.MatchString(f.Default.Name) {
			err = errors.New("want a name of lower case letters, digits and -")
		}
		if err != nil {
			faults.Add("%w: default: %w", errForm, err)
		}
		p.fallback = d
	}
	if faults.Join() == nil {
		p.compile(f, &faults)
	}
	if faults.Join() == nil && p.Cost() > MaxCost {
		d := p.dearest()
		faults.Add("%w: %d units, limit %d; the dearest is %s %s with %d", errCost, p.Cost(), uint64(MaxCost), d.Kind, d.Name, max(d.Units, d.Measured))
	}
	cases := f.cases(&faults)
	if err := faults.Join(); err != nil {
		return nil, nil, err
	}
	return p, cases, nil
}

// compile compiles terms and rules in their order.
func (p *Policy) compile(f file, faults *lines.Faults) {
	env, err := environment(p.parameters)
	if err != nil {
		faults.Add("%w: %w", errForm, err)
		return
	}
	for _, e := range f.Terms {
		t, typ, err := p.compileTerm(env, e)
		if err == nil && (facts.Known(e.Name) || slices.Contains(parameterNames[:], e.Name) || p.has(e.Name)) {
			err = errors.New("the name is taken")
		}
		if err == nil {
			env, err = env.Extend(cel.Variable(e.Name, typ))
		}
		if err != nil {
			faults.Add("%w: term %q: %w", errForm, lines.Clip(e.Name, 64), err)
			continue
		}
		p.index[e.Name] = len(p.terms)
		p.terms = append(p.terms, t)
	}
	seen := map[string]bool{}
	for i, e := range f.Rules {
		r, err := p.compileRule(env, e)
		if err == nil && seen[e.Name] {
			err = errors.New("the name is used twice")
		}
		if err != nil {
			faults.Add("%w: rule %d %q: %w", errForm, i+1, lines.Clip(e.Name, 64), err)
			continue
		}
		seen[e.Name] = true
		p.rules = append(p.rules, r)
	}
	p.settle()
}

func (p *Policy) has(term string) bool { _, ok := p.index[term]; return ok }

func (p *Policy) compileTerm(env *cel.Env, e termEntry) (term, *cel.Type, error) {
	if !parameter.MatchString(e.Name) {
		return term{}, nil, errors.New("want a name of lower case letters, digits and _")
	}
	c, err := p.parameters.compile(env, e.Means)
	if err != nil {
		return term{}, nil, err
	}
	switch c.typ.Kind() {
	case cel.BoolKind, cel.IntKind, cel.StringKind, cel.DurationKind, cel.TimestampKind:
		return term{e.Name, c.program, c.cost, e.Cite, p.personal(c.expr)}, c.typ, nil
	}
	return term{}, nil, fmt.Errorf("yields %s, want one value", c.typ)
}

func (p *Policy) compileRule(env *cel.Env, e ruleEntry) (rule, error) {
	r, err := e.words()
	if err != nil {
		return r, err
	}
	if !word.MatchString(e.Name) {
		return r, errors.New("want a name of lower case letters, digits and -")
	}
	if risks[e.Risk] == nil && e.Risk != "" {
		return r, fmt.Errorf("risk %q is neither person nor place", lines.Clip(e.Risk, 64))
	}
	c, err := p.parameters.compile(env, e.When)
	if err != nil {
		return r, err
	}
	if !c.typ.IsExactType(cel.BoolType) {
		return r, fmt.Errorf("yields %s, want bool", c.typ)
	}
	r.program, r.cost, r.risk = c.program, c.cost, e.Risk
	r.guard, r.settled = p.guards(env, c.expr, c.info)
	r.measure, err = p.compileMeasure(env, e)
	return r, err
}

// words takes what needs no compiling. The reason has to be one that every screen
// has words for.
func (e ruleEntry) words() (rule, error) {
	outcome, ok := outcomes[e.Outcome]
	if !ok {
		return rule{}, fmt.Errorf("outcome %q is none of refuse, refer, admit", lines.Clip(e.Outcome, 64))
	}
	reason := verdict.Reason(e.Reason)
	if e.Unasked && outcome != verdict.Admit {
		return rule{}, errors.New("unasked: only a rule that admits may do so without asking for a code")
	}
	if !words.ForRules(reason) {
		return rule{}, fmt.Errorf("reason %q is none that rules may give; \"checkpoint policy reasons\" lists them", lines.Clip(e.Reason, 64))
	}
	return rule{name: e.Name, outcome: outcome, reason: reason, cite: e.Cite, unasked: e.Unasked}, nil
}
