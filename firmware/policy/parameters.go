package policy

import (
	"maps"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/policy/lines"
)

// parameters are what a policy file sets beside its rules, each with its source:
// numbers, moments and lists of words.
type parameters struct {
	windows, dates, lists *facts.Object
	types                 [3]*facts.Type // of these three
	sources               map[string]string
}

// parameterNames are the variables under which rules find them.
var parameterNames = [3]string{"windows", "dates", "lists"}

func parametersOf(f file, faults *lines.Faults) parameters {
	p := parameters{types: [3]*facts.Type{
		facts.NewType("checkpoint.Windows", members(f.Windows, cel.IntType, faults)),
		facts.NewType("checkpoint.Dates", members(f.Dates, cel.TimestampType, faults)),
		facts.NewType("checkpoint.Lists", members(f.Lists, cel.ListType(cel.StringType), faults))}, sources: f.Sources}
	p.windows, p.dates, p.lists = p.types[0].New(), p.types[1].New(), p.types[2].New()
	for name, value := range f.Windows {
		p.windows.Set(name, value)
	}
	for name, value := range f.Dates {
		p.dates.Set(name, value)
	}
	for name, value := range f.Lists {
		if len(value) > maxEntries || slices.ContainsFunc(value, func(s string) bool { return !lines.Phrase(s, maxWord) }) {
			faults.Add("%w: list %s: want at most %d entries of %d bytes", errForm, lines.Clip(name, maxWord), maxEntries, maxWord)
		}
		if value == nil {
			value = []string{}
		}
		p.lists.Set(name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Sources)) {
		if !p.has(name) || !lines.Phrase(f.Sources[name], maxPhrase/2) {
			faults.Add("%w: source of %s: want the name of a window, date or list, and at most %d bytes", errForm, lines.Clip(name, maxWord), maxPhrase/2)
		}
	}
	return p
}

// members gives each parameter of one kind its type.
func members[T any](named map[string]T, typ *cel.Type, faults *lines.Faults) map[string]*cel.Type {
	out := map[string]*cel.Type{}
	for name := range named {
		if !parameter.MatchString(name) {
			faults.Add("%w: parameter %q", errForm, lines.Clip(name, maxWord))
		}
		out[name] = typ
	}
	return out
}

func (p parameters) has(name string) bool { _, ok := p.find(name); return ok }

func (p parameters) find(name string) (any, bool) {
	for _, o := range []*facts.Object{p.windows, p.dates, p.lists} {
		if v := o.Get(name); v != nil {
			return v, true
		}
	}
	return nil, false
}

// words returns a list; nil if there is none of that name.
func (p parameters) words(list string) []string {
	words, _ := p.lists.Get(list).([]string)
	return words
}

// with returns the same parameters but for some, for a test.
func (p parameters) with(windows map[string]int64, dates map[string]time.Time, lists map[string][]string) parameters {
	p.windows, p.dates, p.lists = overlay(p.windows, windows), overlay(p.dates, dates), overlay(p.lists, lists)
	return p
}

func overlay[T any](o *facts.Object, with map[string]T) *facts.Object {
	for name, value := range with {
		o = o.With(name, value)
	}
	return o
}
