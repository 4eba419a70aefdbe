// Package policy compiles a site's rules, written in CEL, and decides on verified
// facts. It is the only package that knows CEL.
package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

// MaxCost bounds the work of one decision in CEL cost units, in the worst case
// over all terms and rules. One unit is in the order of 10 ns on a small board.
const MaxCost = 250_000

var (
	errForm = errors.New("not a policy")
	errCost = errors.New("the rules may cost more than one decision may")
	errTest = errors.New("a test of the policy fails")
	errSize = errors.New("more facts than one presentation may have")
)

// Policy is a compiled policy file.
type Policy struct {
	profile   string
	source    string
	hotline   string
	effective time.Time
	parameters
	terms     []term
	index     map[string]int // of terms by name
	rules     []rule
	fallback  rule
	red       verdict.Outcome   // the most that a presentation with a red code gets (R78)
	exempting []string          // schemes whose codes may state exempt classes (R97)
	hotlines  map[string]string // by scheme (R80)
	Overrides Overrides
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
	guard   guard
	settled []cel.Program // parts of it that parameters alone decide
	idle    bool          // it cannot hold with these parameters
	cost    uint64
	outcome verdict.Outcome
	reason  verdict.Reason
	risk    string // person, place or empty
	measure measure
	cite    string
	unasked bool // it admits without asking for a code, so none is looked into
}

type term struct {
	name     string
	program  cel.Program
	cost     uint64
	cite     string
	personal bool // rests on the holder's birth date or whereabouts
}

// Profile names the policy.
func (p *Policy) Profile() string { return p.profile }

// Source says where the rules come from.
func (p *Policy) Source() string { return p.source }

// Hotline is where people ask about a verdict; empty if the file names none (R19).
func (p *Policy) Hotline() string { return p.hotline }

// Effective is the moment from which the policy is in force.
func (p *Policy) Effective() time.Time { return p.effective }

// Decide applies the rules in order: the first that holds decides. One that
// fails refers: a person decides where a rule cannot.
func (p *Policy) Decide(in Input) verdict.Verdict {
	in.Exempting = p.exempting
	return p.decide(in.Facts())
}

func (p *Policy) decide(f *facts.Facts) verdict.Verdict {
	now, ok := f.Now()
	if !ok || now.Before(p.effective) {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError, Hotline: p.hotline}
	}
	s := &scene{policy: p, parameters: p.parameters, facts: f}
	v := s.decide()
	if v.Outcome != verdict.Admit {
		v.Hotline = p.hotlineOf(f)
	}
	return v
}

// hotlineOf returns where to ask: of a red code whoever answers for its scheme.
func (p *Policy) hotlineOf(f *facts.Facts) string {
	for _, c := range f.Codes() {
		if line, ok := p.hotlines[c.(*facts.Object).Text("scheme")]; ok && isRed(c.(*facts.Object)) {
			return line
		}
	}
	return p.hotline
}

func (r rule) verdict(s *scene) verdict.Verdict {
	return verdict.Verdict{Outcome: r.outcome, Reason: r.reason, Rule: r.name, Cite: r.cite,
		Measured: r.measure.of(s), Threshold: r.measure.threshold}
}

// risks are the two checks that are reported apart (R07).
var risks = map[string]func(*verdict.Verdict) *verdict.Reason{
	"person": func(v *verdict.Verdict) *verdict.Reason { return &v.Person },
	"place":  func(v *verdict.Verdict) *verdict.Reason { return &v.Place },
}

// decide finds the first rule that holds. Of what comes after it, only rules about
// a risk that nobody reported yet are looked at, to report it; one that finds a red
// decides also if it comes later.
func (s *scene) decide() verdict.Verdict {
	if s.facts.Oversize() {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
	}
	s.red = anyRed(s.facts)
	var v verdict.Verdict
	var by rule // that decided
	decided, at := false, 0
	for i := range s.policy.rules {
		r := &s.policy.rules[i]
		if decided && (r.risk == "" || *risks[r.risk](&v) != "") {
			continue
		}
		held, err := s.holds(r)
		if !held && err == nil {
			continue
		}
		person, place, found := v.Person, v.Place, r.reason
		wins := s.red && !by.unasked && r.risk == "person" && words.Red(r.reason) && r.outcome <= v.Outcome
		switch {
		case err != nil:
			found = verdict.PolicyError
			if !decided {
				v = verdict.Verdict{Outcome: verdict.Refer, Reason: found, Rule: r.name, Cite: r.cite, Measured: missing(err)}
			}
		case !decided || wins:
			v, by, at = r.verdict(s), *r, i
		}
		v.Person, v.Place, decided = person, place, true
		if r.risk != "" {
			*risks[r.risk](&v) = found
		}
	}
	if !decided {
		v = s.policy.fallback.verdict(s)
	}
	v.Yields = by.program != nil && !s.red && s.yields(at)
	return s.guard(v, by)
}

// missing names the fact that a rule asked for and that is not there.
func missing(err error) string {
	var m *facts.Missing
	if errors.As(err, &m) {
		return lines.Clip("missing "+m.Fact, maxMeasured)
	}
	return ""
}

// environment is the language of one policy.
func environment(p parameters) (*cel.Env, error) {
	v, err := facts.NewVocabulary(p.types[:]...)
	if err != nil {
		return nil, err
	}
	options := append(v.Variables(), cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(50))
	for i, t := range p.types {
		options = append(options, cel.Variable(parameterNames[i], t.CEL()))
	}
	return cel.NewEnv(options...)
}

// compiled is one expression.
type compiled struct {
	program cel.Program
	typ     *cel.Type
	cost    uint64 // in the worst case
	expr    ast.Expr
	info    *ast.SourceInfo
}

// compile type-checks one expression. A program whose cost is known is not watched
// while it runs: no presentation has more facts than it was counted for. One whose
// cost had to be guessed is.
func (p parameters) compile(env *cel.Env, expression string) (compiled, error) {
	checked, issues := env.Compile(expression)
	if issues.Err() != nil {
		var faults []string
		for _, e := range issues.Errors() {
			faults = append(faults, fmt.Sprintf("column %d: %s", e.Location.Column()+1, e.Message))
		}
		return compiled{}, errors.New(strings.Join(faults, "; "))
	}
	guessed := false
	estimate, err := env.EstimateCost(checked, sizes{p, &guessed})
	if err != nil {
		return compiled{}, err
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if guessed {
		options = append(options, cel.CostLimit(MaxCost))
	}
	program, err := env.Program(checked, options...)
	return compiled{program, checked.OutputType(), estimate.Max, checked.NativeRep().Expr(), checked.NativeRep().SourceInfo()}, err
}

// What a decision rests on, in the words of package facts.
type (
	Input = facts.Input
	Lane  = facts.Lane
	Code  = facts.Code

	Listed      = facts.Listed
	Devices     = facts.Devices
	Document    = facts.Document
	Temperature = facts.Temperature
	Face        = facts.Face
	Venue       = facts.Venue
)
