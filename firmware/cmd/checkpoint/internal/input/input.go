// Package input reads what a command line names: files, lines and times, all bounded.
package input

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// maxFile bounds one file of keys or rules in bytes.
const maxFile = 16 << 20

// MaxLine bounds one line in bytes.
const MaxLine = 64 << 10

var errLarge = errors.New("larger than 16 MiB, which no file of keys or rules is")

// File reads a file of at most 16 MiB.
func File(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %w", name, errLarge)
	}
	return os.ReadFile(name)
}

// Lines reads lines of at most MaxLine bytes.
type Lines struct{ in *bufio.Reader }

// NewLines reads the lines of in.
func NewLines(in io.Reader) Lines { return Lines{bufio.NewReaderSize(in, MaxLine+1)} }

// Next returns the next line, until the one after it is asked for; one that is too long is read over
// and not whole. After the last one it returns io.EOF.
func (l Lines) Next() (line []byte, whole bool, err error) {
	line, err = l.in.ReadSlice('\n')
	for whole = true; errors.Is(err, bufio.ErrBufferFull); whole = false {
		_, err = l.in.ReadSlice('\n')
		line = nil
	}
	if err == io.EOF && (len(line) > 0 || !whole) {
		err = nil
	}
	return line, whole, err
}

// Time reads RFC 3339, and as test data writes it: without a zone it is UTC.
func Time(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time; write it as 2006-01-02T15:04:05Z", s)
}
