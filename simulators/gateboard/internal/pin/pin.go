// Package pin is a line at the computer's end, as Linux and periph have it, queue of edges
// and odd habits included.
package pin

import (
	"errors"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// Pin is a line at the computer's end: a gpio.PinIO with a queue of 16 edges, as in
// Linux (GPIO uAPI v2, event buffer), and with the habits of periph's gpiochip lines:
// a line that becomes an output is low for a moment, an output that is read becomes an
// input, and waiting for no time waits for ever. The board complains of the last two.
type Pin struct {
	Driven func(level gpio.Level) // where the line drives the board; nil where the board drives it
	Polled func()                 // it was read; nil for nobody counts

	name string
	odd  func(what string) // complains

	mu      sync.Mutex
	dead    bool // its chip is gone
	driving bool // it is an output
	level   gpio.Level
	pull    gpio.Pull
	edge    gpio.Edge
	edges   chan struct{}
	halt    chan struct{} // closed by Halt
}

// New returns a line at a level. Odd is told what no driver should do.
func New(name string, level gpio.Level, odd func(string)) *Pin {
	return &Pin{name: name, odd: odd, level: level, edges: make(chan struct{}, 16), halt: make(chan struct{})}
}

// Fail has the chip of the line go away, or brings it back.
func (p *Pin) Fail(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = is
}

// Freed is what the kernel does when a program that holds the line ends.
func (p *Pin) Freed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.driving = false
}

// Drive sets the level; an edge that is not heard is lost.
func (p *Pin) Drive(level gpio.Level, heard bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if level == p.level {
		return
	}
	p.level = level
	this := gpio.FallingEdge
	if level {
		this = gpio.RisingEdge
	}
	if !heard || p.edge != this && p.edge != gpio.BothEdges {
		return
	}
	select {
	case p.edges <- struct{}{}:
	default: // the queue is full
	}
}

func (p *Pin) gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func (p *Pin) String() string         { return p.name }
func (p *Pin) Name() string           { return p.name }
func (p *Pin) Number() int            { return -1 }
func (p *Pin) Function() string       { return "In" }
func (p *Pin) DefaultPull() gpio.Pull { return gpio.Float }

// Pull returns what In set.
func (p *Pin) Pull() gpio.Pull {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pull
}

// Read returns the level now, low if the chip is gone.
func (p *Pin) Read() gpio.Level {
	p.mu.Lock()
	level, was := p.level && !gpio.Level(p.dead), p.driving
	p.driving = false
	p.mu.Unlock()
	if p.Polled != nil {
		p.Polled()
	}
	if was {
		p.odd(p.name + " is an output and was read: it is an input now")
	}
	return level
}

// Out drives the line.
func (p *Pin) Out(level gpio.Level) error {
	p.mu.Lock()
	dead, begins := p.dead, !p.driving
	p.driving = !dead
	p.mu.Unlock()
	switch {
	case dead:
		return errGone
	case p.Driven == nil:
		p.odd(p.name + " is an input and was driven")
	case begins:
		p.Driven(gpio.Low)
		fallthrough
	default:
		p.Driven(level)
	}
	return nil
}

// errGone is ENODEV, as ioctl(2) has it when a chip is gone.
var errGone = errors.New("no such device")

func (p *Pin) PWM(gpio.Duty, physic.Frequency) error { return errors.New("not modelled") }

// In chooses the edges to wait for and forgets those queued.
func (p *Pin) In(pull gpio.Pull, edge gpio.Edge) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errGone
	}
	p.pull, p.edge = pull, edge
	for len(p.edges) > 0 {
		<-p.edges
	}
	return nil
}

// Halt ends WaitForEdge.
func (p *Pin) Halt() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.halt)
	p.halt = make(chan struct{})
	return nil
}

// WaitForEdge takes a queued edge or waits for one; for ever if the timeout is 0, and
// not at all if it is less, or if the chip is gone.
func (p *Pin) WaitForEdge(timeout time.Duration) bool {
	if timeout <= 0 {
		p.odd(p.name + ": waits for no time, which is for ever")
	}
	if p.gone() {
		return false
	}
	select {
	case <-p.edges:
		return true
	default:
	}
	p.mu.Lock()
	halt := p.halt
	p.mu.Unlock()
	var late <-chan time.Time
	if timeout != 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-p.edges:
		return true
	case <-halt:
		return false
	case <-late:
		return false
	}
}
