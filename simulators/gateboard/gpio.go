package gateboard

import (
	"slices"

	"periph.io/x/conn/v3/gpio"

	"example.org/checkpoint/simulators/gateboard/internal/pin"
)

// names of the lines, by their places.
var (
	outputLines = []string{"access", "white", "blue", "amber", "green", "red", "buzzer", "heartbeat"}
	inputLines  = []string{"entry", "exit", "alarm", "officer", "supervisor", "middle", "closed", "locked", "tamper", "loops"}
)

// GPIO is a board each of whose lines is one of the computer's. Outputs have resistors
// that keep them off while nothing drives them; inputs are wired to contacts and have
// the computer's own resistors, which decide if the wire breaks.
type GPIO struct {
	board *Board
	pins  map[string]*pin.Pin
	low   map[string]bool // active low
}

// NewGPIO wires the board. Lines named in activeLow are so.
func NewGPIO(b *Board, activeLow ...string) *GPIO {
	g := &GPIO{board: b, pins: map[string]*pin.Pin{}, low: map[string]bool{}}
	for _, name := range activeLow {
		g.low[name] = true
	}
	for i, name := range outputLines {
		p := pin.New(name, gpio.High, b.odd)
		p.Driven = func(level gpio.Level) { g.drive(1<<i, bool(level) != g.low[name]) }
		g.pins[name] = p
	}
	n := plainInputs
	if b.door {
		n = doorInputs
	}
	for i, name := range inputLines[:n] {
		g.pins[name] = pin.New(name, g.level(name, b.levels()>>i&1 == 1), b.odd)
	}
	g.pins["alarm"].Polled = func() { b.mu.Lock(); b.counts.Polls++; b.mu.Unlock() }
	b.change(func() {
		b.sensed = func(levels uint16) {
			for i, name := range inputLines[:n] {
				g.pins[name].Drive(g.level(name, levels>>i&1 == 1), true)
			}
		}
	})
	return g
}

func (g *GPIO) level(name string, on bool) gpio.Level { return gpio.Level(on != g.low[name]) }

// Lines are the pins by their names.
func (g *GPIO) Lines() map[string]gpio.PinIO {
	lines := map[string]gpio.PinIO{}
	for name, p := range g.pins {
		lines[name] = p
	}
	return lines
}

// drive sets an output.
func (g *GPIO) drive(output byte, on bool) {
	b := g.board
	b.change(func() {
		outputs := b.outputs &^ output
		if on {
			outputs |= output
		}
		if (outputs^b.outputs)&outHeartbeat != 0 {
			b.beat()
		}
		b.set(outputs)
	})
}

// Fail has the chip of all lines go away: what is driven stays, what is read is low, and
// nothing can be set. Mend brings it back.
func (g *GPIO) Fail() { g.dead(true) }
func (g *GPIO) Mend() { g.dead(false) }

func (g *GPIO) dead(is bool) {
	for _, p := range g.pins {
		p.Fail(is)
	}
}

// Free is what the kernel does when a program that holds the lines ends: nothing drives
// them, and the resistors do.
func (g *GPIO) Free() {
	for _, p := range g.pins {
		p.Freed()
	}
	g.board.change(func() { g.board.set(0) })
}

// Cut breaks the wires of inputs: they are at what the pin's own resistor makes them.
func (g *GPIO) Cut(names ...string) {
	for _, name := range slices.Sorted(slices.Values(names)) {
		p := g.pins[name]
		p.Drive(gpio.Level(p.Pull() == gpio.PullUp), true)
	}
}

// odd is complain from outside.
func (b *Board) odd(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complain("GPIO: %s", what)
}
