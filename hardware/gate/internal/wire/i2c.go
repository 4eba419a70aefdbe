package wire

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

	chipInputs = 1<<plainPlaces - 1
)

// Chip is an MCP23017: port A drives, port B senses. A board that is wired for a door
// has a second one at the next address, whose port B senses places 5 to 9 likewise and
// whose port A is not wired.
type Chip struct {
	dev       i2c.Dev
	second    *Chip // nil for none
	intB      gpio.PinIn
	out       byte // what port A drives; the second drives nothing
	invertOut byte
	invertIn  Inputs
}

// NewChip returns the chip at addr on the bus. intB is the pin that its INTB is wired
// to; nil for none.
func NewChip(bus i2c.Bus, addr uint16, intB gpio.PinIn) *Chip {
	return &Chip{dev: i2c.Dev{Bus: bus, Addr: addr}, intB: intB}
}

// Wired says, before all else, whether the board is wired for a door and what is active
// low.
func (c *Chip) Wired(door bool, out byte, in Inputs) {
	c.invertOut, c.invertIn = out, in
	if door {
		c.second = &Chip{dev: i2c.Dev{Bus: c.dev.Bus, Addr: c.dev.Addr + 1}}
	}
}

// Open configures the chips. Port A's latch is written before its direction, so that
// what is driven now stays as it is; after a reset that is nothing, and resistors
// keep every output off.
func (c *Chip) Open() error {
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
	if _, err := c.Sense(); err != nil && !errors.Is(err, ErrUnsound) {
		return err
	}
	return nil
}

// setUp gives port A its direction.
func (c *Chip) setUp(directA byte) error {
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

// Close lets go of it.
func (c *Chip) Close() {}

// Rest ends all waiting.
func (c *Chip) Rest() {}

// Sense reads what an interrupt captured, if there was one, and the inputs as they
// are now.
func (c *Chip) Sense() (samples []Inputs, unsound error) {
	captured, now, err := c.read()
	if err != nil && !errors.Is(err, ErrUnsound) {
		return nil, err
	}
	unsound = err
	was, is := Inputs(captured), Inputs(now)
	if c.second != nil {
		captured, now, err := c.second.read()
		if err != nil && !errors.Is(err, ErrUnsound) {
			return nil, err
		}
		was, is = was|Inputs(captured)<<plainPlaces, is|Inputs(now)<<plainPlaces
	}
	if was != is {
		samples = append(samples, was^c.invertIn)
	}
	return append(samples, is^c.invertIn), unsound
}

// read reads one chip: the inputs when an interrupt captured them, or else as they are
// now, and as they are now.
func (c *Chip) read() (captured, now byte, unsound error) {
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
		unsound = fmt.Errorf("%w: %v: outputs are %08b instead of %08b: look for a short circuit", ErrUnsound, &c.dev, pins, c.out)
	}
	return captured & chipInputs, now & chipInputs, unsound
}

// Drive sets the outputs named by which.
func (c *Chip) Drive(outputs, which byte) error {
	return c.latch(c.out&^which | (outputs^c.invertOut)&which)
}

// Beat changes the heartbeat.
func (c *Chip) Beat() error { return c.latch(c.out ^ Heartbeat) }

func (c *Chip) latch(out byte) error {
	if err := c.dev.Tx([]byte{regOLATA, out}, nil); err != nil {
		return c.failed(err)
	}
	c.out = out
	return nil
}

// Wait ends early when the chip interrupts. A line of Linux waits for ever if it is
// told to wait for no time.
func (c *Chip) Wait(at time.Time) {
	switch d := time.Until(at); {
	case d <= 0:
	case c.intB == nil:
		time.Sleep(d)
	default:
		c.intB.WaitForEdge(d)
	}
}

func (c *Chip) failed(err error) error { return fmt.Errorf("%v: %w", &c.dev, err) }
