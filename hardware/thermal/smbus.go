package thermal

import (
	"fmt"
	"time"
)

// Commands (Melexis 3901090614, SMBus commands): RAM at 0x00, EEPROM at 0x20.
const (
	ramAmbient = 0x06
	ramObject  = 0x07
	cellKe     = 0x24
	errorFlag  = 0x8000
)

// settle is twice what an EEPROM cell takes to be erased or written.
const settle = 10 * time.Millisecond

// word reads a word: low byte, high byte, packet error code.
func (s *Sensor) word(command byte) (uint16, error) {
	var r [3]byte
	if err := s.dev.Tx([]byte{command}, r[:]); err != nil {
		return 0, fmt.Errorf("check the sensor's cable: %w", err)
	}
	a := byte(s.dev.Addr) << 1
	if pec(a, command, a|1, r[0], r[1]) != r[2] {
		return 0, errCode
	}
	return uint16(r[0]) | uint16(r[1])<<8, nil
}

func (s *Sensor) write(command byte, v uint16) error {
	lo, hi := byte(v), byte(v>>8)
	return s.dev.Tx([]byte{command, lo, hi, pec(byte(s.dev.Addr)<<1, command, lo, hi)}, nil)
}

// celsius reads a temperature, in units of 0.02 K, that must be within two.
func (s *Sensor) celsius(command byte, least, most float64) (float64, error) {
	v, err := s.word(command)
	if err != nil {
		return 0, err
	}
	if v&errorFlag != 0 {
		return 0, errFlag
	}
	c := float64(v)*0.02 - 273.15
	if c < least || c > most {
		return 0, errRange
	}
	return c, nil
}

// pec is the packet error code of SMBus 3.1 section 5.4.1.
func pec(message ...byte) (c byte) {
	for _, b := range message {
		c ^= b
		for range 8 {
			c = c<<1 ^ c>>7*0x07
		}
	}
	return c
}
