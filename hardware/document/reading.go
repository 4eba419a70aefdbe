package document

import (
	"bytes"
	"fmt"
	"strings"
)

// largest is the most bytes of a reading; a zone has 90 characters.
const largest = 1024

// longest is the most characters of a line: a zone all in one.
const longest = 90

const (
	stx, etx = 2, 3
)

// sizes are those of zones: how many lines of how many characters.
var sizes = [...]struct{ lines, length int }{{2, 44}, {2, 36}, {3, 30}}

// reading is what came since the last one ended.
type reading struct {
	bytes []byte
	over  bool // more came than a reading has
}

func (r *reading) empty() bool { return len(r.bytes) == 0 }

// take adds a byte, and reports whether it ends the reading: an ETX, the end of the last
// line of a zone, or one too many.
func (r *reading) take(b byte) bool {
	switch {
	case b == stx:
		r.bytes, r.over = append(r.bytes[:0], b), false
		return false
	case b == etx:
		return !r.empty()
	case r.empty() && bytes.IndexByte([]byte(" \t\r\n"), b) >= 0: // what follows the zone before
		return false
	}
	if len(r.bytes) == largest {
		r.over = true
		return true
	}
	r.bytes = append(r.bytes, b)
	if b != '\r' && b != '\n' || r.bytes[0] == stx {
		return false
	}
	zones, _, _ := r.zones()
	return len(zones) > 0
}

// lines are the lines that came, less what is around them and no zone has.
func (r *reading) lines() (lines [][]byte) {
	for line := range bytes.FieldsFuncSeq(r.bytes, func(c rune) bool { return c == '\r' || c == '\n' }) {
		if line = bytes.TrimFunc(line, func(c rune) bool { return !inZone(c) }); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

func inZone(c rune) bool { return c == '<' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' }

// zones gives the zones of a reading; or what there is instead of one; or that it is no
// text of zones at all.
func (r *reading) zones() (zones [][]string, half string, garbled bool) {
	lines := r.lines()
	good, bad := 0, 0
	for _, line := range lines {
		if len(line) > longest {
			return nil, "", true
		}
		for _, c := range string(line) {
			if inZone(c) {
				good++
			} else {
				bad++
			}
		}
	}
	if r.over || good <= 2*bad || len(lines) == 0 {
		return nil, "", true
	}
	if bad > 0 {
		return nil, fmt.Sprintf("%d characters could not be read", bad), false
	}
	for _, size := range sizes {
		if zones := cut(lines, size.lines, size.length); zones != nil {
			return zones, "", false
		}
	}
	lengths := make([]string, 0, len(lines))
	for _, line := range lines {
		lengths = append(lengths, fmt.Sprint(len(line)))
	}
	return nil, "lines of " + strings.Join(lengths, ", ") + " characters", false
}

// cut gives zones of a size, where lines are nothing else; also where a reader sends all
// lines of a zone as one.
func cut(lines [][]byte, count, length int) (zones [][]string) {
	var all []string
	for _, line := range lines {
		if len(line) == count*length {
			for ; len(line) > 0; line = line[length:] {
				all = append(all, string(line[:length]))
			}
			continue
		}
		if len(line) != length {
			return nil
		}
		all = append(all, string(line))
	}
	if len(all)%count != 0 {
		return nil
	}
	for ; len(all) > 0; all = all[count:] {
		zones = append(zones, all[:count:count])
	}
	return zones
}
