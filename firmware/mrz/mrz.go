// Package mrz reads machine readable zones of travel documents (ICAO Doc 9303, parts 3 to
// 7) and the numbers of Hong Kong identity cards and permits. It checks digits and what may
// stand where, and reports what it doubts, down to the character that may have been
// misread; it never puts another in its place.
//
// A check digit does not see every misreading: G and 6 have the same remainder, and two
// misreadings may make up for each other.
package mrz

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrShape reports lines that are no machine readable zone of a known format.
	ErrShape = errors.New("mrz: no zone of two or three lines that is known here")
	// ErrCharacter reports a character that no zone has: read the document again.
	ErrCharacter = errors.New("mrz: a character that no zone has")
)

// Format is the size of a zone and what it belongs to.
type Format uint8

const (
	TD1    Format = iota // card: three lines of 30 (part 5)
	TD2                  // two lines of 36 (part 6)
	TD3                  // passport: two lines of 44 (part 4)
	VisaA                // two lines of 44, without an overall check digit (part 7)
	VisaB                // two lines of 36, likewise
	Permit               // mainland travel permit for Hong Kong, Macau or Taiwan: three lines of 30
)

func (f Format) String() string {
	return [...]string{"TD1", "TD2", "TD3", "MRV-A", "MRV-B", "permit"}[f]
}

// Field is a part of a zone.
type Field uint8

const (
	Code Field = iota
	Issuer
	Name
	Number
	Nationality
	Birth
	Sex
	Expiry
	Optional
	Overall // what the overall check digit covers
)

func (f Field) String() string {
	return [...]string{"document code", "issuer", "name", "number", "nationality", "date of birth", "sex", "date of expiry", "optional data", "overall"}[f]
}

// Zone is what a zone says, without its fillers. Only a Sound one says it for
// certain. Printed or logged it says nothing: all of it is personal.
type Zone struct {
	Kind        Format
	Code        string // "P", "ID", "CS"
	Issuer      string // as printed: "HKG", "D"; empty for a Permit
	Number      string // whole, also where a card continues it in its optional data
	Nationality string // empty for a Permit
	Birth       Date
	Expiry      Date
	Sex         byte      // 'M', 'F', or '<' for not said; 0 for a Permit
	Surname     string    // words with one blank between; empty for a Permit
	Given       string    // likewise; cut off if Truncated
	Truncated   bool      // the name fills its field
	Optional    [2]string // as printed, less the fillers after it; a card has two
	Doubts      []Doubt
}

// Sound reports whether every check digit holds and every character can stand where it is.
func (z Zone) Sound() bool { return len(z.Doubts) == 0 }

const silent = "a machine readable zone"

// Format says nothing of the person.
func (Zone) Format(f fmt.State, _ rune) { f.Write([]byte(silent)) }

// MarshalText says nothing of the person, in logs and in JSON.
func (Zone) MarshalText() ([]byte, error) { return []byte(silent), nil }

// Parse reads a zone: two or three whole lines of letters, digits and fillers.
func Parse(lines []string) (Zone, error) {
	var l *layout
	for i := range layouts {
		if layouts[i].fits(lines) {
			l = &layouts[i]
			break
		}
	}
	if l == nil {
		return Zone{}, ErrShape
	}
	for i, line := range lines {
		for j := range len(line) {
			if value(line[j]) < 0 {
				return Zone{}, fmt.Errorf("%w: line %d place %d", ErrCharacter, i+1, j+1)
			}
		}
	}
	z := Zone{Kind: l.format}
	optional := 0
	for _, f := range l.fields {
		text := lines[f.line][f.from:f.to]
		switch bare := strings.TrimRight(text, "<"); f.field {
		case Code:
			z.Code = bare
		case Issuer:
			z.Issuer = bare
		case Nationality:
			z.Nationality = bare
		case Number:
			z.Number = bare
			if rest, ok := l.continued(lines, f); ok {
				z.Number = text + lines[rest.line][rest.from:rest.to]
			}
		case Birth:
			z.Birth = Date(text)
		case Expiry:
			z.Expiry = Date(text)
		case Sex:
			z.Sex = text[0]
		case Name:
			z.Surname, z.Given = names(text)
			z.Truncated = !strings.HasSuffix(text, "<")
		case Optional:
			z.Optional[optional] = bare
			optional++
		}
	}
	z.Doubts = l.doubts(lines)
	return z, nil
}

// names takes a name field apart (part 3 section 4.6): primary identifier, two fillers,
// secondary.
func names(text string) (surname, given string) {
	surname, given, _ = strings.Cut(strings.TrimRight(text, "<"), "<<")
	words := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == '<' }), " ")
	}
	return words(surname), words(given)
}
