package policy

import "cel.dev/cel-go/common/cost"

// MaxCodes bounds the codes of one presentation that rules may see.
const MaxCodes = 8

// Bounds of what decoders let through: items of one list in one code, and
// characters of one text.
const (
	maxItems = 64
	maxText  = 4296
)

// sizes tells how large facts can get.
type sizes struct{}

func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	max := uint64(maxText)
	switch last := path[len(path)-1]; last {
	case "codes":
		max = MaxCodes
	case "doses", "tests", "stays":
		max = maxItems * MaxCodes
	case "reasons", "converts_to", "exempt":
		max = maxItems
	case "format", "profile", "colour", "meaning", "scheme", "provenance", "local_day", "kind", "direction",
		"venue_class", "site", "confidence", "liveness":
		max = 64
	}
	return &cost.SizeEstimate{Min: 0, Max: max}
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
