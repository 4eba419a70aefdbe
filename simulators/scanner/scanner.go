// Package scanner pretends to be hardware scanners at the level of their wires: an imager
// on a serial line (Serial), and one that types, as records of the kernel's input events
// in a FIFO (Wedge). It sends what it is shown as it was set up to, takes the commands of
// its manual and no other, and keeps what a driver did wrong.
package scanner

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"example.org/checkpoint/simulators/pty"
)

// Setup is how a scanner was set up.
type Setup struct {
	Before, After string // around each code
	AIM           bool   // the AIM prefix too

	// Commands; one that is empty is not there.
	Lock, Start, Stop, Good string
}

// Serial is a scanner on a serial line.
type Serial struct {
	link    string
	port    *pty.Port
	serving sync.WaitGroup

	mu     sync.Mutex
	setup  Setup
	locked bool
	looks  bool
	owed   int // acknowledgements
	beeps  int
	errors []string
	split  int
	pause  time.Duration
	late   time.Duration
	torn   int // bytes of the next code that are sent; -1 all
}

// NewSerial plugs a scanner in. The symbolic link leads to its terminal.
func NewSerial(link string, set Setup) (*Serial, error) {
	s := &Serial{link: link, setup: set, torn: -1}
	return s, s.Plug()
}

// Plug plugs it in, at another terminal than before. It has just started: it is unlocked
// and looks for codes unless there is a command for that.
func (s *Serial) Plug() error {
	port, err := pty.Open()
	if err != nil {
		return err
	}
	if err := port.Link(s.link); err != nil {
		port.Close()
		return err
	}
	s.mu.Lock()
	s.port, s.locked, s.looks, s.owed = port, false, s.setup.Start == "", 0
	s.mu.Unlock()
	s.serving.Go(func() { s.serve(port) }) // ends with Unplug
	return nil
}

// Unplug pulls the cable.
func (s *Serial) Unplug() error {
	defer s.serving.Wait()
	return s.port.Close()
}

// serve takes commands. What is none, and none begins with, is a mistake of the driver.
func (s *Serial) serve(port io.Reader) {
	var pending []byte
	for chunk := make([]byte, 256); ; {
		n, err := port.Read(chunk)
		if err != nil {
			return
		}
		s.mu.Lock()
		for _, b := range chunk[:n] {
			if pending = append(pending, b); s.obey(string(pending)) {
				pending = nil
			}
		}
		s.mu.Unlock()
	}
}

// obey carries out what may be a command, and is false while more may follow.
func (s *Serial) obey(command string) bool {
	switch {
	case command == s.setup.Lock:
		s.locked = true
	case command == s.setup.Start:
		s.looks = true
	case command == s.setup.Stop:
		s.looks = false
	case command == s.setup.Good:
		s.beeps++
		if s.owed == 0 {
			s.errors = append(s.errors, "an acknowledgement of no code")
		} else {
			s.owed--
		}
	default:
		for _, c := range []string{s.setup.Lock, s.setup.Start, s.setup.Stop, s.setup.Good} {
			if len(c) > len(command) && c[:len(command)] == command {
				return false
			}
		}
		s.errors = append(s.errors, fmt.Sprintf("command % x is in no manual", command))
	}
	return true
}

// Show holds a code of a symbology, as "Q1", up to the scanner. It sends nothing while it
// does not look.
func (s *Serial) Show(symbology string, text []byte) {
	s.mu.Lock()
	looks, after := s.looks, s.late
	code := s.encode(symbology, text)
	if s.torn >= 0 {
		code, s.torn = code[:min(s.torn, len(code))], -1
	} else if looks {
		s.owed++
	}
	split, pause := s.split, s.pause
	port := s.port
	s.mu.Unlock()
	if !looks {
		return
	}
	time.Sleep(after)
	if split == 0 {
		split = len(code)
	}
	for len(code) > 0 {
		n := min(split, len(code))
		if _, err := port.Write(code[:n]); err != nil {
			return
		}
		if code = code[n:]; len(code) > 0 {
			time.Sleep(pause)
		}
	}
}

func (s *Serial) encode(symbology string, text []byte) []byte {
	var b bytes.Buffer
	b.WriteString(s.setup.Before)
	if s.setup.AIM {
		b.WriteString("]" + symbology)
	}
	b.Write(text)
	b.WriteString(s.setup.After)
	return b.Bytes()
}

// Program holds a sheet of programming codes up to the scanner, and reports whether it
// took it.
func (s *Serial) Program(set Setup) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.locked {
		s.setup = set
	}
	return !s.locked
}

// Noise has the line pick something up.
func (s *Serial) Noise(b []byte) { s.port.Write(b) }

// Split has codes come in parts of so many bytes, with pauses between.
func (s *Serial) Split(n int, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.split, s.pause = n, pause
}

// Late has codes come so much after they were shown.
func (s *Serial) Late(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = by
}

// Tear has only the first n bytes of the next code come.
func (s *Serial) Tear(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.torn = n
}

// State is what a scanner shows.
type State struct {
	Locked, Looks bool
	Beeps         int
	Owed          int // codes that were not acknowledged
}

// State tells what the scanner shows.
func (s *Serial) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{s.locked, s.looks, s.beeps, s.owed}
}

// Errors is what the driver did wrong.
func (s *Serial) Errors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errors
}
