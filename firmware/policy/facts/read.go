package facts

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"example.org/checkpoint/firmware/credential"
)

var errUnknown = errors.New("is no fact")

// Read makes facts of JSON: times are RFC 3339, durations as in Go ("36h"). Days and
// ages that are not stated are counted in a zone.
func Read(stated map[string]json.RawMessage, zone *time.Location) (*Facts, error) {
	f := Input{}.Facts()
	f.values[now] = nil
	for name, raw := range stated {
		i, ok := places[name]
		if !ok {
			return nil, fmt.Errorf("%.64q %w", name, errUnknown)
		}
		v, err := read(raw, variables[i].typ)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		f.values[i] = v
	}
	if at, ok := f.Now(); ok {
		f.derive(credential.DayOf(at.In(zone)), zone)
	}
	for i, by := range map[int]string{doses: "day", tests: "sampled", stays: "last"} {
		latestFirst(items(f.values[i]), by)
	}
	return f, nil
}

// read reads JSON as a value of a type of the vocabulary.
func read(raw json.RawMessage, typ *cel.Type) (ref.Val, error) {
	switch typ.Kind() {
	case cel.ListKind:
		if typ.Parameters()[0].Kind() == cel.StringKind {
			return into[[]string](raw)
		}
		var parts []json.RawMessage
		if err := json.Unmarshal(raw, &parts); err != nil {
			return nil, err
		}
		out := []ref.Val{}
		for _, part := range parts {
			v, err := read(part, typ.Parameters()[0])
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return list(out), nil
	case cel.StructKind:
		return object(raw, objects[typ.TypeName()])
	case cel.TimestampKind:
		return into[time.Time](raw)
	case cel.DurationKind:
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		d, err := time.ParseDuration(s)
		return types.Duration{Duration: d}, err
	case cel.IntKind:
		return into[int64](raw)
	case cel.DoubleKind:
		return into[float64](raw)
	case cel.BoolKind:
		return into[bool](raw)
	}
	return into[string](raw)
}

func into[T any](raw json.RawMessage) (ref.Val, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return val(v), err
}

func object(raw json.RawMessage, typ *Type) (ref.Val, error) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	o := typ.New()
	switch typ { // what every code and every lane has
	case codeType:
		o.Set("colour", "none")
		o.Set("reasons", list(nil))
		o.Set("holder_bound", false)
		o.Set("fresh", false)
	case laneType:
		o = Lane{}.object()
	}
	for name, part := range parts {
		member, ok := typ.members[name]
		if !ok {
			return nil, fmt.Errorf("%s has no %.64s", typ.name, name)
		}
		v, err := read(part, member)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		o.set(name, v)
	}
	return o, nil
}

// derive counts days and ages that the facts do not state.
func (f *Facts) derive(today credential.Day, zone *time.Location) {
	since := func(v ref.Val, from, to string, sign credential.Day) {
		o := v.(*Object)
		if at, ok := o.time(from); ok && !o.has(to) {
			o.number(to, int64(sign*(today-credential.DayOf(at.In(zone)))))
		}
	}
	for _, v := range f.Codes() {
		code := v.(*Object)
		since(code, "issued", "days", 1)
		if at, ok := code.time("issued"); ok && !code.has("local_day") {
			code.text("local_day", at.In(zone).Format(time.DateOnly))
		}
		if !code.has("set_by") {
			code.text("set_by", setBy(code))
		}
		for _, r := range code.Reasons() {
			since(r, "since", "days", 1)
			since(r, "until", "left", -1)
		}
	}
	for i, from := range map[int]string{doses: "day", tests: "sampled", stays: "last"} {
		for _, o := range items(f.values[i]) {
			since(o, from, "days", 1)
		}
	}
	who, ok := f.values[holder].(*Object)
	if !ok {
		return
	}
	for _, v := range items(who.values[holderType.index["exemptions"]]) {
		if e := v.(*Object); !e.has("said") {
			e.text("said", e.Text("class")+", "+e.Text("source"))
		}
	}
	if birth, ok := who.time("birth"); ok && !who.has("age") {
		who.number("age", int64(today.Age(credential.DayOf(birth.In(zone)))))
	}
}
