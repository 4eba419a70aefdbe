package policy

import (
	"cmp"
	"slices"

	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"example.org/checkpoint/firmware/policy/facts"
)

// MaxCodes bounds the codes of one presentation that rules may see.
const MaxCodes = facts.MaxCodes

// maxText bounds one text of a code in characters, as decoders let it through.
const maxText = 4296

// sizes tells how large facts and parameters can get.
type sizes struct {
	parameters
	guessed *bool // set where the length of a computed list had to be guessed
}

// EstimateSize is of checker.CostEstimator.
func (s sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		if node.Type().Kind() != types.ListKind {
			return nil
		}
		*s.guessed = true
		return &cost.SizeEstimate{Max: facts.MaxItems * MaxCodes}
	}
	max := uint64(maxText)
	switch last := path[len(path)-1]; last {
	case "codes":
		max = MaxCodes
	case "doses", "tests", "stays":
		max = facts.MaxItems * MaxCodes
	case "reasons", "converts_to", "exempt", "exemptions", "endorsements", "cohorts":
		max = facts.MaxItems
	case "format", "profile", "colour", "meaning", "scheme", "provenance", "local_day", "kind", "direction",
		"venue_class", "site", "confidence", "liveness", "set_by", "type", "source", "class", "said":
		max = 64
	}
	if path[0] == "lists" {
		max = maxWord
		if list, ok := s.lists.Get(path[len(path)-1]).([]string); ok && len(path) == 2 {
			max = uint64(len(list))
		}
	}
	return &cost.SizeEstimate{Min: 0, Max: max}
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// Cost returns the worst case of one decision in CEL cost units: every term and
// every rule once, and what the one that decides measures.
func (p *Policy) Cost() uint64 {
	var sum, measured uint64
	for _, l := range p.Costs() {
		measured = max(measured, l.Measured)
		if sum += l.Units; sum < l.Units {
			return ^uint64(0)
		}
	}
	if sum+measured < sum {
		return ^uint64(0)
	}
	return sum + measured
}

// Line is what one term or rule may cost at most, and what it measures.
type Line struct {
	Kind, Name      string // term or rule
	Units, Measured uint64
}

// Costs lists the worst case of every term and rule, in their order.
func (p *Policy) Costs() []Line {
	var out []Line
	for _, t := range p.terms {
		out = append(out, Line{"term", t.name, t.cost, 0})
	}
	for _, r := range p.rules {
		out = append(out, Line{"rule", r.name, r.cost, r.measure.cost})
	}
	return out
}

// dearest returns the term or rule that may cost most.
func (p *Policy) dearest() Line {
	return slices.MaxFunc(p.Costs(), func(a, b Line) int { return cmp.Compare(max(a.Units, a.Measured), max(b.Units, b.Measured)) })
}
