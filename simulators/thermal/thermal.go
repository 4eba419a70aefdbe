// Package thermal is an infrared thermometer MLX90614 at register level, alone on an
// I²C bus: SMBus words with packet error codes, EEPROM that wants to be erased before
// it is written, and the values of a sensor fresh from its box. What no driver should
// say is refused and remembered.
package thermal

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"periph.io/x/conn/v3/physic"
)

// Commands and cells (Melexis 3901090614, tables of EEPROM, RAM and SMBus commands).
const (
	ramAmbient = 0x06
	ramObject  = 0x07
	eeprom     = 0x20 // and the cell
	cellKe     = 0x04 // emissivity, 65535 is 1
	cellConfig = 0x05
	cellName   = 0x0e // SMBus address
	errorFlag  = 0x8000
)

const (
	writing = 5 * time.Millisecond   // an EEPROM cell is erased or written
	warm    = 250 * time.Millisecond // from power-up to the first value
	fastest = 100 * physic.KiloHertz // SMBus
)

// errNack is what the computer's end of the bus says when nobody answers.
var errNack = errors.New("no acknowledge")

// Sensor is one thermometer. It implements i2c.Bus for a bus with nothing else on it.
type Sensor struct {
	mu      sync.Mutex
	addr    uint16
	cells   [32]uint16
	object  float64 // °C
	ambient float64
	ready   time.Time // since when values are there
	busy    time.Time // until when the EEPROM is
	reads   int
	errs    []string

	unplugged bool
	nacks     int
	spoil     int // packet error codes still to be wrong
	flagged   bool
	low, high byte
	late      time.Duration
	hung      chan struct{}
}

// New returns the sensor at 0x5a, warm, in a room of 23 °C with nobody before it.
func New() *Sensor {
	s := &Sensor{addr: 0x5a, object: 23, ambient: 23}
	s.cells[0x00], s.cells[0x01], s.cells[0x02], s.cells[0x03] = 0x9993, 0x62e3, 0x0201, 0xf71c
	s.cells[cellKe], s.cells[cellConfig], s.cells[cellName] = 0xffff, 0x9fb4, 0xbe5a
	return s
}

func (s *Sensor) with(f func()) { s.mu.Lock(); defer s.mu.Unlock(); f() }

// Show puts a surface of so many °C before the sensor, which itself has ambient.
func (s *Sensor) Show(object, ambient float64) {
	s.with(func() { s.object, s.ambient = object, ambient })
}

// Reset switches the power off and on. Cells stay, values take 250 ms.
func (s *Sensor) Reset() { s.with(func() { s.ready = time.Now().Add(warm) }) }

// Unplug takes the sensor off the bus, Plug puts it back, switched on anew.
func (s *Sensor) Unplug() { s.with(func() { s.unplugged = true }) }
func (s *Sensor) Plug()   { s.with(func() { s.unplugged = false; s.ready = time.Now().Add(warm) }) }

// Nack has the sensor refuse the next n transactions.
func (s *Sensor) Nack(n int) { s.with(func() { s.nacks = n }) }

// Spoil has the next n words come with a wrong packet error code.
func (s *Sensor) Spoil(n int) { s.with(func() { s.spoil = n }) }

// Flag has the sensor set the error flag of its values.
func (s *Sensor) Flag(on bool) { s.with(func() { s.flagged = on }) }

// Stick holds bits of every byte read at 0 or at 1. Stick(0, 0) repairs it.
func (s *Sensor) Stick(low, high byte) { s.with(func() { s.low, s.high = low, high }) }

// Late has every transaction take so long: the sensor stretches the clock.
func (s *Sensor) Late(d time.Duration) { s.with(func() { s.late = d }) }

// Hang has transactions never return, Free lets them.
func (s *Sensor) Hang() { s.with(func() { s.hung = make(chan struct{}) }) }
func (s *Sensor) Free() { s.with(func() { close(s.hung); s.hung = nil }) }

// Emissivity is what the cell says, 0 to 1.
func (s *Sensor) Emissivity() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.cells[cellKe]) / math.MaxUint16
}

// Reads is how many words were read.
func (s *Sensor) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Errors returns what a driver said that no driver of this sensor should say.
func (s *Sensor) Errors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.errs...)
}

func (s *Sensor) complain(format string, args ...any) error {
	if len(s.errs) < 100 {
		s.errs = append(s.errs, fmt.Sprintf(format, args...))
	}
	return errNack
}

func (s *Sensor) String() string { return "thermal" }

// SetSpeed takes what SMBus allows.
func (s *Sensor) SetSpeed(f physic.Frequency) (err error) {
	s.with(func() {
		if f > fastest {
			err = s.complain("bus at %v: SMBus goes to 100 kHz", f)
		}
	})
	return err
}

// Tx is one transaction.
func (s *Sensor) Tx(addr uint16, w, r []byte) error {
	s.mu.Lock()
	late, hung := s.late, s.hung
	s.mu.Unlock()
	if hung != nil {
		<-hung
	}
	time.Sleep(late)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.nacks > 0:
		s.nacks--
		return errNack
	case addr != s.addr || s.unplugged:
		return errNack
	case len(w) == 1 && len(r) == 3:
		return s.read(w[0], r)
	case len(w) == 4 && len(r) == 0:
		return s.write(w)
	}
	return s.complain("% x written, %d bytes to be read: a word is a command and two bytes with their code", w, len(r))
}

// read answers a word, its low byte first, and its packet error code.
func (s *Sensor) read(command byte, r []byte) error {
	var v uint16
	switch now := time.Now(); {
	case command == ramAmbient || command == ramObject:
		celsius := s.ambient
		if command == ramObject {
			celsius = s.object
		}
		if !now.Before(s.ready) {
			v = uint16(math.Round((celsius + 273.15) * 50))
		}
		if s.flagged {
			v |= errorFlag
		}
	case command&^0x1f == eeprom:
		if now.Before(s.busy) {
			return s.complain("cell %#02x read while the EEPROM is busy", command&0x1f)
		}
		v = s.cells[command&0x1f]
	default:
		return s.complain("command %#02x is not modelled", command)
	}
	s.reads++
	a := byte(s.addr) << 1
	r[0], r[1] = byte(v), byte(v>>8)
	r[2] = pec(a, command, a|1, r[0], r[1])
	if s.spoil > 0 {
		s.spoil--
		r[2] ^= 1
	}
	for i := range r {
		r[i] = r[i]&^s.low | s.high
	}
	return nil
}

// write writes a cell that was erased, or erases it.
func (s *Sensor) write(w []byte) error {
	cell, v := w[0]&0x1f, uint16(w[1])|uint16(w[2])<<8
	now := time.Now()
	switch {
	case pec(byte(s.addr)<<1, w[0], w[1], w[2]) != w[3]:
		return s.complain("% x: wrong packet error code", w)
	case w[0]&^0x1f != eeprom:
		return s.complain("% x: only the EEPROM is written", w)
	case cell != cellKe:
		return s.complain("cell %#02x is none of the driver's", cell)
	case now.Before(s.busy):
		return s.complain("cell %#02x written while the EEPROM is busy", cell)
	case v != 0 && s.cells[cell] != 0:
		return s.complain("cell %#02x written before it was erased", cell)
	}
	s.cells[cell], s.busy = v, now.Add(writing)
	return nil
}

// pec is the packet error code of SMBus 3.1 section 5.4.1: CRC-8, x⁸+x²+x+1.
func pec(message ...byte) (c byte) {
	for _, b := range message {
		c ^= b
		for range 8 {
			high := c&0x80 != 0
			c <<= 1
			if high {
				c ^= 0x07
			}
		}
	}
	return c
}
