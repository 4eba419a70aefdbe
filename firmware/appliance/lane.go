package appliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/controller"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/sight"
	"example.org/checkpoint/hardware/camera"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/kiosk/screen"
)

// laneLoop is one lane with its devices.
type laneLoop struct {
	config     config.Lane
	log        *slog.Logger
	camera     *camera.Camera // nil for none
	looking    *bench.Guard   // of its driver
	board      *gate.Board
	moving     *bench.Guard   // likewise
	devices    []bench.Device // beside the two
	beside     beside         // what they gave
	forced     atomic.Int64   // when the leaf was, in ms since 1970; 0: never, or somebody has reset since
	display    *screen.Display
	listener   net.Listener // of the display; nil for none
	journal    *follow.Lane
	entries    *entries // the same for the controller
	controller *controller.Controller
	reports    chan lane.Input
	since      changes
	supervised func(*laneLoop) // told of the supervisor's key, without waiting; nil for nobody
	overruling lane.Overruling // how staff let pass whom the rules refer
	watched    bool            // a browser has shown the display; of keepWatch alone, as is
	missed     int             // how often in a row none did
}

// changes is since when the lane shows what it shows, for those who watch it.
type changes struct {
	mu sync.Mutex
	at time.Time
}

func (c *changes) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = now
}

func (c *changes) get() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func newLane(c config.Lane, site string, j *follow.Lane, now func() time.Time, clock func() inspection.Clock, log *slog.Logger) (*laneLoop, error) {
	board, err := bench.Board(c)
	if err != nil {
		return nil, fmt.Errorf("lane %s: %w", c.Name, err)
	}
	return laneAt(board, c, site, j, now, clock, log)
}

// laneAt is newLane at a board.
func laneAt(board *gate.Board, c config.Lane, site string, j *follow.Lane, now func() time.Time, clock func() inspection.Clock, log *slog.Logger) (*laneLoop, error) {
	l := &laneLoop{config: c, board: board, log: log.With("lane", c.Name), journal: j, reports: make(chan lane.Input, waiting)}
	if c.Camera.Device != "" {
		l.camera = bench.Camera(c.Camera, l.log)
	}
	l.looking, l.moving = bench.NewGuard(l.log.With("device", "camera")), bench.NewGuard(l.log.With("device", "gate"))
	l.beside.log = l.log
	l.devices = bench.Beside(c, bench.Hears{Code: func(text []byte) { l.controller.Scan(text) }, Document: l.paper, Temperature: l.beside.temperature}, l.log)
	l.display = screen.NewDisplay(screen.LaneInfo{Number: c.Name, Kind: c.Kind, Place: inWords(c.Place), Counter: inWords(c.Counter),
		WidthMM: c.Screen.WidthMM, ViewMM: c.Screen.ViewMM}, screen.Options{Token: c.Screen.Token, Volume: c.Screen.Volume})
	if c.Screen.Listen != "" {
		var err error
		if l.listener, err = net.Listen("tcp", c.Screen.Listen); err != nil {
			return nil, fmt.Errorf("lane %s: screen: %w", c.Name, err)
		}
	}
	l.since.set(now())
	l.entries = &entries{Lane: j, display: l.display, now: now}
	d := controller.Devices{Journal: l.entries, Lamp: l.signal, Clock: clock, Log: l.log, Reports: l.reports,
		Place: c.At(site)}
	d.Display = func(v lane.View) {
		l.since.set(now())
		l.display.Show(v)
	}
	if c.Profile == "single" {
		d.Barrier = orders{l}
	}
	l.controller = controller.New(d)
	return l, nil
}

// machine is the lane at power-up.
func (l *laneLoop) machine() lane.Lane {
	m := lane.Lane{Unattended: l.config.Unattended, Overruling: l.overruling, Timing: lane.Timing{
		Judge: l.config.Timing.Judge.Duration, Enter: l.config.Timing.Enter.Duration,
		Leave: l.config.Timing.Leave.Duration, Warn: l.config.Timing.Warn.Duration, Show: l.config.Timing.Show.Duration, Staff: l.config.Timing.Staff.Duration}}
	if l.config.Profile == "open" {
		m.Profile = lane.Open
	}
	return m
}

// signal lights the lamp and sounds the tone of a view. A board that is away is
// told when it is back.
func (l *laneLoop) signal(v lane.View) {
	ctx := context.Background()
	if err := l.moving.Do(func() error { return l.board.Light(ctx, bench.Light(v.Lamp)) }); err != nil {
		l.log.Debug("lamp", "err", err)
	}
	if err := l.moving.Do(func() error { return l.board.Sound(ctx, bench.Sound(v.Tone)) }); err != nil {
		l.log.Debug("tone", "err", err)
	}
}

// waiting is how many reports may wait for the lane's loop, so that none keeps an
// alarm from being heard: more than come in while the loop is late and still alive.
const waiting = 64

// serve runs the lane until ctx is done; its devices run until running is done, so
// that the controller can still make the barrier safe.
func (l *laneLoop) serve(ctx, running context.Context, devices *sync.WaitGroup) error {
	if l.journal.Evacuated() { // the power went during an evacuation
		l.controller.Evacuate(ctx)
	}
	if l.camera != nil {
		devices.Go(func() { l.looking.Run(running, l.camera.Run) })
		eyes := sight.New(l.camera, l.controller.See, func(ctx context.Context, h lane.Hint) { l.report(ctx, lane.Guided{Hint: h}) }, l.log)
		devices.Go(func() { eyes.Run(running) })
	}
	for _, d := range l.devices {
		devices.Go(func() { d.Run(running) })
	}
	devices.Go(func() { l.watch(running) })
	devices.Go(func() { l.moving.Run(running, l.runBoard()) })
	if l.listener != nil {
		devices.Go(func() {
			if err := screen.Serve(running, l.listener, l.display); err != nil {
				l.log.Error("screen", "err", err)
			}
		})
	}
	return l.controller.Run(ctx, l.machine())
}

// runBoard gives what serves the board. If the driver panics the board counts as lost, and as back
// with the first that it says once it was started again: all contacts are then said anew.
func (l *laneLoop) runBoard() func(context.Context) error {
	lost := false
	return func(ctx context.Context) error {
		var c bench.Contacts
		defer func() {
			if ctx.Err() == nil {
				lost = true
				l.contact(ctx, &c, gate.Input{Kind: gate.BoardLost})
			}
		}()
		return l.board.Run(ctx, l.controller.Alive, func(in gate.Input) {
			if lost && in.Kind != gate.BoardLost && in.Kind != gate.BoardBack {
				l.contact(ctx, &c, gate.Input{Kind: gate.BoardBack})
			}
			lost = lost && in.Kind == gate.BoardLost
			l.contact(ctx, &c, in)
		})
	}
}

// contact tells the lane what a contact did. The alarm contact goes first to the
// barrier, past the lane's loop, and does so also when the loop has ended.
func (l *laneLoop) contact(ctx context.Context, c *bench.Contacts, in gate.Input) {
	switch in.Kind {
	case gate.AlarmOpen:
		if err := l.controller.Evacuate(ctx); err != nil {
			l.log.Error("evacuation: the barrier did not obey; the relay and the next order do", "err", err)
		}
	case gate.AlarmNormal:
		l.report(ctx, l.controller.Cleared())
	default:
		if in.Kind == gate.SupervisorKey && l.supervised != nil {
			l.supervised(l)
		}
		if in.Kind == gate.DoorForced {
			l.forced.Store(time.Now().UnixMilli())
		}
		for _, input := range c.Take(in) {
			l.report(ctx, input)
		}
	}
}

// report waits only for a loop that is late.
func (l *laneLoop) report(ctx context.Context, in lane.Input) {
	select {
	case l.reports <- in:
	case <-l.controller.Ended():
	case <-ctx.Done():
	}
}

// watchEvery is how soon the loss of a lane's readers is noticed.
const watchEvery = 250 * time.Millisecond

// watch tells the lane when nothing reads codes any more, when its board senses what
// must not be, and when that is over.
func (l *laneLoop) watch(ctx context.Context) {
	var told lane.Fault
	for tick := time.NewTicker(watchEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		var now lane.Fault
		if l.sightless() {
			now |= lane.CameraFault
		}
		if fault := l.boardFault(); !errors.Is(fault, gate.ErrLost) && bench.Closes(fault) {
			now |= lane.BarrierFault
		}
		if now != 0 { // again at each look: a leaf that obeys all the same mends nothing of it
			l.report(ctx, lane.Failed{Fault: now})
		}
		if over := told &^ now; over != 0 {
			l.report(ctx, lane.Recovered{Fault: over})
		}
		told = now
		if at := l.forced.Load(); l.controller.State().State != lane.Alarmed && time.Now().UnixMilli()-at > 1000 { // the lane has heard of it
			l.forced.CompareAndSwap(at, 0)
		}
	}
}

// inWords is a text in the languages of the site.
func inWords(in map[string]string) screen.Words {
	return screen.Words{Hant: in["zh-Hant"], Hans: in["zh-Hans"], En: in["en"], Ja: in["ja"], Ko: in["ko"], Pt: in["pt"]}
}
