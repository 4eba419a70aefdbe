package appliance

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/controller"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/kiosk/screen"
	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
)

// rig is one lane with a simulated camera, gate and board, and what runs it.
type rig struct {
	*testing.T
	config  config.Lane
	state   string // folder of the journal
	gate    *gateboard.Board
	wire    *gateboard.I2C
	board   func() *gate.Board // how the program reaches it
	scene   *camera.Camera
	cable   cable // of the camera
	lane    *laneLoop
	journal *journal.Journal
	stop    func() // ends the program in good order

	overruling lane.Overruling // how staff let pass whom the rules refer
}

// newRig starts the program at a lane with nobody in it. Every code is good, once.
func newRig(t *testing.T) *rig {
	r := &rig{T: t, state: t.TempDir(), gate: gateboard.New(20*time.Millisecond, 20*time.Millisecond), scene: camera.New(camera.Options{Empty: true})}
	r.wire = gateboard.NewI2C(r.gate, 0x20)
	r.board = func() *gate.Board { return gate.NewI2C(r.wire, 0x20, r.wire.INT) }
	r.cable.Handler = r.scene
	web := httptest.NewServer(&r.cable)
	r.cable.web = web
	t.Cleanup(web.Close)
	c := config.Config{Lanes: []config.Lane{{Name: "1", Profile: "single", Kind: "border"}}}
	c.Defaults()
	r.config = c.Lanes[0]
	r.config.Camera.Device = web.URL
	r.start()
	t.Cleanup(func() {
		r.stop()
		if n := r.gate.Counts().ClosedOnBeam; n != 0 {
			t.Errorf("closed on a beam %d times", n)
		}
	})
	return r
}

func (r *rig) start() {
	r.Helper()
	var err error
	r.journal, err = journal.Open(r.state, journal.Options{Device: "device", Site: "site"})
	if err != nil {
		r.Fatal(err)
	}
	clock := func() inspection.Clock { return inspection.Clock{Confidence: "trusted"} }
	r.lane, err = laneAt(r.board(), r.config, "site", &follow.Lane{Lane: r.journal.Lane("1")}, time.Now, clock, slog.New(slog.DiscardHandler))
	if err != nil {
		r.Fatal(err)
	}
	r.lane.overruling = r.overruling
	r.lane.controller.Use(func(p inspection.Presentation) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied,
			Counts: []verdict.Count{{Identity: p.Codes[0], Until: time.Now().Add(time.Hour)}}}
	})
	serving, end := context.WithCancel(context.Background())
	bench, stopBench := context.WithCancel(context.Background())
	var devices sync.WaitGroup
	done := make(chan error, 1)
	go func() { done <- r.lane.serve(serving, bench, &devices) }() // ends with end
	r.stop = sync.OnceFunc(func() {
		end()
		if err := <-done; err != nil {
			r.Error(err)
		}
		stopBench()
		devices.Wait()
		if err := errors.Join(r.lane.board.Close(), r.journal.Close()); err != nil && r.lane.board.Fault() == nil {
			r.Error(err)
		}
	})
}

// cable is that of a camera on the network.
type cable struct {
	http.Handler
	web  *httptest.Server
	away atomic.Bool
}

func (c *cable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.away.Load() {
		panic(http.ErrAbortHandler)
	}
	c.Handler.ServeHTTP(w, r)
}

// pull pulls the cable, or plugs it in again.
func (c *cable) pull(out bool) {
	c.away.Store(out)
	c.web.CloseClientConnections()
}

// until waits for something to become true.
func (r *rig) until(what string, holds func() bool) {
	r.Helper()
	for range 6000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.Fatalf("not %s: lane %v, gate %+v, journal %q", what, r.lane.controller.State(), r.gate.State(), r.kinds())
}

func (r *rig) untilState(want lane.State) {
	r.Helper()
	r.until(want.String(), func() bool { return r.lane.controller.State().State == want })
}

// open waits for the lane to be safe and opens it for service.
func (r *rig) open() {
	r.Helper()
	r.until("fit for service", func() bool {
		s := r.lane.controller.State()
		return s.State == lane.Secured && s.Zone == lane.ZoneClear && s.Normal && s.Faults == 0 && r.lane.camera.Fault() == nil
	})
	r.turn(r.gate.TurnOfficerKey)
	r.untilState(lane.Ready)
}

// turn turns a key and lets go of it.
func (r *rig) turn(key func()) {
	key()
	time.Sleep(400 * time.Millisecond)
}

// admit holds up a code until the gate opens.
func (r *rig) admit(code string) {
	r.Helper()
	r.hold(code)
	r.untilState(lane.Released)
	r.until("open", func() bool { return r.gate.State().Leaf == gateboard.Open })
	r.scene.Clear()
}

func (r *rig) hold(code string) {
	r.Helper()
	if err := r.scene.Hold(camera.Card{Text: code}); err != nil {
		r.Fatal(err)
	}
}

// kinds are the events of the lane, oldest first, since the last start.
func (r *rig) kinds() (kinds []string) {
	events, err := r.journal.Recent(50)
	if err != nil {
		r.Error(err)
	}
	for _, e := range events {
		if e.Kind == event.Started {
			break
		}
		kinds = append(kinds, strings.TrimSpace(string(e.Kind)+" "+string(e.Verdict.Reason)))
	}
	slices.Reverse(kinds)
	return kinds
}

func (r *rig) untilJournal(want ...string) {
	r.Helper()
	r.until(strings.Join(want, ", "), func() bool { return slices.Equal(r.kinds(), want) })
}

// TestPassages has people walk through, follow each other, and reach ahead and go back.
func TestPassages(t *testing.T) {
	r := newRig(t)
	r.open()
	walk := gateboard.Walk{Board: r.gate, Pace: 150 * time.Millisecond}
	r.admit("A")
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilState(lane.Ready)
	r.untilJournal("claimed satisfied", "passed")

	r.admit("B")
	if err := walk.Back(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilJournal("claimed satisfied", "passed", "claimed satisfied", "withdrew")

	r.admit("C")
	if err := walk.Tailgated(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilJournal("claimed satisfied", "passed", "claimed satisfied", "withdrew", "claimed satisfied", "alarm", "interrupted")
	r.turn(r.gate.TurnOfficerKey)
	r.untilState(lane.Secured)
}

// TestHeldOpen: who stays in the gate is called and the attendant told, before the alarm (G8).
func TestHeldOpen(t *testing.T) {
	r := newRig(t)
	r.stop()
	r.config.Timing.Warn.Duration = 4 * time.Second
	r.start()
	a := r.device()
	held := func() bool { return a.shows(t, health.GateHeld) }
	r.open()
	r.admit("A")
	r.gate.BreakEntry()
	r.untilState(lane.Passing)
	if held() {
		t.Error("warned at once")
	}
	r.until("warned", held)
	if v := r.lane.controller.State().View(); v.Screen != lane.ScreenGo || v.Tone != lane.ToneRefer {
		t.Errorf("who stands there is not called: %+v", v)
	}
	r.gate.BreakExit()
	r.gate.MendEntry()
	r.gate.MendExit()
	r.untilState(lane.Ready)
	if held() {
		t.Error("warned of nobody")
	}
	if got := a.told(t); !slices.Contains(got, "1 gate-held begun") || !slices.Contains(got, "1 gate-held over") {
		t.Errorf("recorded: %q", got)
	}
}

// TestEndDuringEvacuation ends the program when the fire is out and nobody has reset,
// and starts it again: it shuts nothing, evacuates, and one turn of the supervisor's key
// leads out of service (G3).
func TestEndDuringEvacuation(t *testing.T) {
	r := newRig(t)
	r.open()
	r.gate.Fire(true)
	r.untilState(lane.Evacuating)
	r.gate.Fire(false)
	r.until("normal", func() bool { return r.lane.controller.State().Normal })
	r.stop()
	if s := r.gate.State(); !s.Access {
		t.Errorf("told to shut at the end of the program: %+v", s)
	}
	r.until("free to leave", func() bool { return r.gate.State().EgressFree })

	r.start()
	r.until("evacuating with the contact normal", func() bool {
		s := r.lane.controller.State()
		return s.State == lane.Evacuating && s.Normal
	})
	r.until("open", func() bool { return r.gate.State().Leaf == gateboard.Open })
	r.turn(r.gate.TurnSupervisorKey)
	r.until("shut", func() bool { return r.gate.State().Leaf == gateboard.Shut })
	if s := r.lane.controller.State(); s.State != lane.Secured {
		t.Errorf("%v after one turn of the supervisor's key", s)
	}
	r.turn(r.gate.TurnSupervisorKey)
	r.untilState(lane.Ready)
}

// released counts the orders to open.
type released struct {
	mu sync.Mutex
	n  int
}

func (b *released) Release(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	return nil
}
func (b *released) Secure(context.Context) error { return nil }

// bare is a lane that nothing runs yet, at a barrier that only counts.
func bare(t *testing.T, barrier *released) *laneLoop {
	j, err := journal.Open(t.TempDir(), journal.Options{Device: "device", Site: "site"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	l := &laneLoop{log: slog.New(slog.DiscardHandler), reports: make(chan lane.Input, waiting)}
	nothing := func(lane.View) {}
	l.controller = controller.New(controller.Devices{Barrier: barrier, Journal: j.Lane("1"), Display: nothing, Lamp: nothing,
		Clock: func() inspection.Clock { return inspection.Clock{} }, Log: l.log, Reports: l.reports})
	return l
}

// TestAlarmAgain has the alarm contact open, normal and open again before the lane's
// loop has taken anything: the contact is open, so no supervisor ends the evacuation.
func TestAlarmAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c bench.Contacts
		l := bare(t, &released{})
		ctx, stop := context.WithCancel(t.Context())
		for _, k := range []gate.Kind{gate.AlarmOpen, gate.AlarmNormal, gate.AlarmOpen, gate.SupervisorKey} {
			l.contact(ctx, &c, gate.Input{Kind: k})
		}
		done := make(chan error, 1)
		go func() { done <- l.controller.Run(ctx, lane.Lane{}) }() // ends with stop
		synctest.Wait()
		if s := l.controller.State(); s.State != lane.Evacuating || s.Normal {
			t.Errorf("the contact is open: lane %v, contact normal: %v", s, s.Normal)
		}
		for _, k := range []gate.Kind{gate.AlarmNormal, gate.SupervisorKey} {
			l.contact(ctx, &c, gate.Input{Kind: k})
		}
		synctest.Wait()
		if s := l.controller.State(); s.State != lane.Secured {
			t.Errorf("the contact is normal and a supervisor has reset: lane %v", s)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestAlarmAfterEnd opens the alarm contact when the lane's loop has ended, and the
// beams have had more to say than anybody takes: the barrier is released all the same.
func TestAlarmAfterEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c bench.Contacts
		barrier := &released{}
		l := bare(t, barrier)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := l.controller.Run(ctx, lane.Lane{}); err != nil {
			t.Error(err)
		}
		bench := t.Context()
		for range waiting {
			l.contact(bench, &c, gate.Input{Kind: gate.EntryBroken})
			l.contact(bench, &c, gate.Input{Kind: gate.EntryWhole})
		}
		l.contact(bench, &c, gate.Input{Kind: gate.AlarmOpen})
		if barrier.n != 1 {
			t.Errorf("released %d times", barrier.n)
		}
	})
}

// TestEntries counts who passed, and nobody whose code is used all the same.
func TestEntries(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{Device: "device", Site: "site"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	e := &entries{Lane: &follow.Lane{Lane: j.Lane("1")}, display: screen.NewDisplay(screen.LaneInfo{}, screen.Options{}), now: time.Now}
	for kind, want := range map[event.Kind]int{event.Interrupted: 0, event.Passed: 1} {
		e.in = 0
		if err := e.Settle(event.Event{At: time.Now(), Kind: kind, Presentation: 1}, true); err != nil {
			t.Error(err)
		}
		if e.in != want {
			t.Errorf("%s counts %d", kind, e.in)
		}
	}
}
