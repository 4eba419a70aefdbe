// Package doctor looks at one device as it stands: what is plugged in, whether each
// device that the configuration names answers, and whether the machine under it is fit.
// It moves no barrier, changes nothing that is kept, and prints its page only when it is
// told to: else a printer is only asked how it is.
package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/config"
)

// State says how something was found.
type State uint8

const (
	Wrong State = iota // the device cannot serve with it
	Note               // it serves; somebody should look
	Sound
)

func (s State) String() string { return [...]string{"wrong", "note", "ok"}[s] }

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that was looked at.
type Finding struct {
	Area  string `json:"area"` // "machine", "keys", "lane 12", …
	What  string `json:"what"` // "clock", "camera /dev/video0", …
	State State  `json:"state"`
	Says  string `json:"says"`         // what was found, one line
	Do    string `json:"do,omitempty"` // what to do about it; empty if Sound
}

// Options are what differs in tests. The zero value looks at this machine.
type Options struct {
	Root     string        // of the machine's files; default "/"
	Patience time.Duration // how long a device may take to answer; default 4 s
	Print    bool          // a page on the printer
}

// examination is one look at everything.
type examination struct {
	config config.Config
	root   string
	wait   time.Duration
	print  bool
	report func(Finding)
}

// Examine looks at everything and reports each finding as it is made. Devices are
// tried only where the program does not run, because it holds them then.
func Examine(ctx context.Context, c config.Config, o Options, report func(Finding)) {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Patience == 0 {
		o.Patience = 4 * time.Second
	}
	e := examination{config: c, root: o.Root, wait: o.Patience, print: o.Print, report: report}
	e.machine()
	e.keys()
	e.centre(ctx)
	e.plugged()
	if e.running() {
		e.ask(ctx)
		return
	}
	e.devices(ctx)
}

// finding reports nil as Sound, else as Wrong with what to do.
func (e *examination) finding(area, what, sound string, err error, do string) {
	if err == nil {
		e.report(Finding{Area: area, What: what, State: Sound, Says: sound})
		return
	}
	e.report(Finding{Area: area, What: what, State: Wrong, Says: err.Error(), Do: do})
}

func (e *examination) note(area, what, says, do string) {
	e.report(Finding{Area: area, What: what, State: Note, Says: says, Do: do})
}

// at is a file of the machine.
func (e *examination) at(path string) string { return filepath.Join(e.root, path) }

// running reports whether the program holds the record. A record that this user may not look
// at is taken for one that it holds: a second master at a gate would free its way out.
func (e *examination) running() bool {
	f, err := os.Open(filepath.Join(e.config.Device.State, "journal.db"))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}
