package hall

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
)

// Visitors say who comes, and what happens meanwhile.
type Visitors struct {
	People int           // how many; 0: without end
	Cut    bool          // the link to the centre is cut for the middle third of them
	Kill   time.Duration // the program is killed about that often, and every third time the centre
}

// Receive lets people come to all lanes until all have been or ctx ends, and compares what
// each party counted.
func (h *Hall) Receive(ctx context.Context, v Visitors) error {
	s := session{Hall: h, Visitors: v, rand: rand.New(rand.NewPCG(h.o.Seed, 7))}
	return s.run(ctx)
}

// session is the people of one run.
type session struct {
	*Hall
	Visitors
	rand *rand.Rand

	sent, back int
	tally      figures.Tally
}

// run sends people to the lanes, one after the other at each, and adds up.
func (s *session) run(ctx context.Context) error {
	for _, l := range s.Lanes {
		s.next(l)
	}
	killed, calm := make(chan error, 1), func() {}
	if s.Kill > 0 {
		torment, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() { // ends with calm
			defer close(ended)
			if err := s.torment(torment); err != nil {
				killed <- err
			}
		}()
		calm = func() { stop(); <-ended }
	}
	defer calm()
	closing, patience := ctx.Done(), make(<-chan time.Time)
	for s.back < s.sent {
		select {
		case <-closing:
			fmt.Println("closing: whoever is at a lane may finish")
			closing, s.People, patience = nil, s.sent, time.After(last)
		case <-patience:
			return errors.New("somebody did not finish: see the logs with --dir")
		case err := <-killed:
			return err
		case l, ok := <-s.benchLines:
			if !ok {
				return errors.New("the bench has ended: see the logs with --dir")
			}
			if l.Passage != nil {
				s.take(*l.Passage)
			}
		}
	}
	calm()
	s.link.Set(false)
	return s.settle()
}

// last is how long whoever is at a lane when the lab is closed may take.
const last = 45 * time.Second

// next sends the next person to a lane.
func (s *session) next(l bench.Lane) {
	if s.People > 0 && s.sent == s.People {
		return
	}
	s.sent++
	s.benchIn.Say(bench.Order{Person: s.cast.Next(s.sent, l)})
	if s.Cut && s.People > 0 {
		s.link.Set(s.sent > s.People/3 && s.sent <= 2*s.People/3)
	}
}

// take notes who has been, prints a line and sends the next.
func (s *session) take(p bench.Passage) {
	s.back++
	s.tally.Presented += p.Presented
	s.tally.Unread += p.Unread
	s.Page.Add(p)
	fmt.Printf("%5d  lane %-3s %-28s %-6s %-12s %5d ms\n", p.ID, p.Lane, p.Who, p.Saw, p.End, p.MS)
	for _, l := range s.Lanes {
		if l.Name == p.Lane {
			s.next(l)
		}
	}
}

// torment kills the program, and every third time the centre, at random moments.
func (s *session) torment(ctx context.Context) error {
	for n := 1; ; n++ {
		wait := time.Duration((0.5 + s.rand.Float64()) * float64(s.Kill))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if err := s.killDevice(); err != nil {
			return err
		}
		if n%3 == 0 {
			if err := s.killCentre(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
	}
}

// settle waits until the centre has everything, ends the program and compares.
func (s *session) settle() error {
	s.benchIn.Say(bench.Order{Count: true})
	if err := s.takeCounts(); err != nil {
		return err
	}
	if err := s.drain(); err != nil {
		return err
	}
	if err := s.stopDevice(); err != nil {
		return err
	}
	if err := s.compare(); err != nil {
		return err
	}
	s.tally.Print(os.Stdout)
	if err := s.tally.Check(s.Kill > 0 || s.Page.Pressed()); err != nil {
		return fmt.Errorf("the figures do not agree:\n%w", err)
	}
	fmt.Println("the figures agree")
	return nil
}

func (s *session) takeCounts() error {
	end := time.After(10 * time.Second)
	for {
		select {
		case l, ok := <-s.benchLines:
			if !ok {
				return errors.New("the bench has ended: see logs/bench.log")
			}
			if l.Boards == nil {
				continue
			}
			for _, b := range l.Boards {
				s.tally.Openings += b.Openings
				s.tally.OnABeam += b.OnABeam
				for _, c := range b.Complaints {
					s.tally.Complaints = append(s.tally.Complaints, fmt.Sprintf("board of lane %s: %s", b.Lane, c))
				}
			}
			return nil
		case <-end:
			return errors.New("the bench does not count: see logs/bench.log")
		}
	}
}
