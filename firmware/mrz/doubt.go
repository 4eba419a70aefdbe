package mrz

// Why says what speaks against a field.
type Why uint8

const (
	// WrongDigit: the check digit does not hold for the field.
	WrongDigit Why = iota
	// Misfit: a character cannot stand at its place.
	Misfit
	// Alike: were the character the one it looks like, the field's check digit would hold.
	Alike
	// NoDate: there is no such day.
	NoDate
)

func (w Why) String() string {
	return [...]string{"check digit does not hold", "character cannot stand here", "may be another character", "no such date"}[w]
}

// Doubt is one thing that speaks against a zone as read.
type Doubt struct {
	Field        Field
	Why          Why
	Line, Column int  // from 1; 0 where it is the field as a whole
	Perhaps      byte // what was misread perhaps; 0 where nothing looks like it
}

// pairs look alike in OCR-B and to those who read it: digit and letter.
var pairs = [...]string{"0O", "1I", "2Z", "3J", "4A", "5S", "6G", "7T", "8B", "0Q", "0D", "1L"}

// alike gives what a character looks like that is of the class, and 0 for nothing.
func alike(c byte, of class) byte {
	for _, p := range pairs {
		if of == digits && c == p[1] {
			return p[0]
		}
		if of == letters && c == p[0] {
			return p[1]
		}
	}
	return 0
}

// fitting reports whether a character may stand in a class.
func fitting(c byte, in class) bool {
	isDigit := c >= '0' && c <= '9'
	return c == '<' || in == either || isDigit == (in == digits)
}

// doubts is all that speaks against lines.
func (l *layout) doubts(lines []string) (out []Doubt) {
	for _, f := range l.fields {
		text := lines[f.line][f.from:f.to]
		bad := len(out)
		for i := range len(text) {
			if !fitting(text[i], f.class) {
				out = append(out, Doubt{f.field, Misfit, f.line + 1, f.from + i + 1, alike(text[i], f.class)})
			}
		}
		if f.field == Sex && text != "M" && text != "F" && text != "<" && len(out) == bad {
			out = append(out, Doubt{Field: Sex, Why: Misfit, Line: f.line + 1, Column: f.from + 1})
		}
		if f.class == digits && len(out) == bad && !Date(text).real() {
			out = append(out, Doubt{Field: f.field, Why: NoDate})
		}
		if f.check == 0 {
			continue
		}
		covers, check := []span{{f.line, f.from, f.to}}, span{f.line, f.check, f.check + 1}
		if rest, ok := l.continued(lines, f); ok {
			covers, check = append(covers, rest), span{f.line, rest.to, rest.to + 1}
		}
		out = append(out, checked(lines, f.field, covers, check)...)
	}
	if l.check.to > l.check.from {
		out = append(out, checked(lines, Overall, l.overall, l.check)...)
	}
	return out
}

// checked looks whether the digit at check holds for what it covers, and if not, which
// single character would mend that were it the one it looks like.
func checked(lines []string, field Field, covers []span, check span) (out []Doubt) {
	digit := lines[check.line][check.from]
	sum, at, empty := 0, 0, true
	for _, s := range covers {
		for _, c := range []byte(lines[s.line][s.from:s.to]) {
			sum += weights[at%3] * value(c)
			at++
			empty = empty && c == '<'
		}
	}
	if digit == '0'+byte(sum%10) || digit == '<' && empty { // an empty field may have a filler for its check digit
		return nil
	}
	out = []Doubt{{Field: field, Why: WrongDigit}}
	if d := alike(digit, digits); d == '0'+byte(sum%10) {
		out = append(out, Doubt{field, Alike, check.line + 1, check.from + 1, d})
	}
	at = 0
	for _, s := range covers {
		for i, c := range []byte(lines[s.line][s.from:s.to]) {
			for _, of := range []class{digits, letters} {
				other := alike(c, of)
				if other != 0 && digit == '0'+byte((sum+weights[at%3]*(value(other)-value(c)))%10) {
					out = append(out, Doubt{field, Alike, s.line + 1, s.from + i + 1, other})
				}
			}
			at++
		}
	}
	return out
}
