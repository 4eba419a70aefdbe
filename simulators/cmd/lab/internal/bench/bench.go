// Package bench is the hardware of a hall, pretended, and the people in front of it: cameras,
// boards and what stands beside them, each at its wire. It knows no code's worth; it is told
// who comes and what breaks, line by line, and says what a bystander sees.
package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
)

// Options say what is put up.
type Options struct {
	Lanes map[string]string // by name: Border or Venue
	Dir   string            // for the boards' terminals
	Seed  uint64            // makes the same people hold their codes in the same ways
	Fast  bool              // everybody hurries and the leaf is light
}

// Run puts up the lanes and serves the Orders of in, one a line, until it ends and everybody
// has left, or ctx ends. out gets a Line at a time.
func Run(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	b := bench{out: json.NewEncoder(out), spots: map[string]*spot{}, queues: map[string]chan Person{}}
	var places []Place
	for _, name := range slices.Sorted(maps.Keys(o.Lanes)) { // as the hall has them
		p, err := b.set(ctx, name, o.Lanes[name], o)
		if err != nil {
			return fmt.Errorf("lane %s: %w", name, err)
		}
		places = append(places, p)
	}
	b.say(Line{Ready: places})
	return b.serve(ctx, in)
}

// bench is every lane's devices and the people in front of them.
type bench struct {
	saying sync.Mutex
	out    *json.Encoder
	spots  map[string]*spot
	queues map[string]chan Person
	people sync.WaitGroup
}

func (b *bench) say(l Line) {
	b.saying.Lock()
	defer b.saying.Unlock()
	b.out.Encode(l)
}

// set puts up one lane: a camera on HTTP, a board on a pseudo-terminal (at a border one
// for a door), and what stands beside them.
func (b *bench) set(ctx context.Context, name, kind string, o Options) (Place, error) {
	opens, shuts, fps, pace := 300*time.Millisecond, 400*time.Millisecond, 15.0, usual
	if o.Fast {
		opens, shuts, fps, pace = 80*time.Millisecond, 100*time.Millisecond, 20, quick
	}
	board := gateboard.New(opens, shuts)
	if kind == Border {
		board = gateboard.NewDoor(opens, shuts)
	}
	tty := filepath.Join(o.Dir, "tty-"+name)
	wire, err := gateboard.NewSerial(board, 1, tty)
	if err != nil {
		return Place{}, err
	}
	scene := camera.New(camera.Options{Seed: o.Seed, FPS: fps})
	view, err := newOutlet(scene)
	if err != nil {
		return Place{}, err
	}
	here := &spot{lane: name, kind: kind, board: board, wire: wire, scene: scene, view: view, pace: pace,
		rand: rand.New(rand.NewPCG(o.Seed, uint64(len(b.spots)))), broken: map[string]bool{}}
	p, err := here.beside.put(kind, name, o.Dir)
	if err != nil {
		return p, err
	}
	p.Lane, p.Camera, p.Board = name, "http://"+view.address+"/", tty
	b.spots[name] = here
	go b.watch(ctx, here) // ends with ctx
	b.queues[name] = make(chan Person, 256)
	b.people.Go(func() { // ends when nobody is left in the queue
		for p := range b.queues[name] {
			got := b.spots[name].visit(ctx, p)
			b.say(Line{Passage: &got})
		}
	})
	return p, nil
}

// serve takes orders until in ends.
func (b *bench) serve(ctx context.Context, in io.Reader) error {
	ended := make(chan error, 1)
	go func() { ended <- b.take(in) }() // ends with the process at the latest
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (b *bench) take(in io.Reader) error {
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var o Order
		if err := json.Unmarshal(s.Bytes(), &o); err != nil {
			return fmt.Errorf("order: %w", err)
		}
		switch {
		case o.Person != nil:
			queue, ok := b.queues[o.Person.Lane]
			if !ok {
				return errors.New("order: no such lane")
			}
			queue <- *o.Person
		case o.Fault != nil:
			if err := b.press(*o.Fault); err != nil {
				return err
			}
		case o.Count:
			b.say(Line{Boards: b.count()})
		}
	}
	for _, q := range b.queues {
		close(q)
	}
	b.people.Wait()
	return s.Err()
}

func (b *bench) count() (all []Boards) {
	for name, s := range b.spots {
		n, now := s.board.Counts(), s.board.State()
		all = append(all, Boards{Lane: name, Openings: n.Openings, OnABeam: n.ClosedOnBeam, Complaints: append(s.board.Errors(), s.beside.complaints()...),
			Heartbeat: now.Heartbeat, Inside: now.Entry || now.Middle || now.Exit, Drops: n.Drops, WatchdogMS: s.board.Watchdog().Milliseconds()})
	}
	return all
}
