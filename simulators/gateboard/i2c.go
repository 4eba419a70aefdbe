package gateboard

import (
	"errors"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"

	"example.org/checkpoint/simulators/gateboard/internal/pin"
)

// Registers with IOCON.BANK = 0 (Microchip DS20001952, table 3-1).
const (
	iodirA   = 0x00
	iodirB   = 0x01
	ipolA    = 0x02
	gpintenA = 0x04
	gpintenB = 0x05
	iocon    = 0x0a
	iocon2   = 0x0b // the same register
	gppuA    = 0x0c
	gppuB    = 0x0d
	intfA    = 0x0e
	intfB    = 0x0f
	intcapA  = 0x10
	intcapB  = 0x11
	gpioA    = 0x12
	gpioB    = 0x13
	olatA    = 0x14
	olatB    = 0x15
	count    = 0x16
)

var errNack = errors.New("no acknowledge")

// I2C is a board with an MCP23017 expander: port A drives the outputs, port B
// senses the inputs, INTB goes to a pin of the computer. A door has a second one at the
// next address: port B senses inputs 5 to 9, nothing else of it is wired, and what
// happens to the one happens to both. It implements i2c.Bus for a bus with nothing
// else on it. Of the chip's functions, interrupts against
// DEFVAL, inverted inputs, and everything in IOCON are not modelled and complained
// about. Pins that nothing drives read 0.
type I2C struct {
	INT *pin.Pin // active low

	board     *Board
	addr      uint16
	second    *I2C // of a door
	from      int  // the place of pin 0 of port B
	reg       [count]byte
	unplugged bool
	nacks     int    // transactions still to be refused
	low, high byte   // bits that read 0, or 1, whatever the chip says
	shorted   byte   // pins of port A that are short-circuited to ground
	deaf      bool   // edges of INT are lost
	before    uint16 // levels at the last change
	hung      chan struct{}
}

// sensors are the pins of port B that sense.
const sensors = 1<<plainInputs - 1

// NewI2C wires the chip at addr to the board.
func NewI2C(b *Board, addr uint16) *I2C {
	c := &I2C{INT: pin.New("INTB", gpio.High, b.odd), board: b, addr: addr}
	if b.door {
		c.second = &I2C{INT: pin.New("not wired", gpio.High, b.odd), board: b, addr: addr + 1, from: plainInputs}
	}
	c.Reset()
	b.change(func() {
		b.sensed = func(levels uint16) {
			c.sense(levels)
			if c.second != nil {
				c.second.sense(levels)
			}
		}
	})
	return c
}

// Reset switches the chip's power off and on (DS20001952 table 3-5, POR values).
func (c *I2C) Reset() {
	c.board.change(func() {
		for _, chip := range []*I2C{c, c.second} {
			if chip != nil {
				chip.reg = [count]byte{iodirA: 0xff, iodirB: 0xff}
				chip.before = c.board.levels()
				chip.INT.Drive(true, false)
			}
		}
		c.board.set(0)
	})
}

// Unplug takes the chip off the bus, Plug puts it back; its power stays on.
func (c *I2C) Unplug() { c.board.change(func() { c.unplugged = true; c.INT.Drive(true, false) }) }
func (c *I2C) Plug() {
	c.board.change(func() { c.unplugged = false; c.INT.Drive(gpio.Level(c.reg[intfB] == 0), !c.deaf) })
}

// Nack has the chip refuse the next n transactions.
func (c *I2C) Nack(n int) { c.board.change(func() { c.nacks = n }) }

// Stick holds bits of every byte read at 0 or at 1: Stick(0xff, 0) is a data line
// short-circuited to ground. Stick(0, 0) repairs it.
func (c *I2C) Stick(low, high byte) { c.board.change(func() { c.low, c.high = low, high }) }

// Short short-circuits outputs to ground; Short(0) repairs them.
func (c *I2C) Short(outputs byte) { c.board.change(func() { c.shorted = outputs; c.drive() }) }

// LoseEdges breaks the wire of INT.
func (c *I2C) LoseEdges() { c.board.change(func() { c.deaf = true }) }

func (c *I2C) String() string                  { return "gateboard" }
func (c *I2C) SetSpeed(physic.Frequency) error { return nil }

// Hang has transactions never return, as a bus does that a chip holds low and whose
// driver waits for it; Free lets them.
func (c *I2C) Hang() { c.board.change(func() { c.hung = make(chan struct{}) }) }
func (c *I2C) Free() { c.board.change(func() { close(c.hung); c.hung = nil }) }

// Tx is one transaction: register address, bytes written from there, then bytes
// read (DS20001952 section 3.3, sequential operation).
func (c *I2C) Tx(addr uint16, w, r []byte) (err error) {
	var hung chan struct{}
	c.board.change(func() { hung = c.hung })
	if hung != nil {
		<-hung
	}
	c.board.change(func() { err = c.tx(addr, w, r) })
	return err
}

func (c *I2C) tx(addr uint16, w, r []byte) error {
	if c.nacks > 0 {
		c.nacks--
		return errNack
	}
	if c.second != nil && addr == c.second.addr && !c.unplugged {
		c.second.low, c.second.high = c.low, c.high
		return c.second.tx(addr, w, r)
	}
	if addr != c.addr || c.unplugged {
		return errNack
	}
	if len(w) == 0 || w[0] >= count || int(w[0])+max(len(w)-1, len(r)) > count {
		c.board.complain("I2C: transaction % x, %d bytes to be read, is not within the registers", w, len(r))
		return errNack
	}
	p := int(w[0])
	for i, v := range w[1:] {
		c.write(p+i, v)
	}
	if len(w) > 1 {
		p += len(w) - 1
		c.drive()
	}
	if len(r) > 0 && p+len(r) > gpioB && p <= gpioB && c.from == 0 {
		c.board.counts.Polls++
	}
	for i := range r {
		r[i] = c.read(p+i)&^c.low | c.high
	}
	return nil
}

func (c *I2C) write(p int, v byte) {
	switch p {
	case intfA, intfB, intcapA, intcapB:
		c.board.complain("I2C: %#x written to the read-only register %#x", v, p)
		return
	case gpioA, gpioB: // writing a port writes its latch
		p += olatA - gpioA
	case iodirB:
		if v&sensors != sensors {
			c.board.complain("I2C: IODIRB = %#x drives against the sensors", v)
		}
	case iodirA, gpintenA, gpintenB, gppuA, gppuB, olatA, olatB:
	default:
		if v != 0 {
			c.board.complain("I2C: %#x in register %#x is not modelled", v, p)
		}
	}
	c.reg[p] = v
}

func (c *I2C) read(p int) byte {
	switch p {
	case gpioA:
		return c.reg[olatA] &^ c.reg[iodirA] &^ c.shorted
	case gpioB, intcapB: // either read clears the interrupt (section 3.5.9)
		v := c.reg[intcapB]
		if p == gpioB {
			v = c.portB(c.board.levels())
		}
		c.reg[intfB] = 0
		c.INT.Drive(true, false)
		return v
	}
	return c.reg[p]
}

// portB is what the pins of port B are at.
func (c *I2C) portB(levels uint16) byte {
	in := c.reg[iodirB]
	return c.reg[olatB]&^in | in&byte(levels>>c.from)&sensors | in&^sensors&c.reg[gppuB]
}

// drive has the outputs follow the registers. Resistors pull pins that are inputs
// down.
func (c *I2C) drive() {
	if c.from > 0 {
		return
	}
	outputs := c.reg[olatA] &^ c.reg[iodirA] &^ c.shorted
	if (outputs^c.board.outputs)&outHeartbeat != 0 {
		if c.reg[gpintenB]&sensors != sensors {
			c.board.complain("I2C: heartbeat while GPINTENB = %#x: not every input interrupts", c.reg[gpintenB])
		}
		c.board.beat()
	}
	c.board.set(outputs)
}

// sense raises the interrupt-on-change: the first change is captured, later ones
// wait until it has been read (section 3.6).
func (c *I2C) sense(levels uint16) {
	now := c.portB(levels)
	changed := (now ^ c.portB(c.before)) & c.reg[gpintenB] & c.reg[iodirB]
	c.before = levels
	if changed == 0 || c.reg[intfB] != 0 {
		return
	}
	c.reg[intfB], c.reg[intcapB] = changed, now
	if !c.unplugged {
		c.INT.Drive(false, !c.deaf)
	}
}
