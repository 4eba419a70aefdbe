package screen

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Words is one sentence in the languages of the site.
type Words struct{ Hant, Hans, En, Ja, Ko, Pt string }

// tongue is a language the screens speak; its text is the lang attribute. Hong
// Kong's own region picks the glyphs of traditional Chinese.
type tongue string

const (
	unknown tongue = "" // the site's own: zh-Hant, then en
	hant    tongue = "zh-Hant-HK"
	hans    tongue = "zh-Hans"
	english tongue = "en"
	ja      tongue = "ja"
	ko      tongue = "ko"
	pt      tongue = "pt"
)

// spoken are all of them; everybody are those in which a screen speaks to whom it does
// not know: more scripts than these no one takes in.
var (
	spoken    = []tongue{hant, hans, english, ja, ko, pt}
	everybody = []tongue{hant, hans, english}
)

var matcher = language.NewMatcher([]language.Tag{language.TraditionalChinese, language.SimplifiedChinese, language.English,
	language.Japanese, language.Korean, language.Portuguese})

// language is what verdict/words calls the tongue.
func (t tongue) language() string {
	if t == hant {
		return "zh-Hant"
	}
	return string(t)
}

// tongueOf finds the language a person reads among ours, from BCP 47 as a code
// states it. Bare zh and yue are read as traditional: the matcher takes the first
// for simplified and does not know the second.
func tongueOf(s string) tongue {
	if s == "" || len(s) > 35 { // RFC 5646 section 4.4.1: room enough for any tag in use
		return unknown
	}
	tag, err := language.Parse(s)
	if err != nil {
		return unknown
	}
	base, _ := tag.Base()
	if b := base.String(); b == "zh" || b == "yue" || b == "cmn" {
		region, sure := tag.Region()
		switch {
		case strings.Contains(strings.ToLower(s), "-hans"):
			return hans
		case strings.Contains(strings.ToLower(s), "-hant"):
			return hant
		case sure == language.Exact && slices.Contains([]string{"CN", "SG", "MY"}, region.String()):
			return hans
		}
		return hant
	}
	_, i, confidence := matcher.Match(tag)
	if confidence == language.No {
		return unknown
	}
	return spoken[i]
}

// in gives the words in one language, or else in the nearest the site wrote.
func (w Words) in(t tongue) string {
	order := []string{w.Hant, w.Hans, w.En, w.Ja, w.Ko, w.Pt}
	switch t {
	case hans:
		order = []string{w.Hans, w.Hant, w.En}
	case english:
		order = []string{w.En, w.Hant, w.Hans}
	case ja:
		order = []string{w.Ja, w.En, w.Hant}
	case ko:
		order = []string{w.Ko, w.En, w.Hant}
	case pt:
		order = []string{w.Pt, w.En, w.Hant}
	}
	for _, s := range order {
		if s != "" {
			return s
		}
	}
	return ""
}

// Line is one line of text and its language, for the lang attribute.
type Line struct {
	Lang tongue
	Text string
}

// pair gives a sentence in a person's language and in a second one: English, or
// Chinese for who reads English.
func (w Words) pair(t tongue) []Line {
	first, second := t, english
	switch t {
	case unknown:
		first = hant
	case english:
		second = hant
	}
	return lines(w, first, second)
}

// all gives a sentence in the person's language only, or for everybody while it is not
// known. No line is said twice.
func (w Words) all(t tongue) []Line {
	if t == unknown {
		return lines(w, everybody...)
	}
	return lines(w, t)
}

func lines(w Words, in ...tongue) []Line {
	var out []Line
	for _, t := range in {
		s := w.in(t)
		if s == "" || len(out) > 0 && out[0].Text == s {
			continue
		}
		out = append(out, Line{t, s})
	}
	return out
}
