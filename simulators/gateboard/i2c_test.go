package gateboard

import (
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"

	"example.org/checkpoint/simulators/gateboard/internal/pin"
)

var (
	_ i2c.Bus    = (*I2C)(nil)
	_ gpio.PinIn = (*pin.Pin)(nil)
)

const addr = 0x20

func chip(t *testing.T) (*Board, *I2C) {
	b := New(opens, shuts)
	return b, NewI2C(b, addr)
}

func (c *I2C) must(t *testing.T, w []byte, want ...byte) {
	t.Helper()
	r := make([]byte, len(want))
	if err := c.Tx(addr, w, r); err != nil || string(r) != string(want) {
		t.Errorf("Tx(% x) = % x, %v; want % x", w, r, err, want)
	}
}

// TestReset looks at the values of DS20001952 table 3-5.
func TestReset(t *testing.T) {
	_, c := chip(t)
	want := make([]byte, count)
	want[iodirA], want[iodirB] = 0xff, 0xff
	want[gpioB] = inEntry | inExit | inAlarm
	c.must(t, []byte{0}, want...)
	c.must(t, []byte{iodirA, 0x00})
	c.must(t, []byte{olatA, 0x21})
	c.Reset()
	c.must(t, []byte{0}, want...)
}

// TestOutputs: a latch drives its pin only when the pin is an output.
func TestOutputs(t *testing.T) {
	b, c := chip(t)
	c.must(t, []byte{olatA, outGreen})
	if s := b.State(); s.Lit != "" {
		t.Errorf("%+v", s)
	}
	c.must(t, []byte{iodirA, 0})
	if s := b.State(); s.Lit != "green" {
		t.Errorf("%+v", s)
	}
	c.must(t, []byte{gpioA, outRed}) // writes the latch
	c.must(t, []byte{gpioA}, outRed, inEntry|inExit|inAlarm, outRed)
}

// TestInterrupt follows DS20001952 section 3.6: the first change is captured,
// later ones are not, and reading clears.
func TestInterrupt(t *testing.T) {
	b, c := chip(t)
	if err := c.INT.In(gpio.PullUp, gpio.FallingEdge); err != nil {
		t.Fatal(err)
	}
	b.BreakEntry()
	if c.INT.Read() == gpio.Low {
		t.Error("an interrupt that nobody asked for")
	}
	b.MendEntry()
	c.must(t, []byte{gpintenB, sensors})
	b.BreakEntry()
	b.MendEntry()
	b.BreakExit()
	if c.INT.Read() != gpio.Low || !c.INT.WaitForEdge(time.Millisecond) || c.INT.WaitForEdge(time.Millisecond) {
		t.Error("want one falling edge")
	}
	c.must(t, []byte{intfB}, inEntry, 0, inExit|inAlarm, 0, inEntry|inAlarm)
	if c.INT.Read() != gpio.High {
		t.Error("reading did not clear")
	}
	c.must(t, []byte{intfB}, 0)
	b.MendExit()
	c.must(t, []byte{gpioB}, inEntry|inExit|inAlarm)
	if !c.INT.WaitForEdge(time.Millisecond) || c.INT.Read() != gpio.High {
		t.Error("reading the port did not clear")
	}
	c.LoseEdges()
	b.BreakExit()
	if c.INT.WaitForEdge(time.Millisecond) {
		t.Error("an edge through a broken wire")
	}
}

func TestChipFaults(t *testing.T) {
	_, c := chip(t)
	c.Nack(1)
	if c.Tx(addr, []byte{0}, nil) == nil {
		t.Error("acknowledged")
	}
	c.Stick(0xff, 0)
	c.must(t, []byte{iodirA}, 0)
	c.Stick(0, 0)
	c.must(t, []byte{iodirA}, 0xff)
	c.Unplug()
	if c.Tx(addr, []byte{0}, nil) == nil {
		t.Error("acknowledged")
	}
	c.Plug()
	if c.Tx(addr+1, []byte{0}, nil) == nil {
		t.Error("acknowledged at another address")
	}
	c.must(t, []byte{iodirA}, 0xff)
}

// TestStrict says one wrong thing after another.
func TestStrict(t *testing.T) {
	for _, w := range [][]byte{
		{}, {count}, {olatB, 1, 2}, {intfB, 0}, {intcapB, 0}, {iodirB, 0}, {iocon, 0x20}, {ipolA, 1},
	} {
		b, c := chip(t)
		c.Tx(addr, w, nil)
		if len(b.Errors()) != 1 {
			t.Errorf("% x: %q", w, b.Errors())
		}
	}
	b, c := chip(t)
	c.must(t, []byte{iodirA, 0})
	c.must(t, []byte{olatA, outHeartbeat})
	if len(b.Errors()) != 2 { // no interrupts, never read
		t.Errorf("%q", b.Errors())
	}
}
