// Package exit says with which code the program ends.
package exit

import "errors"

// Exit codes beside 0 (see the help of each command).
const (
	Failed = 1 // it could not run
	No     = 2 // it ran, and the answer is no
)

// ErrNo is returned by a command that ran and whose answer is no; it has already said why.
var ErrNo = errors.New("no")

// Code is the exit code of a command that returned err.
func Code(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrNo):
		return No
	}
	return Failed
}
