package gate

import (
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"
)

// Registers of the MCP23017 with IOCON.BANK = 0 (Microchip DS20001952, table 3-1).
const (
	regIODIRA   = 0x00 // 1: input
	regIPOLA    = 0x02
	regGPINTENB = 0x05 // 1: interrupt when the input changes
	regINTCONB  = 0x09
	regIOCON    = 0x0a
	regGPPUB    = 0x0d // 1: pull-up
	regINTFB    = 0x0f // INTFB, INTCAPA, INTCAPB, GPIOA, GPIOB, OLATA follow each other
	regOLATA    = 0x14
	registers   = 0x16
)

// The pins of port B that sense nothing tell a board that works from one that was
// reset and from a bus that is stuck, at 0 or at 1: two are pulled up, one is driven
// low. The latter is pin 7, which the datasheet (revision D, 2022) no longer allows
// to be an input, because a change there may spoil what is being read.
const (
	spareHigh = 1<<5 | 1<<6
	spareLow  = 1 << 7
	directB   = 0xff &^ spareLow

	chipInputs = 1<<plainInputs - 1
)

// chip is an MCP23017: port A drives, port B senses. A board that is wired for a door
// has a second one at the next address, whose port B senses places 5 to 9 likewise and
// whose port A is not wired.
type chip struct {
	dev       i2c.Dev
	second    *chip // nil for none
	intB      gpio.PinIn
	out       byte // what port A drives; the second drives nothing
	invertOut byte
	invertIn  bits
}

// NewI2C returns the board whose port expander is at addr, 0x20 to 0x27, on the
// bus. intB is the pin that the chip's INTB is wired to; without it, nil, inputs are
// noticed at the next poll, as those of a door's second chip are.
func NewI2C(bus i2c.Bus, addr uint16, intB gpio.PinIn) *Board {
	return newBoard(&chip{dev: i2c.Dev{Bus: bus, Addr: addr}, intB: intB})
}

func (c *chip) wired(door bool, out byte, in bits) {
	c.invertOut, c.invertIn = out, in
	if door {
		c.second = &chip{dev: i2c.Dev{Bus: c.dev.Bus, Addr: c.dev.Addr + 1}}
	}
}

// open configures the chips. Port A's latch is written before its direction, so that
// what is driven now stays as it is; after a reset that is nothing, and resistors
// keep every output off.
func (c *chip) open() error {
	if c.intB != nil {
		if err := c.intB.In(gpio.PullUp, gpio.FallingEdge); err != nil {
			return fmt.Errorf("%v as an input for INTB: %w", c.intB, err)
		}
	}
	if err := c.setUp(0); err != nil {
		return err
	}
	if c.second != nil {
		if err := c.second.setUp(0xff); err != nil {
			return err
		}
	}
	if _, err := c.sense(); err != nil && !errors.Is(err, errUnsound) {
		return err
	}
	return nil
}

// setUp gives port A its direction.
func (c *chip) setUp(directA byte) error {
	var r [registers]byte
	if err := c.dev.Tx([]byte{0}, r[:]); err != nil {
		return c.failed(err)
	}
	if r[regIOCON]|r[regIPOLA]|r[regIPOLA+1]|r[regINTCONB] != 0 {
		return fmt.Errorf("%v: set up for something else: switch the board off and on", &c.dev)
	}
	c.out = (r[regOLATA]&^r[regIODIRA] | c.invertOut&r[regIODIRA]) &^ directA
	for _, w := range [][]byte{
		{regOLATA, c.out, 0},
		{regIODIRA, directA, directB},
		{regGPPUB, spareHigh},
		{regGPINTENB, chipInputs},
	} {
		if err := c.dev.Tx(w, nil); err != nil {
			return c.failed(err)
		}
	}
	return nil
}

func (c *chip) close() {}
func (c *chip) rest()  {}

// sense reads what an interrupt captured, if there was one, and the inputs as they
// are now.
func (c *chip) sense() (samples []bits, unsound error) {
	captured, now, err := c.read()
	if err != nil && !errors.Is(err, errUnsound) {
		return nil, err
	}
	unsound = err
	was, is := bits(captured), bits(now)
	if c.second != nil {
		captured, now, err := c.second.read()
		if err != nil && !errors.Is(err, errUnsound) {
			return nil, err
		}
		was, is = was|bits(captured)<<plainInputs, is|bits(now)<<plainInputs
	}
	if was != is {
		samples = append(samples, was^c.invertIn)
	}
	return append(samples, is^c.invertIn), unsound
}

// read reads one chip: the inputs when an interrupt captured them, or else as they are
// now, and as they are now.
func (c *chip) read() (captured, now byte, unsound error) {
	var r [regOLATA + 1 - regINTFB]byte
	if err := c.dev.Tx([]byte{regINTFB}, r[:]); err != nil {
		return 0, 0, c.failed(err)
	}
	intf, pins, latch := r[0], r[3], r[5]
	if captured, now = r[2], r[4]; intf == 0 {
		captured = now
	}
	for _, s := range [...]byte{captured, now} {
		if s&^chipInputs != spareHigh {
			return 0, 0, fmt.Errorf("%v: reads %08b: the board was reset, or the bus is stuck", &c.dev, s)
		}
	}
	if latch != c.out {
		return 0, 0, fmt.Errorf("%v: drives %08b instead of %08b", &c.dev, latch, c.out)
	}
	if pins != c.out {
		unsound = fmt.Errorf("%w: %v: outputs are %08b instead of %08b: look for a short circuit", errUnsound, &c.dev, pins, c.out)
	}
	return captured & chipInputs, now & chipInputs, unsound
}

func (c *chip) drive(outputs, which byte) error {
	return c.latch(c.out&^which | (outputs^c.invertOut)&which)
}

func (c *chip) beat() error { return c.latch(c.out ^ outHeartbeat) }

func (c *chip) latch(out byte) error {
	if err := c.dev.Tx([]byte{regOLATA, out}, nil); err != nil {
		return c.failed(err)
	}
	c.out = out
	return nil
}

// wait ends early when the chip interrupts. A line of Linux waits for ever if it is
// told to wait for no time.
func (c *chip) wait(at time.Time) {
	switch d := time.Until(at); {
	case d <= 0:
	case c.intB == nil:
		time.Sleep(d)
	default:
		c.intB.WaitForEdge(d)
	}
}

func (c *chip) failed(err error) error { return fmt.Errorf("%v: %w", &c.dev, err) }
