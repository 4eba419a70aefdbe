package gateboard

import (
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Pin is a line that the board drives, at the computer's end: a gpio.PinIn with a
// queue of 16 edges, as in Linux (GPIO uAPI v2, event buffer).
type Pin struct {
	name string

	mu    sync.Mutex
	level gpio.Level
	pull  gpio.Pull
	edge  gpio.Edge
	edges chan struct{}
	halt  chan struct{} // closed by Halt
}

func newPin(name string) *Pin {
	return &Pin{name: name, level: gpio.High, edges: make(chan struct{}, 16), halt: make(chan struct{})}
}

// drive sets the level; an edge that is not heard is lost.
func (p *Pin) drive(level gpio.Level, heard bool) {
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

// Read returns the level now.
func (p *Pin) Read() gpio.Level {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.level
}

// In chooses the edges to wait for and forgets those queued.
func (p *Pin) In(pull gpio.Pull, edge gpio.Edge) error {
	p.mu.Lock()
	defer p.mu.Unlock()
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

// WaitForEdge takes a queued edge or waits for one; a negative timeout is for ever.
func (p *Pin) WaitForEdge(timeout time.Duration) bool {
	select {
	case <-p.edges:
		return true
	default:
	}
	p.mu.Lock()
	halt := p.halt
	p.mu.Unlock()
	var late <-chan time.Time
	if timeout >= 0 {
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
