package appliance

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/watchdog"
	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/printer"
	"example.org/checkpoint/simulators/scanner"
)

// device is the device that has the lane, and no centre; it looks when it is told to.
func (r *rig) device() *Appliance {
	r.Helper()
	a := &Appliance{log: slog.New(slog.DiscardHandler), clock: clock.New(nil, time.Time{}), watchdog: watchdog.New(watchdog.Options{}), journal: r.journal, lanes: []*laneLoop{r.lane}}
	a.config.Clock.Within.Duration = time.Second
	a.readClock()
	var err error
	if a.centre, err = follow.Open(a.config, a.log); err == nil {
		err = a.centre.Join(follow.Device{Clock: a.clock, Journal: a.journal, Judge: a.judgeBy, Staff: a.desk.use, Report: a.reported})
	}
	if err != nil {
		r.Fatal(err)
	}
	return a
}

// shows reports whether a condition stands on both pages of a device, of nobody's lane or of the
// first one; that they agree is part of it.
func (a *Appliance) shows(t *testing.T, c health.Code) bool {
	t.Helper()
	a.watch()
	w := httptest.NewRecorder()
	a.healthz(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	var said struct{ Conditions []string }
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	s := a.status()
	told := slices.Contains(said.Conditions, c.String())
	if shown := s.Conditions.Union(s.Lanes[0].Faults).Has(c); shown != told {
		t.Errorf("%v: the attendant sees %v, /healthz says %v", c, shown, told)
	}
	return told
}

// TestCameraCovered: a hand before the lens is seen for what it is, and the lane stays open, since
// a bright code shows in the dark.
func TestCameraCovered(t *testing.T) {
	r := newRig(t)
	r.stop()
	r.scene = camera.New(camera.Options{Seed: 3}) // of a wall nobody can tell that it is covered
	r.cable.Handler = r.scene
	r.start()
	r.open()
	a := r.device()
	covered := func() bool { return a.shows(t, health.CameraCovered) }
	r.until("in order", func() bool { return r.lane.troubles().Len() == 0 && !covered() })
	time.Sleep(time.Second) // it has seen what there is to see
	r.scene.Break(camera.Covered)
	r.until("covered", covered)
	if s := r.lane.controller.State(); s.State != lane.Ready || a.shows(t, health.CameraLost) {
		t.Errorf("%v", s)
	}
	r.scene.Break(camera.Sound)
	r.until("uncovered", func() bool { return !covered() })
	r.admit("A")
	if got := a.told(t); !slices.Contains(got, "1 camera-covered begun") || !slices.Contains(got, "1 camera-covered over") {
		t.Errorf("recorded: %q", got)
	}
}

// TestScannerUnsafe: a scanner that types, and that other programs hear too, is named and not
// listened to; it is named as away once it is unplugged.
func TestScannerUnsafe(t *testing.T) {
	r := newRig(t)
	r.stop()
	path := filepath.Join(t.TempDir(), "event-kbd")
	wedge, err := scanner.NewWedge(path)
	if err != nil {
		t.Fatal(err)
	}
	r.config.Scanners = []config.Scanner{{Wire: "wedge", Device: path}}
	r.start()
	a := r.device()
	var seen asked
	r.lane.use(seen.judge)
	r.until("named", func() bool { return a.shows(t, health.ScannerUnsafe) })
	r.open()
	wedge.TypeUS([]byte("HCT1:a\r"))
	r.hold("HCT1:b")
	r.until("the camera reads", func() bool { return seen.has("HCT1:b") })
	if seen.has("HCT1:a") {
		t.Error("it was listened to")
	}
	if err := wedge.Unplug(); err != nil {
		t.Fatal(err)
	}
	r.until("away", func() bool { return !a.shows(t, health.ScannerUnsafe) && a.shows(t, health.ScannerLost) })
	if err := wedge.Plug(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wedge.Unplug() })
	r.until("named again", func() bool { return a.shows(t, health.ScannerUnsafe) && !a.shows(t, health.ScannerLost) })
}

// TestPrinter: a cutter that jams, and a printer whose cable is pulled, are named as long as it lasts.
func TestPrinter(t *testing.T) {
	r := newRig(t)
	paper := printer.New(printer.Options{})
	t.Cleanup(paper.Close)
	plug := func(address string) (at string, pull func()) {
		t.Helper()
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conns, ended := make(chan net.Conn, 10), make(chan struct{})
		go func() { // ends with pull
			defer close(ended)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				conns <- conn
				paper.Serve(conn)
			}
		}()
		return l.Addr().String(), func() {
			l.Close()
			for {
				select {
				case conn := <-conns:
					conn.Close()
				case <-ended:
					return
				}
			}
		}
	}
	paper.JamCutter()
	address, pull := plug("127.0.0.1:0")
	a := r.device()
	a.printer = bench.OpenPrinter(config.Printer{Device: "tcp://" + address}, a.log)
	ctx, done := t.Context(), make(chan error, 1)
	go func() { done <- a.printer.Run(ctx) }() // ends with the test
	t.Cleanup(func() { <-done })
	jammed := func() bool { return a.shows(t, health.PrinterJam) }
	lost := func() bool { return a.shows(t, health.PrinterLost) }
	r.until("jammed", jammed)
	paper.Mend()
	r.until("freed", func() bool { return !jammed() && a.printer.Fault() == nil })
	pull()
	r.until("lost", lost)
	_, pull = plug(address)
	t.Cleanup(pull)
	r.until("back", func() bool { return !lost() && a.printer.Fault() == nil })
	if err := paper.Err(); err != nil {
		t.Error(err)
	}
	if got := a.told(t); !slices.Contains(got, "printer-jam begun") || !slices.Contains(got, "printer-jam over") {
		t.Errorf("recorded: %q", got)
	}
}
