package card

import (
	"encoding/binary"
	"io"
)

// ServeVPCD lays a card on the virtual reader of a real pcscd (vsmartcard's vpcd) for as
// long as the connection lasts. It speaks messages after two bytes of length, high byte
// first, of which those of one byte are the reader's own.
func (c *Card) ServeVPCD(conn io.ReadWriter) error {
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return err
		}
		message := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, message); err != nil {
			return err
		}
		var answer []byte
		switch {
		case len(message) != 1:
			answer = c.Answer(message)
		case message[0] == 4:
			answer = c.ATR
		default: // power off, power on, reset
			c.Reset()
			continue
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return err
		}
	}
}
