// Package phrases holds every sentence of the screens in six languages, and says which
// language a person reads.
package phrases

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Words is one sentence in every language of the screens.
type Words struct{ Hant, Hans, En, Ja, Ko, Pt string }

// Tongue is a language the screens speak; its text is the lang attribute. Hong
// Kong's own region picks the glyphs of traditional Chinese.
type Tongue string

const (
	Unknown Tongue = "" // the site's own: zh-Hant, then en
	Hant    Tongue = "zh-Hant-HK"
	Hans    Tongue = "zh-Hans"
	English Tongue = "en"
	Ja      Tongue = "ja"
	Ko      Tongue = "ko"
	Pt      Tongue = "pt"
)

// Spoken are all of them; Everybody are those in which a screen speaks to whom it does
// not know: more scripts than these no one takes in.
var (
	Spoken    = []Tongue{Hant, Hans, English, Ja, Ko, Pt}
	Everybody = []Tongue{Hant, Hans, English}
)

var matcher = language.NewMatcher([]language.Tag{language.TraditionalChinese, language.SimplifiedChinese, language.English,
	language.Japanese, language.Korean, language.Portuguese})

// Language is what verdict/words calls the tongue.
func (t Tongue) Language() string {
	if t == Hant {
		return "zh-Hant"
	}
	return string(t)
}

// TongueOf finds the language a person reads among ours, from BCP 47 as a code
// states it. Bare zh and yue are read as traditional: the matcher takes the first
// for simplified and does not know the second.
func TongueOf(s string) Tongue {
	if s == "" || len(s) > 35 { // RFC 5646 section 4.4.1: room enough for any tag in use
		return Unknown
	}
	tag, err := language.Parse(s)
	if err != nil {
		return Unknown
	}
	base, _ := tag.Base()
	if b := base.String(); b == "zh" || b == "yue" || b == "cmn" {
		region, sure := tag.Region()
		switch {
		case strings.Contains(strings.ToLower(s), "-hans"):
			return Hans
		case strings.Contains(strings.ToLower(s), "-hant"):
			return Hant
		case sure == language.Exact && slices.Contains([]string{"CN", "SG", "MY"}, region.String()):
			return Hans
		}
		return Hant
	}
	_, i, confidence := matcher.Match(tag)
	if confidence == language.No {
		return Unknown
	}
	return Spoken[i]
}

// In gives the words in one language, or else in the nearest the site wrote.
func (w Words) In(t Tongue) string {
	order := []string{w.Hant, w.Hans, w.En, w.Ja, w.Ko, w.Pt}
	switch t {
	case Hans:
		order = []string{w.Hans, w.Hant, w.En}
	case English:
		order = []string{w.En, w.Hant, w.Hans}
	case Ja:
		order = []string{w.Ja, w.En, w.Hant}
	case Ko:
		order = []string{w.Ko, w.En, w.Hant}
	case Pt:
		order = []string{w.Pt, w.En, w.Hant}
	}
	for _, s := range order {
		if s != "" {
			return s
		}
	}
	return ""
}

// OwnNames are the languages, each by its own name.
var OwnNames = []Line{{Hant, "繁體"}, {Hans, "简体"}, {English, "English"}, {Ja, "日本語"}, {Ko, "한국어"}, {Pt, "Português"}}

// Line is one line of text and its language, for the lang attribute.
type Line struct {
	Lang Tongue
	Text string
}

// Pair gives a sentence in a person's language and in a second one: English, or
// Chinese for who reads English.
func (w Words) Pair(t Tongue) []Line {
	first, second := t, English
	switch t {
	case Unknown:
		first = Hant
	case English:
		second = Hant
	}
	return lines(w, first, second)
}

// All gives a sentence in the person's language only, or for everybody while it is not
// known. No line is said twice.
func (w Words) All(t Tongue) []Line {
	if t == Unknown {
		return lines(w, Everybody...)
	}
	return lines(w, t)
}

func lines(w Words, in ...Tongue) []Line {
	var out []Line
	for _, t := range in {
		s := w.In(t)
		if s == "" || len(out) > 0 && out[0].Text == s {
			continue
		}
		out = append(out, Line{t, s})
	}
	return out
}
