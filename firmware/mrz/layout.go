package mrz

import "strings"

// class is what may stand in a field.
type class uint8

const (
	letters class = iota // and fillers
	digits               // and fillers, for what is unknown of a date
	either
)

// place is where a field stands, lines and columns from 0.
type place struct {
	field          Field
	line, from, to int
	class          class
	check          int // column of its check digit in the same line, 0 for none
}

// span is a part of a line.
type span struct{ line, from, to int }

// layout is one format.
type layout struct {
	format  Format
	lines   int
	length  int
	codes   string // first letters of its document codes
	fields  []place
	overall []span // what the overall check digit covers
	check   span   // where that is; without width there is none
}

// layouts in the order in which they are tried. Columns: part 5 section 4.2.2, part 6
// section 4.2.2, part 4 section 4.2.2, part 7 sections 5.2 and 6.2. The layout of permits
// is not published; what their overall check digit covers is not known.
var layouts = [...]layout{
	{Permit, 3, 30, "C", []place{
		{Code, 0, 0, 2, letters, 0}, {Number, 0, 2, 11, either, 11}, {Expiry, 0, 13, 19, digits, 19}, {Birth, 0, 21, 27, digits, 27},
	}, nil, span{}},
	{TD1, 3, 30, "ACI", []place{
		{Code, 0, 0, 2, letters, 0}, {Issuer, 0, 2, 5, letters, 0}, {Number, 0, 5, 14, either, 14}, {Optional, 0, 15, 30, either, 0},
		{Birth, 1, 0, 6, digits, 6}, {Sex, 1, 7, 8, letters, 0}, {Expiry, 1, 8, 14, digits, 14}, {Nationality, 1, 15, 18, letters, 0},
		{Optional, 1, 18, 29, either, 0}, {Name, 2, 0, 30, letters, 0},
	}, []span{{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}}, span{1, 29, 30}},
	{TD3, 2, 44, "P", twoLines(44, 42, 42), []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 43}}, span{1, 43, 44}},
	{VisaA, 2, 44, "V", twoLines(44, 44, 0), nil, span{}},
	{TD2, 2, 36, "ACI", twoLines(36, 35, 0), []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 35}}, span{1, 35, 36}},
	{VisaB, 2, 36, "V", twoLines(36, 36, 0), nil, span{}},
}

// twoLines is what passports, visas and cards of two lines have in common. They differ in the
// length of a line, in where the optional data end, and whether these have a check digit.
func twoLines(length, optionalTo, optionalCheck int) []place {
	return []place{
		{Code, 0, 0, 2, letters, 0}, {Issuer, 0, 2, 5, letters, 0}, {Name, 0, 5, length, letters, 0},
		{Number, 1, 0, 9, either, 9}, {Nationality, 1, 10, 13, letters, 0}, {Birth, 1, 13, 19, digits, 19}, {Sex, 1, 20, 21, letters, 0},
		{Expiry, 1, 21, 27, digits, 27}, {Optional, 1, 28, optionalTo, either, optionalCheck},
	}
}

// fits reports whether lines are of the layout. A first letter that may be a misread one
// counts as what it may be.
func (l *layout) fits(lines []string) bool {
	if len(lines) != l.lines {
		return false
	}
	for _, line := range lines {
		if len(line) != l.length {
			return false
		}
	}
	first := lines[0]
	switch l.format {
	case Permit:
		return (first[:2] == "CS" || first[:2] == "CD") && first[12] == '<' && first[20] == '<' && first[28] == '<'
	case TD2:
		if first[2:5] == "FRA" && first[1] == 'D' { // the former French card, which is another format
			return false
		}
	}
	return strings.IndexByte(l.codes, first[0]) >= 0 || strings.IndexByte(l.codes, alike(first[0], letters)) >= 0
}

// continued is where a document number that is longer than its field goes on; its check
// digit follows. The place of the check digit is a filler then, and the number goes on at
// the start of the optional data, up to the next filler (part 5 section 4.2.2, note j).
func (l *layout) continued(lines []string, f place) (rest span, ok bool) {
	at, end := f.check+1, 30
	switch {
	case f.field != Number || lines[f.line][f.check] != '<':
		return span{}, false
	case l.format == TD2:
		at, end = 28, 35
	case l.format != TD1:
		return span{}, false
	}
	more, _, _ := strings.Cut(lines[f.line][at:end], "<")
	if len(more) < 2 {
		return span{}, false
	}
	return span{f.line, at, at + len(more) - 1}, true
}
