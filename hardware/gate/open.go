package gate

import (
	"fmt"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// NewI2C returns the board whose port expander is at addr, 0x20 to 0x27, on the
// bus. intB is the pin that the chip's INTB is wired to; without it, nil, inputs are
// noticed at the next poll, as those of a door's second chip are.
func NewI2C(bus i2c.Bus, addr uint16, intB gpio.PinIn) *Board {
	return newBoard(wire.NewChip(bus, addr, intB))
}

// Line is a serial board and the line it is on.
type Line struct {
	Path string // of the tty, as /dev/serial/by-id/...
	Baud uint   // 115200 if zero; eight bits, no parity, one stop bit
	Unit uint8  // Modbus address, 1 if zero
}

// NewSerial returns the board on the line. While Run serves it no other program
// that does likewise can.
func NewSerial(l Line) *Board {
	if l.Baud == 0 {
		l.Baud = 115200
	}
	if l.Unit == 0 {
		l.Unit = 1
	}
	return newBoard(wire.NewSlave(l.Path, l.Baud, l.Unit))
}

// NewGPIO returns the board whose lines are given by their names. It needs access,
// heartbeat, entry, exit and alarm, for a door middle, closed and locked too; lamps and
// keys that are not there do nothing, and a cabinet and loops are taken to be well.
//
// Inputs are pulled towards what a broken wire means: beam broken, alarm, cabinet open.
// Outputs are off from when Run begins; before that, and when the program has ended,
// resistors must keep them so.
func NewGPIO(lines map[string]gpio.PinIO) (*Board, error) {
	pins, err := wire.NewPins(lines)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWiring, err)
	}
	return newBoard(pins), nil
}
