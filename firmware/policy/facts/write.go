package facts

import (
	"encoding/json"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Personal members are not written: a birth date is told as the age on the day, a place
// that a person was in as whether it is one of risk. Of everything else that a code
// states no name, number, pseudonym, picture or template is a fact at all. The second at
// which a code was issued or ends would tell codes apart; it is written to the minute.
var (
	unwritten = map[*Type][]string{holderType: {"birth"}, stayType: {"place"}}
	toMinute  = map[*Type][]string{codeType: {"issued", "expires"}}
)

// Write gives the facts as Read takes them, less what is personal.
func (f *Facts) Write() (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for i, v := range f.values {
		if v == nil {
			continue
		}
		raw, err := json.Marshal(plain(v))
		if err != nil {
			return nil, err
		}
		out[variables[i].name] = raw
	}
	return out, nil
}

// plain gives a value as JSON knows it.
func plain(v ref.Val) any {
	switch v := v.(type) {
	case *Object:
		return v.plain()
	case types.Duration:
		return v.Duration.String()
	case types.Timestamp:
		return v.Time.Format(time.RFC3339Nano)
	}
	if of, ok := v.Value().([]ref.Val); ok {
		all := []any{}
		for _, one := range of {
			all = append(all, plain(one))
		}
		return all
	}
	return v.Value()
}

func (o *Object) plain() map[string]any {
	out := map[string]any{}
	for i, name := range o.typ.names {
		if o.values[i] != nil {
			out[name] = plain(o.values[i])
		}
	}
	for _, name := range unwritten[o.typ] {
		delete(out, name)
	}
	for _, name := range toMinute[o.typ] {
		if at, ok := o.time(name); ok {
			out[name] = at.Truncate(time.Minute).Format(time.RFC3339)
		}
	}
	return out
}
