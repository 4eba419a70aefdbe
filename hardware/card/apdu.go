package card

import (
	"encoding/binary"
	"fmt"
)

// Of the profile.
var (
	application = []byte{0xF0, 0x43, 0x48, 0x4B, 0x50, 0x54, 0x01}
	file        = []byte{0x48, 0x01}
)

const (
	largest = 4096 // bytes of a token
	chunk   = 240  // bytes asked for at once: what every card and reader takes

	// Instructions (ISO/IEC 7816-4 section 5.4.2, table 4).
	insSelect      = 0xA4
	insReadBinary  = 0xB0
	insGetResponse = 0xC0

	// Status words (ISO/IEC 7816-4 section 5.6).
	statusOK    = 0x9000
	statusEnd   = 0x6282 // the file ended before what was asked for
	statusMore  = 0x61   // so many bytes are there to be fetched
	statusWrong = 0x6C   // ask again for so many bytes
)

// mostAnswers is how many answers one command may take.
const mostAnswers = 8

// transmit sends a command to a card and gives its answer.
type transmit func(command []byte) (answer []byte, err error)

// readToken reads what a card of the profile holds, in at most 38 commands of at most
// mostAnswers answers each.
func readToken(send transmit) ([]byte, error) {
	selects := [][]byte{
		append([]byte{0x00, insSelect, 0x04, 0x0C, byte(len(application))}, application...),
		append([]byte{0x00, insSelect, 0x02, 0x0C, byte(len(file))}, file...),
	}
	for i, command := range selects {
		_, status, err := exchange(send, command)
		if err != nil {
			return nil, err
		}
		if status != statusOK {
			return nil, fmt.Errorf("%w: status %04X to selection %d", ErrForeign, status, i+1)
		}
	}
	head, err := readBinary(send, 0, 2)
	if err != nil {
		return nil, err
	}
	if len(head) < 2 {
		return nil, fmt.Errorf("%w: no length", ErrDamaged)
	}
	size := int(binary.BigEndian.Uint16(head))
	if size == 0 || size > largest {
		return nil, fmt.Errorf("%w: a token of %d bytes", ErrDamaged, size)
	}
	token := make([]byte, 0, size)
	for reads := 0; len(token) < size; reads++ {
		part, err := readBinary(send, 2+len(token), min(chunk, size-len(token)))
		if err != nil {
			return nil, err
		}
		// A card may give less than was asked for, but not crumbs.
		if len(part) == 0 || reads > 2*largest/chunk {
			return nil, fmt.Errorf("%w: it ends after %d of %d bytes", ErrDamaged, len(token), size)
		}
		token = append(token, part...)
	}
	return token, nil
}

// readBinary reads up to n bytes of the file from an offset below 32,768.
func readBinary(send transmit, offset, n int) ([]byte, error) {
	data, status, err := exchange(send, []byte{0x00, insReadBinary, byte(offset >> 8), byte(offset), byte(n)})
	if err != nil {
		return nil, err
	}
	if status != statusOK && status != statusEnd {
		return nil, fmt.Errorf("%w: status %04X to reading at %d", ErrDamaged, status, offset)
	}
	if len(data) > n {
		return nil, fmt.Errorf("%w: %d bytes for %d", ErrDamaged, len(data), n)
	}
	return data, nil
}

// exchange sends one command, and the commands that fetch the rest of its answer (ISO/IEC
// 7816-3 section 10.3, ISO/IEC 7816-4 section 5.3.4).
func exchange(send transmit, command []byte) (data []byte, status uint16, err error) {
	for range mostAnswers {
		answer, err := send(command)
		if err != nil {
			return nil, 0, err
		}
		if len(answer) < 2 {
			return nil, 0, fmt.Errorf("%w: an answer without status", ErrHeld)
		}
		end := len(answer) - 2
		data = append(data, answer[:end]...)
		status = binary.BigEndian.Uint16(answer[end:])
		switch {
		case len(data) > largest:
			return nil, 0, fmt.Errorf("%w: an answer of %d bytes", ErrDamaged, len(data))
		case status>>8 == statusMore:
			command = []byte{0x00, insGetResponse, 0, 0, byte(status)}
		case status>>8 == statusWrong && len(command) == 5:
			command = append(append([]byte(nil), command[:4]...), byte(status))
		default:
			return data, status, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: an answer without end", ErrDamaged)
}
