// Package document pretends to be a document reader on a serial line: what is swiped comes
// as its lines. The line behaves, and misbehaves, as that of a scanner does.
package document

import (
	"strings"

	"example.org/checkpoint/simulators/scanner"
)

// Setup is how a reader was set up.
type Setup struct {
	Before, After string // around each zone
	EndOfLine     string // after each line

	// Commands; one that is empty is not there.
	Start, Good string
}

// Reader is a document reader.
type Reader struct {
	*scanner.Serial
	endOfLine string
	misread   []misread
}

type misread struct {
	line, column int
	as           string
}

// New plugs a reader in. The symbolic link leads to its terminal.
func New(link string, set Setup) (*Reader, error) {
	s, err := scanner.NewSerial(link, scanner.Setup{Before: set.Before, After: set.After, Start: set.Start, Good: set.Good})
	return &Reader{Serial: s, endOfLine: set.EndOfLine}, err
}

// Misread has the next document come with another text in place of the character at line
// and column, from 1: one that it looks like, a mark for what could not be read, or none.
func (r *Reader) Misread(line, column int, as string) {
	r.misread = append(r.misread, misread{line, column, as})
}

// Swipe holds a document up to the reader.
func (r *Reader) Swipe(lines ...string) {
	var zone strings.Builder
	for i, line := range lines {
		for _, m := range r.misread {
			if m.line == i+1 {
				line = line[:m.column-1] + m.as + line[m.column:]
			}
		}
		zone.WriteString(line + r.endOfLine)
	}
	r.misread = nil
	r.Show("", []byte(zone.String()))
}
