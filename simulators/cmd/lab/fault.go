package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	"example.org/checkpoint/simulators/gateboard"
)

// fault is one press on the lab's page: something at a lane breaks, or is mended.
type fault struct {
	Lane string `json:"lane"`
	Name string `json:"name"`
	On   bool   `json:"on"` // a push has no other side: it is always on
}

// pressable is a fault that can be pressed by hand at a lane.
type pressable struct {
	Name  string
	Title string
	Stays bool // until it is pressed again; else it happens once
	Gate  bool // needs a barrier
	do    func(s *spot, on bool) error
}

// burst is how many answers of the board go wrong at one press.
const burst = 20

// pressables is everything that can be pressed at a lane, in the order of the page.
var pressables = []pressable{
	{"fire", "Fire contact open", true, true, func(s *spot, on bool) error { s.board.Fire(on); return nil }},
	{"bag", "A bag in the exit beam", true, true, func(s *spot, on bool) error {
		if on {
			s.board.BreakExit()
		} else {
			s.board.MendExit()
		}
		return nil
	}},
	{"entry", "Somebody stands in the entry", true, true, func(s *spot, on bool) error {
		if on {
			s.board.BreakEntry()
		} else {
			s.board.MendEntry()
		}
		return nil
	}},
	{"officer", "Turn the officer’s key", false, true, func(s *spot, _ bool) error { s.board.TurnOfficerKey(); return nil }},
	{"supervisor", "Turn the supervisor’s key", false, true, func(s *spot, _ bool) error { s.board.TurnSupervisorKey(); return nil }},
	{"board", "Pull the board’s cable", true, false, func(s *spot, on bool) error {
		if on {
			return s.wire.Unplug()
		}
		return s.wire.Plug()
	}},
	{"silence", "The board does not answer", false, false, func(s *spot, _ bool) error { s.wire.Inject(gateboard.Silence, burst); return nil }},
	{"noise", "The board’s answers are damaged", false, false, func(s *spot, _ bool) error { s.wire.Inject(gateboard.BadCRC, burst); return nil }},
	{"camera", "Pull the camera’s cable", true, false, func(s *spot, on bool) error {
		if on {
			return s.view.pull()
		}
		return s.view.plug()
	}},
}

// hallPressables is what can be pressed that is no lane's.
var hallPressables = []pressable{
	{Name: "link", Title: "Cut the line to the centre", Stays: true},
	{Name: "program", Title: "Kill the program"},
	{Name: "centre", Title: "Kill the centre"},
}

// press carries out a fault: of the hall here, of a lane at the bench.
func (h *hall) press(ctx context.Context, f fault) error {
	h.pressing.Lock()
	defer h.pressing.Unlock()
	switch {
	case f.Lane != "":
		if !slices.ContainsFunc(h.lanes, func(l laneLink) bool { return l.Name == f.Lane }) || !named(pressables, f.Name) {
			return fmt.Errorf("no fault %q at lane %q", f.Name, f.Lane)
		}
		return h.benchIn.Encode(order{Fault: &f})
	case f.Name == "link":
		h.link.set(f.On)
		return nil
	case f.Name == "program":
		return h.killDevice()
	case f.Name == "centre":
		return h.killCentre(ctx)
	}
	return fmt.Errorf("no fault %q in the hall", f.Name)
}

func named(all []pressable, name string) bool {
	return slices.ContainsFunc(all, func(p pressable) bool { return p.Name == name })
}

// press carries out a fault at its lane.
func (b *bench) press(f fault) error {
	s, ok := b.spots[f.Lane]
	if !ok {
		return fmt.Errorf("fault %s: no lane %q", f.Name, f.Lane)
	}
	for _, p := range pressables {
		if p.Name != f.Name {
			continue
		}
		if p.Stays && s.broken[f.Name] == f.On {
			return nil
		}
		s.broken[f.Name] = f.On
		return p.do(s, f.On)
	}
	return fmt.Errorf("no fault %q", f.Name)
}

// watch says what can be seen of a lane's board, and again at each change.
func (b *bench) watch(ctx context.Context, s *spot) {
	for last := (gateboard.State{Lit: "unknown"}); ; {
		if s.board.Wait(ctx, func(now gateboard.State) bool { return now != last }) != nil {
			return
		}
		last = s.board.State()
		b.say(line{Seen: &seen{Lane: s.lane, Leaf: last.Leaf.String(), Lamp: last.Lit, Flashing: last.Flashing, Buzzer: last.Buzzer,
			WayOutFree: last.EgressFree, Heartbeat: last.Heartbeat, Beams: last.Entry || last.Exit, Fire: last.Fire}})
	}
}

// outlet is a camera on the network whose cable can be pulled.
type outlet struct {
	address string
	handler http.Handler

	mu     sync.Mutex
	server *http.Server
}

func newOutlet(h http.Handler) (*outlet, error) {
	o := &outlet{address: "127.0.0.1:0", handler: h}
	return o, o.plug()
}

func (o *outlet) plug() error {
	listener, err := net.Listen("tcp", o.address)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.address = listener.Addr().String()
	o.server = &http.Server{Handler: o.handler}
	go o.server.Serve(listener) // ends with pull, at the latest with the process
	return nil
}

func (o *outlet) pull() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.server.Close()
}
