package policy

import (
	"regexp"
	"slices"

	"example.org/checkpoint/firmware/policy/lines"
)

// Bounds of a policy file. What may reach a verdict is short, so that an event
// of it is never too large (PROTOCOL part C).
const (
	maxFile       = 1 << 20 // bytes
	maxRules      = 256
	maxTerms      = 64
	maxTests      = 512
	maxParameters = 64   // windows, dates and lists together
	maxEntries    = 512  // of one list
	maxWord       = 64   // bytes of a name or an entry
	maxPhrase     = 200  // bytes of a source, a cite or a test's name
	maxNote       = 1000 // bytes of a note
	maxMeasured   = 64   // bytes of a measured value
	maxExpression = 4096 // characters of one expression
)

var (
	word      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	parameter = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// bounded checks every text and number of items that compiling does not.
func (f file) bounded(faults *lines.Faults) {
	text := func(what, s string, n int) {
		if !lines.Phrase(s, n) {
			faults.Add("%w: %s: want at most %d bytes of printable text", errForm, what, n)
		}
	}
	count := func(what string, n, most int) {
		if n > most {
			faults.Add("%w: %d %s, at most %d", errForm, n, what, most)
		}
	}
	count("terms", len(f.Terms), maxTerms)
	count("tests", len(f.Tests), maxTests)
	count("notes", len(f.Notes), maxParameters)
	count("unproven classes", len(f.Unproven), maxParameters)
	count("windows, dates and lists", len(f.Windows)+len(f.Dates)+len(f.Lists), maxParameters)
	text("source", f.Source, maxPhrase)
	text("hotline", f.Hotline, maxWord)
	count("hotlines", len(f.Hotlines), maxParameters)
	for scheme, line := range f.Hotlines {
		text("a hotline", scheme+line, maxWord)
	}
	count("exempt schemes", len(f.Exempting), maxParameters)
	for _, scheme := range f.Exempting {
		text("an exempt scheme", scheme, maxWord)
	}
	if !slices.Contains([]string{"", "refuse", "refer"}, f.Red) {
		faults.Add("%w: red %q is neither refuse nor refer", errForm, lines.Clip(f.Red, maxWord))
	}
	text("reads_as", f.ReadsAs, maxWord)
	text("cite of the default", f.Default.Cite, maxPhrase)
	for _, n := range f.Notes {
		text("a note", n, maxNote)
	}
	for _, u := range f.Unproven {
		text("an unproven class", u, maxWord)
	}
	for _, t := range f.Terms {
		text("cite of term "+lines.Clip(t.Name, maxWord), t.Cite, maxPhrase)
	}
	for _, r := range f.Rules {
		text("cite of rule "+lines.Clip(r.Name, maxWord), r.Cite, maxPhrase)
	}
	for _, t := range f.Tests {
		text("name of a test", t.Name, maxPhrase)
	}
	f.Overrides.bounded(faults)
}
