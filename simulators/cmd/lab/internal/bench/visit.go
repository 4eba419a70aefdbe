package bench

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
)

// pace is how fast people are.
type pace struct {
	served   time.Duration // how long one waits for a lane to come into service
	patience time.Duration // how long one holds up a code before giving up
	still    time.Duration // how long one who holds on holds on
	waver    time.Duration // how long one who hesitates does at most
	step     time.Duration // from beam to beam
	calm     time.Duration // how long the lamp must say "ready" before one believes it
}

var (
	usual = pace{served: 60 * time.Second, patience: 8 * time.Second, still: 10 * time.Second, waver: 2500 * time.Millisecond, step: 450 * time.Millisecond, calm: 300 * time.Millisecond}
	quick = pace{served: 60 * time.Second, patience: 6 * time.Second, still: 10 * time.Second, waver: 2500 * time.Millisecond, step: 200 * time.Millisecond, calm: 60 * time.Millisecond}
)

// Tries is how often a person holds up a code again after a blue lamp, or comes
// back after an interruption.
const Tries = 3

// spot is one lane as the people in front of it see it.
type spot struct {
	lane  string
	kind  string // Border or Venue
	board *gateboard.Board
	wire  *gateboard.Serial
	scene *camera.Camera
	view  *outlet
	pace  pace
	rand  *rand.Rand

	beside beside

	broken  map[string]bool // faults that stay and are pressed
	instead atomic.Value    // an Act: what the next one who is let does in place of walking

	shown  []string  // what was held up last, and
	lifted time.Time // when it was taken away
}

// handing is how long it takes to give a code that was just shown to the next person. A
// lane takes a text for a new one only after it was out of sight for 1.5 s.
const handing = 1700 * time.Millisecond

// visit is what one person does. They go by what they see: lamps and leaf.
func (s *spot) visit(ctx context.Context, p Person) Passage {
	got := Passage{ID: p.ID, Lane: s.lane, Who: p.Who, End: "not-served"}
	for range Tries {
		if !s.ready(ctx) {
			return got
		}
		if slices.Equal(p.Codes, s.shown) {
			sleep(ctx, time.Until(s.lifted.Add(handing)))
		}
		began := time.Now()
		if p.Scans {
			s.beside.scanner.Show("Q1", []byte(p.Codes[0]))
		} else if s.scene.Hold(cards(s.rand, p.Codes)...) != nil {
			got.End = "not-shown"
			return got
		}
		got.Presented++
		got.Saw = s.answer(ctx)
		got.MS = time.Since(began).Milliseconds()
		again := s.react(ctx, p, &got)
		s.scene.Clear()
		s.shown, s.lifted = p.Codes, time.Now()
		if !again || ctx.Err() != nil {
			return got
		}
	}
	return got
}

// ready waits for a white lamp that stays, with nobody in the way.
func (s *spot) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, s.pace.served)
	defer cancel()
	white := func(b gateboard.State) bool {
		return b.Lit == "white" && b.Flashing == "" && b.Leaf == gateboard.Shut && b.Heartbeat
	}
	for {
		if s.board.Wait(ctx, white) != nil {
			return false
		}
		calm, stop := context.WithTimeout(ctx, s.pace.calm)
		err := s.board.Wait(calm, func(b gateboard.State) bool { return !white(b) })
		stop()
		if err != nil {
			return ctx.Err() == nil
		}
	}
}

// answer waits for a lamp other than white and returns its colour.
func (s *spot) answer(ctx context.Context) (colour string) {
	ctx, cancel := context.WithTimeout(ctx, s.pace.patience)
	defer cancel()
	s.board.Wait(ctx, func(b gateboard.State) bool {
		for _, c := range []string{"green", "amber", "blue"} {
			if b.Lit == c {
				colour = c
				return true
			}
		}
		return false
	})
	return colour
}

// react does what the person does once the lamp has answered, and reports whether they try again.
func (s *spot) react(ctx context.Context, p Person, got *Passage) (again bool) {
	if p.Act == Stays {
		sleep(ctx, s.pace.still)
	}
	switch got.Saw {
	case "green":
		if s.kind == Venue {
			got.End = "passed"
			return false
		}
		return s.enter(ctx, p, got)
	case "amber":
		got.End = "sent-away"
		return false
	case "blue":
		got.End = "sent-away"
		s.scene.Clear()
		return true
	}
	got.Unread++
	got.End = "unread"
	return p.Again
}

// enter walks into the open gate, or does not.
func (s *spot) enter(ctx context.Context, p Person, got *Passage) (again bool) {
	s.scene.Clear()
	walk := gateboard.Walk{Board: s.board, Pace: s.pace.step}
	ctx, cancel := context.WithTimeout(ctx, s.pace.patience)
	defer cancel()
	does := p.Act
	if other, ok := s.instead.Swap(Act("")).(Act); ok && other != "" {
		does = other
	}
	switch does {
	case Withdraws, Stays:
		got.End = "went-away"
	case TurnsBack:
		got.End = "turned-back"
		if walk.Back(ctx) != nil {
			got.End = "interrupted"
		}
	case Tailgates, Reverses:
		got.End = "alarm"
		way := walk.Tailgated
		if does == Reverses {
			way = walk.Reverse
		}
		if way(ctx) != nil {
			got.End = "interrupted"
		}
	default:
		if does == Hesitates {
			sleep(ctx, s.pace.waver/5+time.Duration(s.rand.Int64N(int64(s.pace.waver/5*4))))
		}
		got.End = "passed"
		if walk.Through(ctx) != nil {
			got.End = "interrupted"
			return p.Again
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// cards are codes as people hold them: phones and papers, turned, tilted, moved,
// more or less sharp and lit. No code is a phone that shows none.
func cards(r *rand.Rand, codes []string) (all []camera.Card) {
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	for _, text := range codes {
		c := camera.Card{Text: text, Paper: r.IntN(3) == 0, Module: between(4.2, 6),
			Turn: between(-12, 12), TiltX: between(-12, 12), TiltY: between(-12, 12),
			Blur: between(0, 0.9), Brightness: between(0.75, 1.1), Motion: between(0, 2)}
		if !c.Paper && r.IntN(3) == 0 {
			c.Glare = between(0.1, 0.5)
		}
		all = append(all, c)
	}
	if len(codes) == 0 {
		all = append(all, camera.Card{Blank: true})
	}
	return all
}
