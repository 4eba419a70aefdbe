package policy

import (
	"encoding/json"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
)

// test is one case that a policy file brings along: facts in the words of the
// vocabulary, and what the rules have to make of them. Times are RFC 3339,
// durations as in Go ("36h"). A fact that is not there is absent.
type test struct {
	Name    string                     `json:"name"`
	Facts   map[string]json.RawMessage `json:"facts"`
	Outcome string                     `json:"outcome"`
	Reason  string                     `json:"reason"`
}

// try runs the policy's own tests.
func (p *Policy) try(tests []test) []error {
	var faults []error
	for _, t := range tests {
		facts, err := t.facts()
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: %s: %v", errForm, t.Name, err))
			continue
		}
		if got := p.decide(facts); got.Outcome.String() != t.Outcome || string(got.Reason) != t.Reason {
			faults = append(faults, fmt.Errorf("%w: %s: %s %s by rule %q, want %s %s",
				errTest, t.Name, got.Outcome, got.Reason, got.Rule, t.Outcome, t.Reason))
		}
	}
	return faults
}

func (t test) facts() (map[string]any, error) {
	facts := Input{}.facts()
	delete(facts, "now")
	for name, raw := range t.Facts {
		typ, ok := variables[name]
		if !ok || name == "windows" {
			return nil, fmt.Errorf("%s is no fact", name)
		}
		value, err := native(raw, typ)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		facts[name] = value
	}
	return facts, nil
}

// native reads JSON as a value of a type of the vocabulary.
func native(raw json.RawMessage, typ *cel.Type) (any, error) {
	switch typ.Kind() {
	case cel.ListKind:
		return list(raw, typ.Parameters()[0])
	case cel.StructKind:
		return structure(raw, typ)
	case cel.TimestampKind:
		return into[time.Time](raw)
	case cel.DurationKind:
		s, err := into[string](raw)
		if err != nil {
			return nil, err
		}
		return time.ParseDuration(s.(string))
	case cel.IntKind:
		return into[int64](raw)
	case cel.DoubleKind:
		return into[float64](raw)
	case cel.BoolKind:
		return into[bool](raw)
	case cel.StringKind:
		return into[string](raw)
	}
	return into[map[string]any](raw)
}

func into[T any](raw json.RawMessage) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

func list(raw json.RawMessage, of *cel.Type) (any, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	out := []any{}
	for _, part := range parts {
		v, err := native(part, of)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func structure(raw json.RawMessage, typ *cel.Type) (any, error) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	o := object{typ, map[string]any{}}
	if typ == codeType { // what every code has
		o.values = map[string]any{"colour": "none", "reasons": []any{}, "holder_bound": false, "fresh": false}
	}
	for name, part := range parts {
		member, ok := members[typ.TypeName()][name]
		if !ok {
			return nil, fmt.Errorf("%s has no %s", typ.TypeName(), name)
		}
		v, err := native(part, member)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		o.values[name] = v
	}
	return o, nil
}
