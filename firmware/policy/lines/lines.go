// Package lines keeps texts and faults of a policy file to one short line each.
package lines

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxFault is the most bytes of one fault's text.
const MaxFault = 300

const maxFaults = 12 // told at once

// Faults gathers what is wrong, bounded in number and in length.
type Faults struct {
	all  []error
	more int
}

// Add adds one fault, as of fmt.Errorf.
func (f *Faults) Add(format string, args ...any) {
	if len(f.all) == maxFaults {
		f.more++
		return
	}
	f.all = append(f.all, fault{fmt.Errorf(format, args...)})
}

// Join returns them as one error; nil for none.
func (f *Faults) Join() error {
	if f.more > 0 {
		return errors.Join(append(f.all, fmt.Errorf("and %d more", f.more))...)
	}
	return errors.Join(f.all...)
}

// fault is an error whose text is one short line.
type fault struct{ error }

func (f fault) Error() string { return Clip(f.error.Error(), MaxFault) }
func (f fault) Unwrap() error { return f.error }

// Clip shortens s to at most n bytes, whole characters, and in one line.
func Clip(s string, n int) string {
	out := make([]byte, 0, min(len(s), n))
	for _, r := range s {
		if !unicode.IsPrint(r) {
			r = ' '
		}
		if len(out)+utf8.RuneLen(r) > n {
			break
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// Phrase reports whether s is printable text of at most n bytes.
func Phrase(s string, n int) bool { return len(s) <= n && Clip(s, n) == s }
