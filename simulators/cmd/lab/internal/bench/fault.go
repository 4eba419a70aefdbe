package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
	"example.org/checkpoint/simulators/printer"
)

// Fault is one press on the lab's page: something at a lane breaks, or is mended.
type Fault struct {
	Lane string `json:"lane"`
	Name string `json:"name"`
	On   bool   `json:"on"` // a push has no other side: it is always on
}

// Pressable is a fault that can be pressed by hand at a lane.
type Pressable struct {
	Name  string
	Title string
	Stays bool   // until it is pressed again; else it happens once
	Only  string // the kind of lane that has it; empty: all
	do    func(s *spot, on bool) error
}

// burst is how many answers of the board go wrong at one press; as good as all while one stays.
const (
	burst = 20
	ever  = 100_000
)

// pressables is everything that can be pressed at a lane, in the order of the page.
var pressables = []Pressable{
	{"fire", "Fire contact open", true, Border, func(s *spot, on bool) error { s.board.Fire(on); return nil }},
	{"bag", "A bag in the exit beam", true, Border, func(s *spot, on bool) error { return either(on, s.board.BreakExit, s.board.MendExit) }},
	{"entry", "Somebody stands in the entry", true, Border, func(s *spot, on bool) error { return either(on, s.board.BreakEntry, s.board.MendEntry) }},
	{"beam", "The middle beam is stuck", true, Border, func(s *spot, on bool) error {
		return either(on, func() { s.board.Stick(false, "middle") }, func() { s.board.Stick(false) })
	}},
	{"back", "The next one turns back", false, Border, func(s *spot, _ bool) error { s.instead.Store(TurnsBack); return nil }},
	{"two", "Two come with the next code", false, Border, func(s *spot, _ bool) error { s.instead.Store(Tailgates); return nil }},
	{"reverse", "Somebody comes from the exit", false, Border, func(s *spot, _ bool) error { s.instead.Store(Reverses); return nil }},
	{"jam", "The door does not close", true, Border, func(s *spot, on bool) error { s.board.Jam(on); return nil }},
	{"force", "The door is forced", false, Border, func(s *spot, _ bool) error {
		s.board.Jam(true) // and held open for a second
		s.board.Force()
		time.AfterFunc(time.Second, func() { s.board.Jam(false) })
		return nil
	}},
	{"cabinet", "The cabinet is open", true, Border, func(s *spot, on bool) error { s.board.OpenCabinet(on); return nil }},
	{"loops", "The loops are short-circuited", true, Border, func(s *spot, on bool) error { s.board.ShortLoops(on); return nil }},
	{"officer", "Turn the officer’s key", false, Border, func(s *spot, _ bool) error { s.board.TurnOfficerKey(); return nil }},
	{"supervisor", "Turn the supervisor’s key", false, Border, func(s *spot, _ bool) error { s.board.TurnSupervisorKey(); return nil }},
	{"board", "Pull the board’s cable", true, "", func(s *spot, on bool) error { return pulled(on, s.wire.Unplug, s.wire.Plug) }},
	{"silence", "The board does not answer", true, "", func(s *spot, on bool) error {
		return either(on, func() { s.wire.Inject(gateboard.Silence, ever) }, s.wire.Repair)
	}},
	{"noise", "The board’s answers are damaged", false, "", func(s *spot, _ bool) error { s.wire.Inject(gateboard.BadCRC, burst); return nil }},
	{"camera", "Pull the camera’s cable", true, "", func(s *spot, on bool) error { return pulled(on, s.view.pull, s.view.plug) }},
	{"black", "A cap on the camera", true, "", sight(camera.Black)},
	{"covered", "A hand before the camera", true, "", sight(camera.Covered)},
	{"frozen", "The camera’s picture freezes", true, "", sight(camera.Frozen)},
	{"torn", "The camera’s pictures are torn", true, "", sight(camera.Torn)},
	{"scanner", "Pull the scanner’s cable", true, Venue, func(s *spot, on bool) error { return pulled(on, s.beside.scanner.Unplug, s.beside.scanner.Plug) }},
	{"sheet", "A sheet sets the scanner up anew", true, Venue, func(s *spot, on bool) error {
		return either(on, func() { s.beside.scanner.Program(asSheet) }, func() { s.beside.scanner.Program(asBought) })
	}},
	{"papers", "Pull the document reader’s cable", true, Border, func(s *spot, on bool) error { return pulled(on, s.beside.papers.Unplug, s.beside.papers.Plug) }},
	{"passport", "Swipe a passport", false, Border, func(s *spot, _ bool) error { s.beside.papers.Swipe(passport...); return nil }},
	{"misread", "Swipe one that is misread", false, Border, func(s *spot, _ bool) error {
		s.beside.papers.Misread(2, 2, "B")
		s.beside.papers.Swipe(passport...)
		return nil
	}},
	{"printer", "Pull the printer’s cable", true, Border, func(s *spot, on bool) error { return pulled(on, s.beside.printer.pull, s.beside.printer.plug) }},
	{"paper", "The printer’s roll ends", true, Border, spoilt(printer.PaperOut)},
	{"cover", "The printer’s cover is open", true, Border, spoilt(printer.CoverOpen)},
	{"low", "The roll is near its end", true, Border, func(s *spot, on bool) error { s.beside.printer.paper.Low(on); return nil }},
}

func either(on bool, yes, no func()) error {
	if on {
		yes()
	} else {
		no()
	}
	return nil
}

func pulled(on bool, pull, plug func() error) error {
	if on {
		return pull()
	}
	return plug()
}

func sight(f camera.Fault) func(*spot, bool) error {
	return func(s *spot, on bool) error {
		return either(on, func() { s.scene.Break(f) }, func() { s.scene.Break(camera.Sound) })
	}
}

func spoilt(f printer.Fault) func(*spot, bool) error {
	return func(s *spot, on bool) error {
		return either(on, func() { s.beside.printer.paper.After(0, f) }, s.beside.printer.paper.Mend)
	}
}

// Faults is what can be pressed at the lane.
func (l Lane) Faults() (all []Pressable) {
	for _, p := range pressables {
		if p.Only == "" || p.Only == l.Kind {
			all = append(all, p)
		}
	}
	return all
}

// Has reports whether something can be pressed at the lane.
func (l Lane) Has(fault string) bool {
	return slices.ContainsFunc(l.Faults(), func(p Pressable) bool { return p.Name == fault })
}

// press carries out a fault at its lane.
func (b *bench) press(f Fault) error {
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
		b.say(Line{Seen: &Seen{Lane: s.lane, Leaf: last.Leaf.String(), Lamp: last.Lit, Flashing: last.Flashing, Buzzer: last.Buzzer,
			WayOutFree: last.EgressFree, Heartbeat: last.Heartbeat, Beams: last.Entry || last.Middle || last.Exit, Fire: last.Fire}})
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
