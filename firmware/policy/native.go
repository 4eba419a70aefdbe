package policy

import (
	"encoding/json"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
)

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
	switch typ { // what every code and every lane has
	case codeType:
		o.values = map[string]any{"colour": "none", "reasons": []any{}, "holder_bound": false, "fresh": false}
	case laneType:
		o.values = map[string]any{"site": "", "kind": "", "direction": "", "venue_class": ""}
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
