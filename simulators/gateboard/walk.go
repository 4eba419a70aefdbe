package gateboard

import (
	"context"
	"errors"
	"time"
)

// ErrShut reports that the leaf was not open in front of a person.
var ErrShut = errors.New("gateboard: the leaf is shut")

// Walk is how people walk through a lane: past the entry beam, the leaf and the
// exit beam, which overlap. Nobody pushes against a leaf that is not open. People
// who are called off, or find the leaf shut, are no longer in the beams.
type Walk struct {
	Board *Board
	Pace  time.Duration // from one beam to the next
}

// Through waits for the leaf to open and walks through.
func (w Walk) Through(ctx context.Context) error {
	return w.walk(ctx, w.Board.BreakEntry, w.Board.BreakExit, w.Board.MendEntry, w.Board.MendExit)
}

// Back waits for the leaf to open, steps into the entry and goes back.
func (w Walk) Back(ctx context.Context) error {
	return w.walk(ctx, w.Board.BreakEntry, w.Board.MendEntry)
}

// Tailgated waits for the leaf to open and walks through; a second person comes
// through behind the first.
func (w Walk) Tailgated(ctx context.Context) error {
	b := w.Board
	return w.walk(ctx, b.BreakEntry, b.BreakExit, b.MendEntry, // the first is at the exit
		b.BreakEntry, b.MendExit, b.BreakExit, b.MendEntry, b.MendExit)
}

func (w Walk) walk(ctx context.Context, steps ...func()) error {
	defer func() { w.Board.MendEntry(); w.Board.MendExit() }()
	open := func(s State) bool { return s.Leaf == Open }
	if err := w.Board.Wait(ctx, open); err != nil {
		return errors.Join(ErrShut, err)
	}
	for _, step := range steps {
		if s := w.Board.State(); !s.Exit && !open(s) {
			return ErrShut
		}
		step()
		select {
		case <-time.After(w.Pace):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
