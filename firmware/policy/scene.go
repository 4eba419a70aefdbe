package policy

import (
	"errors"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"example.org/checkpoint/firmware/policy/facts"
)

// scene is what one decision looks at: facts, parameters, and terms, of which
// each is evaluated when a rule first asks for it.
type scene struct {
	policy     *Policy
	parameters parameters
	facts      *facts.Facts
	terms      []ref.Val // by index; nil until asked for
	red        bool      // an issuer made one of the codes red
}

// ResolveName is of cel.Activation.
func (s *scene) ResolveName(name string) (any, bool) {
	if i, ok := s.policy.index[name]; ok {
		return s.term(i), true
	}
	switch name {
	case "windows":
		return s.parameters.windows, true
	case "dates":
		return s.parameters.dates, true
	case "lists":
		return s.parameters.lists, true
	}
	return s.facts.Resolve(name)
}

// Parent is of cel.Activation.
func (*scene) Parent() cel.Activation { return nil }

// term returns the value of a term, or its error.
func (s *scene) term(i int) ref.Val {
	if s.terms == nil {
		s.terms = make([]ref.Val, len(s.policy.terms))
	}
	if s.terms[i] == nil {
		out, _, err := s.policy.terms[i].program.Eval(s)
		if err != nil {
			out = types.WrapErr(err)
		}
		s.terms[i] = out
	}
	return s.terms[i]
}

var errNoBool = errors.New("neither true nor false")

func (s *scene) holds(r *rule) (bool, error) {
	if r.idle {
		return false, nil
	}
	if r.guard.term >= 0 && s.term(r.guard.term) == types.Bool(!r.guard.wants) {
		return false, nil
	}
	out, _, err := r.program.Eval(s)
	if err != nil {
		return false, err
	}
	held, ok := out.Value().(bool)
	if !ok {
		return false, errNoBool
	}
	return held, nil
}
