// Package document hears machine readable zones from a reader on a serial line, one that
// is swiped or held on. It knows what a zone looks like, not what it says: whole zones are
// handed on as read, halves are reported without what they hold, and nothing is put right.
// It never ends: a reader that goes away is tried again until it is back.
package document

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"example.org/checkpoint/hardware/serial"
)

var (
	// ErrGarbled is the fault of a reader that sends something else than zones.
	ErrGarbled = errors.New("the reader sends no machine readable zones")
	// errStarting is the fault before Run.
	errStarting = errors.New("not found yet")
)

const (
	// pause ends a reading whose end was not seen.
	pause = 300 * time.Millisecond
	// memory is how long a reading is kept to compare the next one with.
	memory = 10 * time.Second
	// mostDiffers is the most characters in which two readings of one document differ.
	mostDiffers = 8
	// mostGarbled is how many readings in a row may be no text of zones.
	mostGarbled = 3
)

// Options are what may differ between readers. The zero value will do.
type Options struct {
	Start []byte       // sent once it is there, as to have it read by itself
	Good  []byte       // sent after each whole zone: acknowledgement, or a beep
	Log   *slog.Logger // nil says nothing
}

// Reading is one zone as the reader gave it, or a part of one. Printed or logged it says
// nothing of the person.
type Reading struct {
	Lines []string // of a whole zone: 2 of 44, 2 of 36 or 3 of 30 letters, digits and fillers
	Half  string   // otherwise what is wrong, as "lines of 44, 12 characters"

	// Beside the reading before, of the last ten seconds: the same, or the same document
	// with these characters read otherwise. Nobody can say which was right.
	Again   bool
	Differs []Place
}

// Place is a character of a zone, from 1.
type Place struct{ Line, Column int }

// LogValue says nothing of the person.
func (r Reading) LogValue() slog.Value { return slog.StringValue(r.said()) }

// Format says nothing of the person.
func (r Reading) Format(f fmt.State, _ rune) { f.Write([]byte(r.said())) }

func (r Reading) said() string {
	if r.Half != "" {
		return "half a zone: " + r.Half
	}
	return "a zone"
}

// Reader is one document reader. Run is for one goroutine, Fault for any.
type Reader struct {
	line    serial.Line
	options Options
	report  func(Reading)
	port    *serial.Port

	reading reading
	last    []string // the zone before
	lastAt  time.Time
	garbled int // readings in a row

	mu    sync.Mutex
	fault error
}

// New is the reader on a serial line. Nothing is opened before Run.
func New(l serial.Line, o Options) *Reader {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Reader{line: l, options: o}
	r.fault = r.at(errStarting)
	return r
}

// Run reports readings until the context ends, and returns nil then.
func (r *Reader) Run(ctx context.Context, report func(Reading)) error {
	r.report = report
	defer r.setFault(errStarting)
	return serial.Follow(ctx, r.line, (*listener)(r))
}

// Fault is nil while zones can be read, and otherwise says what is wrong and what to do.
func (r *Reader) Fault() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}

// setFault sets what is wrong, nil for nothing.
func (r *Reader) setFault(err error) {
	if err != nil {
		err = r.at(err)
	}
	r.mu.Lock()
	before := r.fault
	r.fault = err
	r.mu.Unlock()
	switch {
	case err == nil && before != nil:
		r.options.Log.Info("document reader works", "path", r.line.Path)
	case err != nil && (before == nil || before.Error() != err.Error()) && !errors.Is(err, errStarting):
		r.options.Log.Warn("document reader", "err", err)
	}
}

func (r *Reader) at(err error) error {
	return fmt.Errorf("document reader at %s: %w", r.line.Path, err)
}

// listener is a reader as it listens to its line.
type listener Reader

// Opened starts the reader.
func (l *listener) Opened(p *serial.Port) error {
	r := (*Reader)(l)
	r.port, r.reading, r.last, r.garbled = p, reading{}, nil, 0
	err := r.send(r.options.Start)
	if err == nil {
		r.setFault(nil)
	}
	return err
}

// Lost is told why the line cannot be had.
func (l *listener) Lost(err error) {
	r := (*Reader)(l)
	r.last = nil
	r.setFault(err)
}

// Take puts readings together from what came, or ends one in a pause.
func (l *listener) Take(data []byte) (time.Duration, error) {
	r := (*Reader)(l)
	for _, b := range data {
		if r.reading.take(b) {
			if err := r.end(); err != nil {
				return 0, err
			}
		}
	}
	if len(data) == 0 && !r.reading.empty() {
		if err := r.end(); err != nil {
			return 0, err
		}
	}
	if !r.reading.empty() {
		return pause, nil
	}
	left := memory - time.Since(r.lastAt)
	if r.last == nil || left <= 0 {
		r.last = nil
		return 0, nil
	}
	return left, nil
}

// end reports what a reading gave.
func (r *Reader) end() error {
	zones, half, garbled := r.reading.zones()
	r.reading = reading{}
	if garbled {
		if r.garbled++; r.garbled >= mostGarbled {
			r.setFault(fmt.Errorf("%w: check speed, parity and what it is set to send", ErrGarbled))
		}
		return nil
	}
	r.garbled = 0
	r.setFault(nil)
	if half != "" {
		r.report(Reading{Half: half})
		return nil
	}
	for _, lines := range zones {
		if err := r.send(r.options.Good); err != nil {
			return err
		}
		again, differs := r.compare(lines)
		r.last, r.lastAt = lines, time.Now()
		r.report(Reading{Lines: lines, Again: again, Differs: differs})
	}
	return nil
}

// compare looks at the reading before.
func (r *Reader) compare(lines []string) (again bool, differs []Place) {
	if len(r.last) != len(lines) || len(r.last[0]) != len(lines[0]) || time.Since(r.lastAt) > memory {
		return false, nil
	}
	for i, line := range lines {
		for j := range len(line) {
			if line[j] != r.last[i][j] {
				differs = append(differs, Place{i + 1, j + 1})
			}
		}
	}
	if len(differs) > mostDiffers {
		return false, nil
	}
	return len(differs) == 0, differs
}

func (r *Reader) send(command []byte) error {
	if len(command) == 0 {
		return nil
	}
	_, err := r.port.Write(command)
	return err
}
