package policy

import (
	"maps"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
)

// parameters are what a policy file sets beside its rules, each with its source:
// numbers, moments and lists of words.
type parameters struct {
	windows, dates, lists object
	sources               map[string]string
}

// parameterTypes are the variables under which rules find them.
var parameterTypes = map[string]*cel.Type{"windows": windowType, "dates": dateType, "lists": listType}

func parametersOf(f file, faults *faults) parameters {
	p := parameters{windows: object{windowType, map[string]any{}}, dates: object{dateType, map[string]any{}},
		lists: object{listType, map[string]any{}}, sources: f.Sources}
	set := func(o object, name string, value any) {
		if !parameter.MatchString(name) {
			faults.add("%w: parameter %q", errForm, clip(name, maxWord))
		}
		o.values[name] = value
	}
	for name, value := range f.Windows {
		set(p.windows, name, value)
	}
	for name, value := range f.Dates {
		set(p.dates, name, value)
	}
	for name, value := range f.Lists {
		if len(value) > maxEntries || slices.ContainsFunc(value, func(s string) bool { return !phrase(s, maxWord) }) {
			faults.add("%w: list %s: want at most %d entries of %d bytes", errForm, clip(name, maxWord), maxEntries, maxWord)
		}
		if value == nil {
			value = []string{}
		}
		set(p.lists, name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Sources)) {
		if !p.has(name) || !phrase(f.Sources[name], maxPhrase/2) {
			faults.add("%w: source of %s: want the name of a window, date or list, and at most %d bytes", errForm, clip(name, maxWord), maxPhrase/2)
		}
	}
	return p
}

func (p parameters) has(name string) bool { _, ok := p.find(name); return ok }

func (p parameters) find(name string) (any, bool) {
	for _, o := range []object{p.windows, p.dates, p.lists} {
		if v, ok := o.values[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// members are the types of the parameters, by the type they belong to.
func (p parameters) members() map[string]map[string]*cel.Type {
	m := map[string]map[string]*cel.Type{windowType.TypeName(): {}, dateType.TypeName(): {}, listType.TypeName(): {}}
	for name := range p.windows.values {
		m[windowType.TypeName()][name] = cel.IntType
	}
	for name := range p.dates.values {
		m[dateType.TypeName()][name] = cel.TimestampType
	}
	for name := range p.lists.values {
		m[listType.TypeName()][name] = cel.ListType(cel.StringType)
	}
	return m
}

// with returns the same parameters but for some, for a test.
func (p parameters) with(windows map[string]int64, dates map[string]time.Time, lists map[string][]string) parameters {
	p.windows, p.dates, p.lists = overlay(p.windows, windows), overlay(p.dates, dates), overlay(p.lists, lists)
	return p
}

func overlay[T any](o object, with map[string]T) object {
	if len(with) == 0 {
		return o
	}
	o.values = maps.Clone(o.values)
	for name, value := range with {
		o.values[name] = value
	}
	return o
}
