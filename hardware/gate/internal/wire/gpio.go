package wire

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Pins is a board made of the computer's own lines. A line of Linux reads low if its
// chip is gone; an output tells, so that one is set to what it is after each reading.
//
// Three habits of periph's gpiochip lines: reading an output makes it an input, so
// outputs are never read; one that becomes an output is low for a moment, so that
// access is active high; and waiting for no time waits for ever.
type Pins struct {
	out [len(OutputNames)]gpio.PinOut // nil: not wired
	in  [Places]gpio.PinIn
	set bool // every line has its direction

	driven    byte
	invertOut byte
	invertIn  Inputs
	last      Inputs
	edges     [Places]atomic.Uint32
	known     [Places]uint32 // edges that are accounted for

	wake    chan struct{}
	resting chan struct{} // closed by rest; nil while nobody waits
	waiting sync.WaitGroup
}

// NewPins returns the board whose lines are given by their names. An error says what is
// missing or too much.
func NewPins(lines map[string]gpio.PinIO) (*Pins, error) {
	p := &Pins{wake: make(chan struct{}, 1)}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		out, in, err := Named(name)
		switch {
		case lines[name] == nil:
			return nil, fmt.Errorf("%s: this machine has no such line", name)
		case err != nil:
			return nil, err
		case out >= 0:
			p.out[out] = lines[name]
		default:
			p.in[in] = lines[name]
		}
	}
	for _, name := range []string{"access", "heartbeat", "entry", "exit", "alarm"} {
		if lines[name] == nil {
			return nil, fmt.Errorf("%s is missing: name its line", name)
		}
	}
	return p, nil
}

// Lacks names the first of some inputs that has no line; "" if they all have one.
func (p *Pins) Lacks(some Inputs) string {
	for i, name := range InputNames {
		if some>>i&1 == 1 && p.in[i] == nil {
			return name
		}
	}
	return ""
}

// Wired says, before all else, what is active low.
func (p *Pins) Wired(_ bool, out byte, in Inputs) { p.invertOut, p.invertIn = out, in }

// Open gives every line its direction, inputs first, and drives the outputs: off the
// first time, and as they were after a fault.
func (p *Pins) Open() error {
	for i, pin := range p.in {
		if pin == nil || p.set {
			continue
		}
		pull := gpio.PullDown
		if p.invertIn>>i&1 == 1 {
			pull = gpio.PullUp
		}
		if err := pin.In(pull, gpio.BothEdges); err != nil {
			return fmt.Errorf("%s at %s: is it taken, or is its name wrong? %w", InputNames[i], pin.Name(), err)
		}
	}
	if err := p.apply(p.driven, 0xff); err != nil {
		return err
	}
	p.set, p.last = true, p.read()
	for i := range p.known {
		p.known[i] = p.edges[i].Load()
	}
	return nil
}

// Close lets go of it.
func (p *Pins) Close() {}

// apply sets the outputs named by which, access first.
func (p *Pins) apply(outputs, which byte) error {
	for i, pin := range p.out {
		if pin == nil || which>>i&1 == 0 {
			continue
		}
		if err := pin.Out((outputs^p.invertOut)>>i&1 == 1); err != nil {
			return fmt.Errorf("%s at %s: is it taken, or is its name wrong? %w", OutputNames[i], pin.Name(), err)
		}
		p.driven = p.driven&^(1<<i) | outputs&(1<<i)
	}
	return nil
}

// Sense reads the inputs. A change that is read accounts for one edge, which may be
// heard before or after; two edges more are an input that has been otherwise since.
func (p *Pins) Sense() ([]Inputs, error) {
	var heard [Places]uint32
	for i := range heard {
		heard[i] = p.edges[i].Load()
	}
	now, flickered := p.read(), Inputs(0)
	for i, edges := range heard {
		bit := Inputs(1) << i
		if (now^p.last)&bit != 0 {
			p.known[i]++
		}
		switch more := int32(edges - p.known[i]); {
		case more >= 2:
			flickered |= bit
			p.known[i] += 2
		case more < -1: // the queue overflowed
			p.known[i] = edges
		}
	}
	p.last = now
	if err := p.apply(p.driven, Heartbeat); err != nil {
		return nil, err
	}
	if flickered == 0 {
		return []Inputs{now}, nil
	}
	return []Inputs{now ^ flickered, now}, nil
}

// read reads every input as it is now.
func (p *Pins) read() (now Inputs) {
	for i, pin := range p.in {
		bit := Inputs(1) << i
		switch {
		case pin == nil:
			now |= bit &^ Keys
		case bool(pin.Read()) != (p.invertIn&bit != 0):
			now |= bit
		}
	}
	return now
}

// Drive sets the outputs named by which.
func (p *Pins) Drive(outputs, which byte) error { return p.apply(outputs, which) }

// Beat changes the heartbeat.
func (p *Pins) Beat() error { return p.apply(p.driven^Heartbeat, Heartbeat) }

// Wait ends early at an edge.
func (p *Pins) Wait(at time.Time) {
	if p.resting == nil && p.set {
		p.resting = make(chan struct{})
		for i, pin := range p.in {
			if pin != nil {
				p.waiting.Go(func() { p.listen(pin, &p.edges[i], p.resting) }) // ends with rest
			}
		}
	}
	select {
	case <-p.wake:
	case <-time.After(time.Until(at)):
	}
}

// edge is how long a line waits for one at a time.
const edge = 50 * time.Millisecond

// listen counts the edges of a line until it may rest. A line that fails ends its wait
// at once and is not asked again at once.
func (p *Pins) listen(pin gpio.PinIn, edges *atomic.Uint32, resting chan struct{}) {
	for {
		began := time.Now()
		if pin.WaitForEdge(edge) {
			edges.Add(1)
			select {
			case p.wake <- struct{}{}:
			default:
			}
		} else {
			time.Sleep(min(edge, max(0, edge-time.Since(began))))
		}
		select {
		case <-resting:
			return
		default:
		}
	}
}

// Rest ends all waiting.
func (p *Pins) Rest() {
	if p.resting != nil {
		close(p.resting)
		p.waiting.Wait()
		p.resting = nil
	}
}
