package inspection

import (
	"slices"
	"strings"
	"unicode"
)

// onePerson reports whether the codes that are held up together name one person:
// exactly one birth date and one name on all of them (FORMATS A2). A lane that
// may not learn these never knows.
func onePerson(shown [][]Finding) bool {
	var first *Finding
	for _, found := range shown {
		for _, f := range found {
			name := nameParts(f.Facts.Name)
			if f.Facts.Birth == nil || len(name) == 0 {
				return false
			}
			if first == nil {
				first = &f
			}
			if *f.Facts.Birth != *first.Facts.Birth || !slices.Equal(name, nameParts(first.Facts.Name)) {
				return false
			}
		}
	}
	return first != nil
}

// twoPeople reports whether the tokens in one code cannot be one person's, though one
// phone holds them all: a parent's phone holds a child's token too. Tokens of one
// scheme then have different subjects, and any two different birth dates or age bands (also
// a person's own, in the days around a birthday that changes the band). Names prove
// nothing: each scheme writes the same name in its own way.
func twoPeople(found []Finding) bool {
	for i, f := range found {
		for _, g := range found[:i] {
			a, b := f.verified.Credential(), g.verified.Credential()
			switch {
			case f.Other || g.Other:
			case a.Facts.AgeBand != 0 && b.Facts.AgeBand != 0 && a.Facts.AgeBand != b.Facts.AgeBand,
				f.Scheme == g.Scheme && a.Subject != "" && b.Subject != "" && a.Subject != b.Subject,
				a.Facts.Birth != nil && b.Facts.Birth != nil && *a.Facts.Birth != *b.Facts.Birth:
				return true
			}
		}
	}
	return false
}

// nameParts returns the parts of a name in capitals and in order, whichever stands
// first on the card; of a name written in Latin and other letters, the Latin ones.
func nameParts(name string) []string {
	parts := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return !unicode.IsLetter(r) })
	latin := slices.DeleteFunc(slices.Clone(parts), func(part string) bool {
		return strings.ContainsFunc(part, func(r rune) bool { return !unicode.Is(unicode.Latin, r) })
	})
	if len(latin) > 0 {
		parts = latin
	}
	slices.Sort(parts)
	return parts
}
