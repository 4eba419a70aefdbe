// Package card pretends to be pcscd with a reader and cards on it, at the level of the
// daemon's socket (Daemon) and of the commands that a card takes (Card). It knows files,
// not tokens; it keeps what a driver did wrong.
package card

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Card is a card with one application that has one transparent file.
type Card struct {
	Application []byte // its name; of a card of another kind another one
	ID          []byte // the file's, two bytes
	Content     []byte
	ATR         []byte
	T0          bool // data and answers in one command do not go together: 61xx and 6Cxx
	Most        int  // bytes of an answer, if not 0

	mu       sync.Mutex
	selected int // 0 nothing, 1 the application, 2 the file
	waiting  []byte
	errors   []string
}

// Reset is what power does.
func (c *Card) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.selected, c.waiting = 0, nil
}

// Errors is what the driver did wrong.
func (c *Card) Errors() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errors
}

// Answer carries out a command (ISO/IEC 7816-4).
func (c *Card) Answer(command []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, status := c.answer(command)
	if c.Most > 0 && len(data) > c.Most {
		data = data[:c.Most]
	}
	return binary.BigEndian.AppendUint16(append([]byte(nil), data...), status)
}

func (c *Card) complain(format string, args ...any) {
	c.errors = append(c.errors, fmt.Sprintf(format, args...))
}

func (c *Card) answer(command []byte) (data []byte, status uint16) {
	if len(command) < 5 || command[0] != 0 {
		c.complain("command % x has no class and instruction of ISO 7816-4", command)
		return nil, 0x6E00
	}
	waiting := c.waiting
	c.waiting = nil
	body := command[5:]
	switch p1, p2, length := command[2], command[3], int(command[4]); command[1] {
	case 0xA4:
		if len(body) != length || p2 != 0x0C {
			c.complain("selection % x is not one without answer", command)
			return nil, 0x6700
		}
		switch {
		case p1 == 4 && string(body) == string(c.Application):
			c.selected = 1
			return nil, 0x9000
		case p1 == 2 && c.selected > 0 && string(body) == string(c.ID):
			c.selected = 2
			return nil, 0x9000
		case p1 == 2 && c.selected == 0:
			c.complain("a file was selected in no application")
		}
		return nil, 0x6A82
	case 0xB0:
		at := int(p1)<<8 | int(p2)
		switch {
		case len(body) > 0:
			c.complain("reading % x has data", command)
			return nil, 0x6700
		case c.selected != 2:
			c.complain("no file was selected to read")
			return nil, 0x6986
		case at >= len(c.Content):
			return nil, 0x6B00
		}
		if length == 0 {
			length = 256
		}
		rest := c.Content[at:]
		switch {
		case length > len(rest) && c.T0:
			return nil, 0x6C00 | uint16(len(rest))
		case length > len(rest):
			return rest, 0x6282
		case c.T0 && length > 100:
			c.waiting = rest[:length]
			return nil, 0x6100 | uint16(length&0xff)
		}
		return rest[:length], 0x9000
	case 0xC0:
		if waiting == nil || length != len(waiting)&0xff {
			c.complain("GET RESPONSE % x, and %d bytes wait", command, len(waiting))
			return nil, 0x6700
		}
		return waiting, 0x9000
	}
	c.complain("command % x is none of a file system", command)
	return nil, 0x6D00
}
