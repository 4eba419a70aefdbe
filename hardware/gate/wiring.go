package gate

import (
	"fmt"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// Wiring is how a board differs from one with two beams whose lines are all active
// high. The zero value does not differ.
type Wiring struct {
	Door   bool          // inputs 5 to 9 are wired
	Invert []string      // names of lines that are active low; not access and heartbeat
	Pulse  time.Duration // how long access is energised to open; 0: for as long as the leaf is to be open
	Settle time.Duration // how long a contact must stay as it is to be believed (G15), 20 to 50 ms; 0 is 30 ms
}

// Wire says how the board is wired. Call it before Run, once.
//
// Access is active high and no other: what has lost its power, its wire or its program
// is then not told to open, and a line that a program takes over is low for a moment.
func (b *Board) Wire(w Wiring) error {
	if w.Settle == 0 {
		w.Settle = settled
	}
	if w.Settle < 20*time.Millisecond || w.Settle > 50*time.Millisecond {
		return fmt.Errorf("%w: settle %v: use 20ms to 50ms", ErrWiring, w.Settle)
	}
	if w.Pulse != 0 && (w.Pulse < 50*time.Millisecond || w.Pulse > 5*time.Second) {
		return fmt.Errorf("%w: pulse %v: use 50ms to 5s, or 0 to hold", ErrWiring, w.Pulse)
	}
	for _, name := range w.Invert {
		out, in, err := wire.Named(name)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %w", ErrWiring, err)
		case name == "access" || name == "heartbeat":
			return fmt.Errorf("%w: %s cannot be active low: what has no power must not open", ErrWiring, name)
		case in >= 0:
			b.invertIn |= 1 << in
		default:
			b.invertOut |= 1 << out
		}
	}
	if p, ok := b.link.(*wire.Pins); ok && w.Door {
		if name := p.Lacks(wire.Middle | wire.Closed | wire.Locked); name != "" {
			return fmt.Errorf("%w: %s is missing: a door needs its line", ErrWiring, name)
		}
	}
	b.contacts.door, b.contacts.settle, b.pulse = w.Door, w.Settle, w.Pulse
	return nil
}
