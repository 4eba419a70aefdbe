package gateboard

import (
	"context"
	"errors"
	"time"
)

// ErrShut reports that the leaf was not open in front of a person.
var ErrShut = errors.New("gateboard: the leaf is shut")

// Walk is how people walk through a lane: past the entry beam, the leaf and the
// exit beam, which overlap, and at a door past the middle beam between. Nobody pushes
// against a leaf that is not open. People who are called off, or find the leaf shut,
// are no longer in the beams.
type Walk struct {
	Board *Board
	Pace  time.Duration // from one beam to the next
}

// Through waits for the leaf to open and walks through.
func (w Walk) Through(ctx context.Context) error {
	b := w.Board
	if b.door {
		return w.walk(ctx, b.BreakEntry, b.BreakMiddle, b.MendEntry, b.BreakExit, b.MendMiddle, b.MendExit)
	}
	return w.walk(ctx, b.BreakEntry, b.BreakExit, b.MendEntry, b.MendExit)
}

// Back waits for the leaf to open, steps into the entry and goes back; at a door from
// the middle.
func (w Walk) Back(ctx context.Context) error {
	b := w.Board
	if b.door {
		return w.walk(ctx, b.BreakEntry, b.BreakMiddle, b.MendMiddle, b.MendEntry)
	}
	return w.walk(ctx, b.BreakEntry, b.MendEntry)
}

// Tailgated waits for the leaf to open and walks through; a second person comes
// through behind the first.
func (w Walk) Tailgated(ctx context.Context) error {
	b := w.Board
	if b.door {
		return w.walk(ctx, b.BreakEntry, b.BreakMiddle, b.MendEntry, b.BreakExit, // the first is at the exit
			b.BreakEntry, b.MendMiddle, b.BreakMiddle, b.MendExit, b.MendEntry, b.BreakExit, b.MendMiddle, b.MendExit)
	}
	return w.walk(ctx, b.BreakEntry, b.BreakExit, b.MendEntry, // the first is at the exit
		b.BreakEntry, b.MendExit, b.BreakExit, b.MendEntry, b.MendExit)
}

// Reverse waits for the leaf to open and walks in from the exit.
func (w Walk) Reverse(ctx context.Context) error {
	b := w.Board
	if b.door {
		return w.walk(ctx, b.BreakExit, b.BreakMiddle, b.MendExit, b.BreakEntry, b.MendMiddle, b.MendEntry)
	}
	return w.walk(ctx, b.BreakExit, b.BreakEntry, b.MendExit, b.MendEntry)
}

// LeaveBag waits for the leaf to open, walks through a door and leaves something in the
// middle beam, until TakeBag.
func (w Walk) LeaveBag(ctx context.Context) error {
	b := w.Board
	err := w.steps(ctx, b.BreakEntry, b.BreakMiddle, b.MendEntry, b.BreakExit, b.MendExit)
	b.BreakMiddle()
	return err
}

// TakeBag takes it away.
func (w Walk) TakeBag() { w.Board.MendMiddle() }

func (w Walk) walk(ctx context.Context, steps ...func()) error {
	defer func() { w.Board.MendEntry(); w.Board.MendExit() }()
	if w.Board.door {
		defer w.Board.MendMiddle()
	}
	return w.steps(ctx, steps...)
}

func (w Walk) steps(ctx context.Context, steps ...func()) error {
	open := func(s State) bool { return s.Leaf == Open }
	if err := w.Board.Wait(ctx, open); err != nil {
		return errors.Join(ErrShut, err)
	}
	for _, step := range steps {
		if s := w.Board.State(); !s.Exit && !s.Middle { // who is further in goes on
			switch {
			case !open(s):
				return ErrShut
			case ctx.Err() != nil:
				return ctx.Err()
			}
		}
		step()
		time.Sleep(w.Pace)
	}
	return nil
}
