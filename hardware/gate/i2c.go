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
)

// chip is an MCP23017: port A drives, port B senses.
type chip struct {
	dev  i2c.Dev
	intB gpio.PinIn
	out  byte // what port A drives
}

// NewI2C returns the board whose port expander is at addr, 0x20 to 0x27, on the
// bus. intB is the pin that the chip's INTB is wired to; without it, nil, inputs are
// noticed at the next poll.
func NewI2C(bus i2c.Bus, addr uint16, intB gpio.PinIn) *Board {
	return newBoard(&chip{dev: i2c.Dev{Bus: bus, Addr: addr}, intB: intB})
}

// open configures the chip. Port A's latch is written before its direction, so that
// what is driven now stays as it is; after a reset that is nothing, and resistors
// keep every output off.
func (c *chip) open() error {
	if c.intB != nil {
		if err := c.intB.In(gpio.PullUp, gpio.FallingEdge); err != nil {
			return fmt.Errorf("%v as an input for INTB: %w", c.intB, err)
		}
	}
	var r [registers]byte
	if err := c.dev.Tx([]byte{0}, r[:]); err != nil {
		return c.failed(err)
	}
	if r[regIOCON]|r[regIPOLA]|r[regIPOLA+1]|r[regINTCONB] != 0 {
		return fmt.Errorf("%v: set up for something else: switch the board off and on", &c.dev)
	}
	c.out = r[regOLATA] &^ r[regIODIRA]
	for _, w := range [][]byte{
		{regOLATA, c.out, 0},
		{regIODIRA, 0, directB},
		{regGPPUB, spareHigh},
		{regGPINTENB, inAll},
	} {
		if err := c.dev.Tx(w, nil); err != nil {
			return c.failed(err)
		}
	}
	if _, err := c.sense(); err != nil && !errors.Is(err, errUnsound) {
		return err
	}
	return nil
}

func (c *chip) close() {}

// sense reads what an interrupt captured, if there was one, and the inputs as they
// are now.
func (c *chip) sense() ([]byte, error) {
	var r [regOLATA + 1 - regINTFB]byte
	if err := c.dev.Tx([]byte{regINTFB}, r[:]); err != nil {
		return nil, c.failed(err)
	}
	intf, captured, pins, now, latch := r[0], r[2], r[3], r[4], r[5]
	samples := []byte{now}
	if intf != 0 {
		samples = []byte{captured, now}
	}
	for _, s := range samples {
		if s&^inAll != spareHigh {
			return nil, fmt.Errorf("%v: reads %08b: the board was reset, or the bus is stuck", &c.dev, s)
		}
	}
	if latch != c.out {
		return nil, fmt.Errorf("%v: drives %08b instead of %08b", &c.dev, latch, c.out)
	}
	if pins != c.out {
		return samples, fmt.Errorf("%w: %v: outputs are %08b instead of %08b: look for a short circuit", errUnsound, &c.dev, pins, c.out)
	}
	return samples, nil
}

func (c *chip) drive(outputs, which byte) error {
	out := c.out&^which | outputs&which
	if err := c.dev.Tx([]byte{regOLATA, out}, nil); err != nil {
		return c.failed(err)
	}
	c.out = out
	return nil
}

func (c *chip) beat() error { return c.drive(c.out^outHeartbeat, outHeartbeat) }

// wait ends early when the chip interrupts.
func (c *chip) wait(at time.Time) {
	if d := max(0, time.Until(at)); c.intB == nil {
		time.Sleep(d)
	} else {
		c.intB.WaitForEdge(d)
	}
}

func (c *chip) failed(err error) error { return fmt.Errorf("%v: %w", &c.dev, err) }
