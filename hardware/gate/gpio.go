package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// pins is a board made of the computer's own lines. A line of Linux reads low if its
// chip is gone; an output tells, so that one is set to what it is after each reading.
//
// Three habits of periph's gpiochip lines: reading an output makes it an input, so
// outputs are never read; one that becomes an output is low for a moment, so that
// access is active high; and waiting for no time waits for ever.
type pins struct {
	out [len(outputNames)]gpio.PinOut // nil: not wired
	in  [inputs]gpio.PinIn
	set bool // every line has its direction

	driven    byte
	invertOut byte
	invertIn  bits
	last      bits
	edges     [inputs]atomic.Uint32
	known     [inputs]uint32 // edges that are accounted for

	wake    chan struct{}
	resting chan struct{} // closed by rest; nil while nobody waits
	waiting sync.WaitGroup
}

// NewGPIO returns the board whose lines are given by their names. It needs access,
// heartbeat, entry, exit and alarm, for a door middle, closed and locked too; lamps and
// keys that are not there do nothing, and a cabinet and loops are taken to be well.
//
// Inputs are pulled towards what a broken wire means: beam broken, alarm, cabinet open.
// Outputs are off from when Run begins; before that, and when the program has ended,
// resistors must keep them so.
func NewGPIO(lines map[string]gpio.PinIO) (*Board, error) {
	p := &pins{wake: make(chan struct{}, 1)}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		out, in := slices.Index(outputNames[:], name), slices.Index(inputNames[:], name)
		switch {
		case lines[name] == nil:
			return nil, fmt.Errorf("%w: %s: this machine has no such line", ErrWiring, name)
		case out >= 0:
			p.out[out] = lines[name]
		case in >= 0:
			p.in[in] = lines[name]
		default:
			return nil, fmt.Errorf("%w: no line %q: use %s, %s", ErrWiring, name, strings.Join(outputNames[:], ", "), strings.Join(inputNames[:], ", "))
		}
	}
	for _, name := range []string{"access", "heartbeat", "entry", "exit", "alarm"} {
		if lines[name] == nil {
			return nil, fmt.Errorf("%w: %s is missing: name its line", ErrWiring, name)
		}
	}
	return newBoard(p), nil
}

func (p *pins) wired(_ bool, out byte, in bits) { p.invertOut, p.invertIn = out, in }

// open gives every line its direction, inputs first, and drives the outputs: off the
// first time, and as they were after a fault.
func (p *pins) open() error {
	for i, pin := range p.in {
		if pin == nil || p.set {
			continue
		}
		pull := gpio.PullDown
		if p.invertIn>>i&1 == 1 {
			pull = gpio.PullUp
		}
		if err := pin.In(pull, gpio.BothEdges); err != nil {
			return fmt.Errorf("%s at %s: is it taken, or is its name wrong? %w", inputNames[i], pin.Name(), err)
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

func (p *pins) close() {}

// apply sets the outputs named by which, access first.
func (p *pins) apply(outputs, which byte) error {
	for i, pin := range p.out {
		if pin == nil || which>>i&1 == 0 {
			continue
		}
		if err := pin.Out((outputs^p.invertOut)>>i&1 == 1); err != nil {
			return fmt.Errorf("%s at %s: is it taken, or is its name wrong? %w", outputNames[i], pin.Name(), err)
		}
		p.driven = p.driven&^(1<<i) | outputs&(1<<i)
	}
	return nil
}

// sense reads the inputs. A change that is read accounts for one edge, which may be
// heard before or after; two edges more are an input that has been otherwise since.
func (p *pins) sense() ([]bits, error) {
	var heard [inputs]uint32
	for i := range heard {
		heard[i] = p.edges[i].Load()
	}
	now, flickered := p.read(), bits(0)
	for i, edges := range heard {
		bit := bits(1) << i
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
	if err := p.apply(p.driven, outHeartbeat); err != nil {
		return nil, err
	}
	if flickered == 0 {
		return []bits{now}, nil
	}
	return []bits{now ^ flickered, now}, nil
}

// read reads every input as it is now.
func (p *pins) read() (now bits) {
	for i, pin := range p.in {
		bit := bits(1) << i
		switch {
		case pin == nil:
			now |= bit &^ inKeys
		case bool(pin.Read()) != (p.invertIn&bit != 0):
			now |= bit
		}
	}
	return now
}

func (p *pins) drive(outputs, which byte) error { return p.apply(outputs, which) }

func (p *pins) beat() error { return p.apply(p.driven^outHeartbeat, outHeartbeat) }

// wait ends early at an edge.
func (p *pins) wait(at time.Time) {
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
func (p *pins) listen(pin gpio.PinIn, edges *atomic.Uint32, resting chan struct{}) {
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

func (p *pins) rest() {
	if p.resting != nil {
		close(p.resting)
		p.waiting.Wait()
		p.resting = nil
	}
}
