// Package scanner hears codes from hardware scanners: imagers on a serial line or USB-CDC
// (New), and those that pretend to be a keyboard (NewWedge). It never ends: a scanner that
// goes away is tried again until it is back.
//
// A scanner can be set up anew by whoever holds a sheet of programming codes up to it. So
// it is told once what it was set up to send, and a code that comes otherwise is not
// reported; the second in a row is the fault ErrChanged. The AIM prefix (ISO/IEC 15424,
// "]Q1") shows more of that than an end alone, and so should be switched on. The text is
// what the scanner gives after the prefix: escapes of ]Q2 and its like stay in.
//
// A sheet can also turn a scanner on a serial line into a keyboard. This program then
// misses it, and what it types goes wherever the system lets keyboards type: a kiosk that
// has none should let none, by a udev rule with ENV{LIBINPUT_IGNORE_DEVICE}="1".
package scanner

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/hardware/serial"
)

var (
	// ErrChanged is the fault of a scanner that sends codes in another way than it was
	// set up for. They are not reported.
	ErrChanged = errors.New("scanner configuration changed")
	// ErrNotGrabbed is the fault of a keyboard wedge that could type into a screen. It is
	// not listened to.
	ErrNotGrabbed = errors.New("the scanner's keyboard could not be grabbed")
	// ErrLost is returned by Trigger while the scanner is not there.
	ErrLost = errors.New("scanner lost")
	// errStarting is the fault before Run.
	errStarting = errors.New("not found yet")
)

// Options say how a scanner is set up. The zero value is one that ends codes with CR and
// sends no prefix.
type Options struct {
	Frame Frame
	AIM   bool          // each code begins with its AIM prefix, as "]Q1"
	Codes string        // letters of AIM prefixes that are reported; "Qdz" if empty: QR, Data Matrix, Aztec
	Hold  time.Duration // the same text is not reported again before it was away for so long; 1.5 s if zero

	// Commands of a serial scanner, as its manual has them. None is sent where empty.
	Lock        []byte // once it is there: no programming by barcode
	Start, Stop []byte // look for codes, and no longer
	Good        []byte // after each code as it should be: acknowledgement, or a beep

	Layout Layout       // of a keyboard wedge
	Log    *slog.Logger // nil says nothing
}

// Scan is one code as the scanner gave it.
type Scan struct {
	Text   []byte // any bytes
	Prefix string // AIM's without its bracket, "Q1"; empty where the scanner sends none
}

// LogValue says nothing of what was read.
func (Scan) LogValue() slog.Value { return slog.StringValue("a code") }

// Format says nothing of what was read.
func (Scan) Format(f fmt.State, _ rune) { f.Write([]byte("a code")) }

// Scanner is one scanner. Run is for one goroutine, everything else for any.
type Scanner struct {
	path    string
	options Options
	run     func(context.Context) error
	framer  framer
	report  func(Scan)
	strange int // codes in a row that came in another way than set up

	seed maphash.Seed
	held map[uint64]time.Time // texts of late, by their hash, and when they were last seen

	mu    sync.Mutex
	port  *serial.Port
	on    bool // the trigger
	fault error
}

func newScanner(path string, o Options) *Scanner {
	if o.Codes == "" {
		o.Codes = "Qdz"
	}
	if o.Hold == 0 {
		o.Hold = 1500 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Scanner{path: path, options: o, framer: framer{frame: o.Frame}, seed: maphash.MakeSeed(), held: map[uint64]time.Time{}}
	s.fault = s.at(errStarting)
	return s
}

// New is the scanner on a serial line. Nothing is opened before Run.
func New(l serial.Line, o Options) *Scanner {
	s := newScanner(l.Path, o)
	s.run = func(ctx context.Context) error { return serial.Follow(ctx, l, (*line)(s)) }
	return s
}

// Run reports codes until the context ends, and returns nil then.
func (s *Scanner) Run(ctx context.Context, report func(Scan)) error {
	s.report = report
	defer func() {
		s.mu.Lock()
		s.port = nil
		s.mu.Unlock()
		s.setFault(errStarting)
	}()
	return s.run(ctx)
}

// Fault is nil while codes can be read, and otherwise says what is wrong and what to do.
func (s *Scanner) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// setFault sets what is wrong, nil for nothing.
func (s *Scanner) setFault(err error) {
	if err != nil {
		err = s.at(err)
	}
	s.mu.Lock()
	before := s.fault
	s.fault = err
	s.mu.Unlock()
	switch {
	case err == nil && before != nil:
		s.options.Log.Info("scanner works", "path", s.path)
	case err != nil && (before == nil || before.Error() != err.Error()) && !errors.Is(err, errStarting):
		s.options.Log.Warn("scanner", "err", err)
	}
}

func (s *Scanner) at(err error) error { return fmt.Errorf("scanner at %s: %w", s.path, err) }

// Trigger has a serial scanner look for codes, or no longer; also after it was away. A
// scanner without these commands always looks.
func (s *Scanner) Trigger(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
	if s.port == nil {
		return s.at(ErrLost)
	}
	return s.trigger()
}

func (s *Scanner) trigger() error {
	command := s.options.Stop
	if s.on {
		command = s.options.Start
	}
	return s.send(command)
}

func (s *Scanner) send(command []byte) error {
	if s.port == nil || len(command) == 0 {
		return nil
	}
	_, err := s.port.Write(command)
	return err
}

// hear takes what came as one code, and reports it if it is what was set up.
func (s *Scanner) hear(p piece) error {
	prefix, text, why := s.options.split(p)
	if why != "" {
		if s.strange++; s.strange >= 2 {
			s.setFault(fmt.Errorf("%w: %s; scan the sheet that sets it up", ErrChanged, why))
		}
		return nil
	}
	s.strange = 0
	s.setFault(nil)
	s.mu.Lock()
	err := s.send(s.options.Good)
	s.mu.Unlock()
	if wanted := prefix == "" || strings.Contains(s.options.Codes, prefix[:1]); wanted && s.fresh(text, time.Now()) {
		s.report(Scan{Text: text, Prefix: prefix})
	}
	return err
}

// split takes the prefix off a code, or says why it is not as set up.
func (o *Options) split(p piece) (prefix string, text []byte, why string) {
	switch {
	case p.why != "":
		return "", nil, p.why
	case aim(p.text) && !o.AIM:
		return "", nil, "codes come with an AIM prefix"
	case !o.AIM:
		return "", p.text, ""
	case !aim(p.text):
		return "", nil, "codes come without an AIM prefix"
	}
	return string(p.text[1:3]), p.text[3:], ""
}

// aim reports whether a code begins with a symbology identifier: flag, letter, modifier
// (ISO/IEC 15424).
func aim(text []byte) bool {
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	return len(text) >= 3 && text[0] == ']' && letter(text[1]) && (letter(text[2]) || text[2] >= '0' && text[2] <= '9')
}

// mostHeld bounds the texts that are held off.
const mostHeld = 256

// fresh reports whether a text was not seen for the time of the hold-off.
func (s *Scanner) fresh(text []byte, now time.Time) bool {
	for hash, seen := range s.held {
		if now.Sub(seen) >= s.options.Hold {
			delete(s.held, hash)
		}
	}
	hash := maphash.Bytes(s.seed, text)
	_, again := s.held[hash]
	if !again && len(s.held) >= mostHeld {
		return false
	}
	s.held[hash] = now
	return !again
}
