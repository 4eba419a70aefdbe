package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// runCmd is the lab as a newcomer starts it.
type runCmd struct {
	People     int           `help:"How many people come; 0: without end."`
	Fast       bool          `help:"Everybody hurries, waits are short."`
	Seed       uint64        `help:"Same seed, same people. 0: another one each time."`
	Dir        string        `help:"Folder for everything the lab writes, kept afterwards. Default: a temporary one, removed."`
	Port       int           `default:"8080" help:"Port of the lab's page; lane displays follow (+1, …), the attendant's page is +10, the venue's screen +12."`
	Checkpoint string        `help:"The program. Default: beside this one."`
	NATS       string        `name:"nats" help:"URL of a NATS cluster that the centre joins and the device uses, nats://host:port, in place of the centre's own server."`
	Cut        bool          `help:"Cut the link to the centre for the middle third of the people."`
	Kill       time.Duration `help:"Kill the program about that often, and now and then the centre, as a power cut would."`
}

func (c *runCmd) Run(ctx context.Context) (err error) {
	h, err := c.hall()
	if err != nil {
		return err
	}
	if c.Dir == "" {
		defer os.RemoveAll(h.dir)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if err != nil {
		return fmt.Errorf("the lab's page: %w: is another lab running? Use --port", err)
	}
	began := time.Now()
	defer func() { err = errors.Join(err, h.close()) }()
	page := newOverview(h.lanes, h.url(10), hallPressables, func(f fault) error { return h.press(ctx, f) })
	h.seen = page.see
	if err := h.open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%w (logs in %s)", err, h.path("logs"))
	}
	server := http.Server{Handler: page.handler(), ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener) // ends with the deferred close
	defer server.Close()
	fmt.Printf("the hall is open after %.1f s\n\n  look at   %s\n  attendant %s\n", time.Since(began).Seconds(), h.url(0), h.url(10))
	for _, l := range h.lanes {
		fmt.Printf("  lane %-4s %s\n", l.Name, l.Screen)
	}
	fmt.Print("  Ctrl-C ends it\n\n")
	s := session{hall: h, page: page, people: c.People, cut: c.Cut, kill: c.Kill, rand: rand.New(rand.NewPCG(h.seed, 7))}
	return s.run(ctx)
}

// hall prepares the hall that the options describe.
func (c *runCmd) hall() (*hall, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &hall{dir: c.Dir, program: c.Checkpoint, lab: self, port: c.Port, fast: c.Fast, seed: c.Seed, cluster: c.NATS}
	if h.seed == 0 {
		h.seed = rand.Uint64()
	}
	if h.program == "" {
		h.program = filepath.Join(filepath.Dir(self), "checkpoint")
	}
	if _, err := os.Stat(h.program); err != nil {
		return nil, fmt.Errorf("%w: run 'make build', or say --checkpoint FILE", err)
	}
	if h.dir == "" {
		h.dir, err = os.MkdirTemp("", "checkpoint-lab-")
	} else if h.dir, err = filepath.Abs(h.dir); err == nil {
		err = os.MkdirAll(h.dir, 0o755)
	}
	h.lanes = []laneLink{{Name: "1", Kind: "border", Screen: h.url(1)}, {Name: "M", Kind: "venue", Screen: h.url(12)}}
	return h, err
}

// url is the address of a surface, counted from the lab's own page.
func (h *hall) url(offset int) string { return fmt.Sprintf("http://127.0.0.1:%d/", h.port+offset) }

// session is the people of one run.
type session struct {
	*hall
	page   *overview
	people int // 0: without end
	cut    bool
	kill   time.Duration
	rand   *rand.Rand

	sent, back int
	tally      tally
}

// run sends people to the lanes, one after the other at each, and adds up.
func (s *session) run(ctx context.Context) error {
	for _, l := range s.lanes {
		s.next(l)
	}
	killed, calm := make(chan error, 1), func() {}
	if s.kill > 0 {
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
			closing, s.people, patience = nil, s.sent, time.After(last)
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
	s.link.set(false)
	return s.settle()
}

// last is how long whoever is at a lane when the lab is closed may take.
const last = 45 * time.Second

// next sends the next person to a lane.
func (s *session) next(l laneLink) {
	if s.people > 0 && s.sent == s.people {
		return
	}
	s.sent++
	s.benchIn.Encode(order{Person: s.cast.next(s.sent, l)})
	if s.cut && s.people > 0 {
		s.link.set(s.sent > s.people/3 && s.sent <= 2*s.people/3)
	}
}

// take notes who has been, prints a line and sends the next.
func (s *session) take(p passage) {
	s.back++
	s.tally.Presented += p.Presented
	s.tally.Unread += p.Unread
	s.page.add(p)
	fmt.Printf("%5d  lane %-3s %-28s %-6s %-12s %5d ms\n", p.ID, p.Lane, p.Who, p.Saw, p.End, p.MS)
	for _, l := range s.lanes {
		if l.Name == p.Lane {
			s.next(l)
		}
	}
}

// torment kills the program, and every third time the centre, at random moments.
func (s *session) torment(ctx context.Context) error {
	for n := 1; ; n++ {
		wait := time.Duration((0.5 + s.rand.Float64()) * float64(s.kill))
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
	s.benchIn.Encode(order{Count: true})
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
	s.tally.print(os.Stdout)
	if err := s.tally.check(s.kill > 0 || s.page.pressed()); err != nil {
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
