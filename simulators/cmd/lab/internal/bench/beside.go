package bench

import (
	"net"
	"path/filepath"
	"strings"
	"sync"

	"example.org/checkpoint/simulators/document"
	"example.org/checkpoint/simulators/printer"
	"example.org/checkpoint/simulators/scanner"
)

// beside is what stands at a lane beside camera and board; nil for what does not.
type beside struct {
	scanner *scanner.Serial
	papers  *document.Reader
	printer *socket
}

// How scanner and document reader were set up, and what a sheet with other codes makes of
// the scanner.
var (
	asBought = scanner.Setup{After: "\r", AIM: true, Good: "\x06"}
	asSheet  = scanner.Setup{Before: "\x02", After: "\x03", Good: "\x06"}
	asReader = document.Setup{EndOfLine: "\r"}
)

// Acceptance is the byte, in hexadecimal, by which the scanner is told that a code was good.
const Acceptance = "06"

// passport is the specimen of ICAO Doc 9303 part 4, with an expiry that is yet to come.
var passport = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3504152ZE184226B<<<<<16"}

// put puts up what a lane of a kind has: a scanner at a venue's door; a document reader
// and a printer at a border.
func (b *beside) put(kind, name, dir string) (p Place, err error) {
	if kind == Venue {
		p.Scanner = filepath.Join(dir, "scanner-"+name)
		b.scanner, err = scanner.NewSerial(p.Scanner, asBought)
		return p, err
	}
	p.Papers = filepath.Join(dir, "papers-"+name)
	if b.papers, err = document.New(p.Papers, asReader); err != nil {
		return p, err
	}
	b.printer, err = newSocket(printer.New(printer.Options{Speed: 800}))
	if err == nil {
		p.Printer = "tcp://" + b.printer.address
	}
	return p, err
}

// complaints is what the devices were told that they should not have been.
func (b *beside) complaints() (all []string) {
	if b.scanner != nil {
		all = append(all, b.scanner.Errors()...)
	}
	if b.papers != nil {
		all = append(all, b.papers.Errors()...)
	}
	if b.printer != nil {
		if err := b.printer.paper.Err(); err != nil {
			all = append(all, strings.Split(err.Error(), "\n")...)
		}
	}
	return all
}

// socket is a printer on the network whose cable can be pulled.
type socket struct {
	paper   *printer.Printer
	address string

	mu       sync.Mutex
	listener net.Listener
}

func newSocket(p *printer.Printer) (*socket, error) {
	s := &socket{paper: p, address: "127.0.0.1:0"}
	return s, s.plug()
}

func (s *socket) plug() error {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address, s.listener = listener.Addr().String(), listener
	go s.paper.Listen(listener) // ends with pull, at the latest with the process
	return nil
}

func (s *socket) pull() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.listener.Close()
	s.paper.After(0, printer.Unplug)
	return err
}
