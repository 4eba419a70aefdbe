// Package words says every reason of a verdict to the person it concerns, to an
// officer and to an auditor, in six languages.
package words

import (
	"maps"
	"slices"
	"strings"

	"example.org/checkpoint/firmware/verdict"
)

// Words is one sentence or phrase in every language.
type Words struct{ Hant, Hans, En, Ja, Ko, Pt string }

// Languages are those of Words, as BCP 47 names them, in its order.
var Languages = []string{"zh-Hant", "zh-Hans", "en", "ja", "ko", "pt"}

// In gives the words in one of Languages; any other is said in English.
func (w Words) In(language string) string {
	all := []string{w.Hant, w.Hans, w.En, w.Ja, w.Ko, w.Pt}
	if i := slices.Index(Languages, language); i >= 0 {
		return all[i]
	}
	return w.En
}

// fill puts a value into the place of {n}, in one language.
func (w Words) fill(language, n string) string {
	return strings.ReplaceAll(w.In(language), "{n}", n)
}

// reason is what there is to say of one reason.
type reason struct {
	officer Words  // a short phrase: what was found
	advice  advice // for the holder
	lift    Body   // who can change it
	rules   bool   // a rule may give it
	red     bool   // it says that somebody is red: people set that, never a device (R82)
}

// ForRules reports whether a rule of a policy may give a reason.
func ForRules(r verdict.Reason) bool { return reasons[r].rules }

// Red reports whether a reason says that the person is red. Only people make
// somebody red (R82): it may follow only from a code that its issuer made red.
func Red(r verdict.Reason) bool { return reasons[r].red }

// LiftedBy tells who can change what a reason rests on, as its words tell the holder.
func LiftedBy(r verdict.Reason) Body { return reasons[r].lift }

// Reasons lists every reason, sorted.
func Reasons() []verdict.Reason { return slices.Sorted(maps.Keys(reasons)) }

// Officer gives a short phrase for staff. A reason without words is shown as it is
// named: it comes from a later version of the program.
func Officer(r verdict.Reason) Words {
	if e, ok := reasons[r]; ok {
		return e.officer
	}
	return named(nil, string(r))
}

// Holder tells a person, and nobody else, what was decided about them and why, who
// can change it and where to ask (R80, R19), and of a red code who set it. It states no
// other fact of the code beyond the reason.
func Holder(v verdict.Verdict, language string) string {
	e := reasons[v.Reason]
	parts := []string{advices[e.advice].fill(language, e.officer.In(language))}
	if v.SetBy != "" && e.red {
		parts = append(parts, setBy.fill(language, v.SetBy))
	}
	if e.lift != 0 {
		parts = append(parts, lifts[e.lift].In(language))
	}
	if v.Hotline != "" && v.Outcome != verdict.Admit {
		parts = append(parts, enquiries.fill(language, v.Hotline))
	}
	space := " "
	if strings.HasPrefix(language, "zh") || language == "ja" {
		space = ""
	}
	return strings.Join(parts, space)
}
