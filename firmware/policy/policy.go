// Package policy compiles a site's rules, written in CEL, and decides on verified
// facts. It is the only package that knows CEL.
package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"example.org/checkpoint/firmware/verdict"
)

// MaxCost bounds the work of one decision in CEL cost units, in the worst case
// over all rules. One unit is in the order of 10 ns on a small board.
const MaxCost = 250_000

var (
	errForm = errors.New("not a policy")
	errCost = errors.New("the rules may cost more than one decision may")
	errTest = errors.New("a test of the policy fails")
)

// Policy is a compiled policy file.
type Policy struct {
	profile   string
	source    string
	effective time.Time
	windows   object
	rules     []rule
	fallback  rule
	cost      uint64
	Presenting
}

// Presenting is what a policy says of how codes are shown, beside its rules.
type Presenting struct {
	Fresh    time.Duration // for so long a phone's presentation may be shown; window fresh_s
	ReadsAs  string        // the scheme whose reading of other schemes' colours holds here; empty for their own
	AnyPlace bool          // presentations for audience "*" are taken
	Unproven []string      // classes of venues that take codes bound to a phone without its proof
	Joins    bool          // several codes that are one person's by birth date and name may admit
}

// DefaultFresh is Presenting.Fresh where the policy file does not say (FORMATS A2).
const DefaultFresh = 30 * time.Second

// freshWindow is the window of Presenting.Fresh in seconds, maxFresh its largest value.
const (
	freshWindow = "fresh_s"
	maxFresh    = 3600
)

type rule struct {
	name    string
	program cel.Program
	outcome verdict.Outcome
	reason  verdict.Reason
	cite    string
}

// Profile names the policy.
func (p *Policy) Profile() string { return p.profile }

// Source says where the rules come from.
func (p *Policy) Source() string { return p.source }

// Cost returns the worst case of one decision in CEL cost units.
func (p *Policy) Cost() uint64 { return p.cost }

// Decide applies the rules in order: the first that holds decides. One that
// fails or costs too much refers: a person decides where a rule cannot.
func (p *Policy) Decide(in Input) verdict.Verdict {
	return p.decide(in.facts())
}

func (p *Policy) decide(facts map[string]any) verdict.Verdict {
	if now, ok := facts["now"].(time.Time); !ok || now.Before(p.effective) {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
	}
	facts["windows"] = p.windows
	for _, r := range p.rules {
		out, _, err := r.program.Eval(facts)
		if err != nil {
			return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: r.name, Cite: r.cite}
		}
		if out.Value() == true {
			return r.verdict()
		}
	}
	return p.fallback.verdict()
}

func (r rule) verdict() verdict.Verdict {
	return verdict.Verdict{Outcome: r.outcome, Reason: r.reason, Rule: r.name, Cite: r.cite}
}

// environment is the language of one policy.
func environment(windows map[string]int64) (*cel.Env, error) {
	v, err := vocabularyWith(windows)
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(v), cel.CustomTypeProvider(v),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(50),
	}
	for name, t := range variables {
		options = append(options, cel.Variable(name, t))
	}
	return cel.NewEnv(options...)
}

// maxExpression bounds one rule in characters.
const maxExpression = 4096

// compile type-checks one rule and returns its program and worst cost.
func compile(env *cel.Env, expression string) (cel.Program, uint64, error) {
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		var faults []string
		for _, e := range issues.Errors() {
			faults = append(faults, fmt.Sprintf("column %d: %s", e.Location.Column()+1, e.Message))
		}
		return nil, 0, errors.New(strings.Join(faults, "; "))
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, 0, fmt.Errorf("yields %s, want bool", ast.OutputType())
	}
	estimate, err := env.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, 0, err
	}
	program, err := env.Program(ast, cel.CostLimit(MaxCost))
	return program, estimate.Max, err
}
