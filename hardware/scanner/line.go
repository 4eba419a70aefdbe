package scanner

import (
	"time"

	"example.org/checkpoint/hardware/serial"
)

// line is a scanner as it listens to its serial line.
type line Scanner

// Opened sends the commands that set the scanner to work.
func (l *line) Opened(p *serial.Port) error {
	s := (*Scanner)(l)
	s.mu.Lock()
	s.port = p
	err := s.send(s.options.Lock)
	if err == nil {
		err = s.trigger()
	}
	s.mu.Unlock()
	s.framer, s.strange = framer{frame: s.options.Frame}, 0
	if err == nil {
		s.setFault(nil)
	}
	return err
}

// Lost is told why the line cannot be had.
func (l *line) Lost(err error) {
	s := (*Scanner)(l)
	s.mu.Lock()
	s.port = nil
	s.mu.Unlock()
	s.setFault(err)
}

// Take cuts what came into codes.
func (l *line) Take(data []byte) (time.Duration, error) {
	return (*Scanner)(l).take(data)
}

// take cuts bytes into codes, none for a pause, and says how long to wait for more.
func (s *Scanner) take(data []byte) (time.Duration, error) {
	if len(data) == 0 {
		if p, ok := s.framer.quiet(); ok {
			if err := s.hear(p); err != nil {
				return 0, err
			}
		}
	}
	for _, b := range data {
		if p, ok := s.framer.take(b); ok {
			if err := s.hear(p); err != nil {
				return 0, err
			}
		}
	}
	return s.framer.patience(), nil
}
