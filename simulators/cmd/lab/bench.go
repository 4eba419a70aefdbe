package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
)

// benchCmd is the bench as a process of its own: cameras, boards and people. It
// knows no code's worth; it is told who comes and says what they saw.
type benchCmd struct {
	Lane map[string]string `help:"NAME=border or NAME=venue, one for each lane." required:""`
	Dir  string            `help:"Folder for the boards' terminals." required:""`
	Seed uint64            `help:"Makes the same people hold their codes in the same ways."`
	Fast bool              `help:"Everybody hurries and the leaf is light."`
}

// Run ends when standard input does and everybody has left, or at a signal.
func (c *benchCmd) Run(ctx context.Context) error {
	b := bench{out: &speaker{out: json.NewEncoder(os.Stdout)}, spots: map[string]*spot{}, queues: map[string]chan person{}}
	var places []place
	for _, name := range slices.Sorted(maps.Keys(c.Lane)) { // as the hall has them
		p, err := b.set(ctx, name, c.Lane[name], c)
		if err != nil {
			return fmt.Errorf("lane %s: %w", name, err)
		}
		places = append(places, p)
	}
	b.say(line{Ready: places})
	return b.serve(ctx, os.Stdin)
}

// bench is every lane's devices and the people in front of them.
type bench struct {
	out    *speaker
	spots  map[string]*spot
	queues map[string]chan person
	people sync.WaitGroup
}

func (b *bench) say(l line) { b.out.Encode(l) }

// set puts up one lane: a camera on HTTP, a board on a pseudo-terminal (at a border one
// for a door), and what stands beside them.
func (b *bench) set(ctx context.Context, name, kind string, c *benchCmd) (place, error) {
	opens, shuts, fps, pace := 300*time.Millisecond, 400*time.Millisecond, 15.0, usual
	if c.Fast {
		opens, shuts, fps, pace = 80*time.Millisecond, 100*time.Millisecond, 20, quick
	}
	board := gateboard.New(opens, shuts)
	if kind == "border" {
		board = gateboard.NewDoor(opens, shuts)
	}
	tty := filepath.Join(c.Dir, "tty-"+name)
	wire, err := gateboard.NewSerial(board, 1, tty)
	if err != nil {
		return place{}, err
	}
	scene := camera.New(camera.Options{Seed: c.Seed, FPS: fps})
	view, err := newOutlet(scene)
	if err != nil {
		return place{}, err
	}
	here := &spot{lane: name, kind: kind, board: board, wire: wire, scene: scene, view: view, pace: pace,
		rand: rand.New(rand.NewPCG(c.Seed, uint64(len(b.spots)))), broken: map[string]bool{}}
	p, err := here.beside.put(kind, name, c.Dir)
	if err != nil {
		return p, err
	}
	p.Lane, p.Camera, p.Board = name, "http://"+view.address+"/", tty
	b.spots[name] = here
	go b.watch(ctx, here) // ends with ctx
	b.queues[name] = make(chan person, 256)
	b.people.Go(func() { // ends when nobody is left in the queue
		for p := range b.queues[name] {
			got := b.spots[name].visit(ctx, p)
			b.say(line{Passage: &got})
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
		var o order
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
			b.say(line{Boards: b.count()})
		}
	}
	for _, q := range b.queues {
		close(q)
	}
	b.people.Wait()
	return s.Err()
}

func (b *bench) count() (all []boards) {
	for name, s := range b.spots {
		n, now := s.board.Counts(), s.board.State()
		all = append(all, boards{Lane: name, Openings: n.Openings, OnABeam: n.ClosedOnBeam, Complaints: append(s.board.Errors(), s.beside.complaints()...),
			Heartbeat: now.Heartbeat, Inside: now.Entry || now.Middle || now.Exit, Drops: n.Drops, WatchdogMS: s.board.Watchdog().Milliseconds()})
	}
	return all
}
