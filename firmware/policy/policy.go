// Package policy compiles the site's rules, written in CEL, and decides on
// verified facts. It is the only package that knows CEL.
package policy

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// MaxCost bounds the work of one decision, in CEL cost units.
const MaxCost = 10_000

// Policy is a compiled rule.
type Policy struct{ prg cel.Program }

// Input is what a rule may ask about.
type Input struct {
	Verified []trust.Verified // the credentials of one presentation
	At       time.Time
}

// Code is a verified credential in the vocabulary of the rules.
type Code struct {
	Format string `cel:"format"`
	Scheme string `cel:"scheme"` // who issued it
	Colour string `cel:"colour"` // green, amber, red, blue; empty if it has none
}

// Compile type-checks rule, which yields "admit", "refer" or "refuse".
func Compile(rule string) (*Policy, error) {
	env, err := cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[Code](), ext.ParseStructTags(true)),
		cel.Variable("codes", cel.ListType(cel.ObjectType("policy.Code"))),
		cel.Variable("now", cel.TimestampType),
	)
	if err != nil {
		return nil, err
	}
	ast, iss := env.Compile(rule)
	if iss.Err() != nil {
		return nil, fmt.Errorf("policy: %w", iss.Err())
	}
	if ast.OutputType() != cel.StringType {
		return nil, fmt.Errorf("policy: rule yields %s, want string", ast.OutputType())
	}
	prg, err := env.Program(ast, cel.CostLimit(MaxCost))
	return &Policy{prg}, err
}

// Decide applies the rule. A rule that fails, costs more than MaxCost or yields
// another word refers: a person decides where the rule cannot.
func (p *Policy) Decide(in Input) verdict.Verdict {
	codes := make([]Code, len(in.Verified))
	for i, v := range in.Verified {
		codes[i] = Code{string(v.Format()), v.Issuer(), v.Facts().Colour}
	}
	out, _, err := p.prg.Eval(map[string]any{"codes": codes, "now": in.At})
	if err != nil {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
	}
	switch out.Value() {
	case "admit":
		return verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied}
	case "refer":
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.NoRule}
	case "refuse":
		return verdict.Verdict{Outcome: verdict.Refuse, Reason: verdict.NoRule}
	}
	return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
}
