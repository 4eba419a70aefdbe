package policy

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// guard is a term without which a rule cannot hold. It spares the evaluation of most rules.
type guard struct {
	term  int // -1 for none
	wants bool
}

// guards finds what a rule cannot hold without: of the parts of a conjunction the first
// that is a term or its negation, and all that parameters alone decide.
func (p *Policy) guards(env *cel.Env, e ast.Expr, info *ast.SourceInfo) (guard, []cel.Program) {
	g := guard{term: -1}
	var settled []cel.Program
	for _, part := range conjuncts(e) {
		wants, of := true, part
		if of.Kind() == ast.CallKind && of.AsCall().FunctionName() == operators.LogicalNot {
			of, wants = of.AsCall().Args()[0], false
		}
		if of.Kind() == ast.IdentKind && g.term < 0 {
			if i, ok := p.index[of.AsIdent()]; ok {
				g = guard{i, wants}
			}
		}
		if !static(part) {
			continue
		}
		if source, err := cel.ExprToString(part, info); err == nil {
			if c, err := p.parameters.compile(env, source); err == nil {
				settled = append(settled, c.program)
			}
		}
	}
	return g, settled
}

// conjuncts returns the parts of a conjunction, in their order.
func conjuncts(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.LogicalAnd {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, part := range e.AsCall().Args() {
		out = append(out, conjuncts(part)...)
	}
	return out
}

// static reports whether an expression looks at parameters only.
func static(e ast.Expr) bool {
	named, only := false, true
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			named, only = true, only && slices.Contains(parameterNames[:], e.AsIdent())
		case ast.SelectKind, ast.CallKind, ast.LiteralKind, ast.ListKind:
		default:
			only = false
		}
	}))
	return named && only
}

// settle finds the rules that cannot hold with the parameters of p.
func (p *Policy) settle() {
	p.rules = slices.Clone(p.rules)
	s := &scene{policy: p, parameters: p.parameters, facts: Input{}.Facts()}
	for i := range p.rules {
		p.rules[i].idle = slices.ContainsFunc(p.rules[i].settled, func(part cel.Program) bool {
			out, _, err := part.Eval(s)
			return err == nil && out == types.False
		})
	}
}
