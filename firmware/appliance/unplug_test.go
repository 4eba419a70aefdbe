package appliance

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/card"
	"example.org/checkpoint/simulators/document"
	"example.org/checkpoint/simulators/gateboard"
	"example.org/checkpoint/simulators/scanner"
	"example.org/checkpoint/simulators/thermal"
)

// TestBoardPulled pulls the board's cable on each of its wires while the admitted person is
// between the beams: their code does not let anybody in again, they are sent to an officer,
// and no restart is needed.
func TestBoardPulled(t *testing.T) {
	for wire, reach := range map[string]func(*rig) (pull, plug func()){
		"i2c": func(r *rig) (pull, plug func()) { return r.wire.Unplug, r.wire.Plug },
		"modbus": func(r *rig) (pull, plug func()) {
			link := filepath.Join(t.TempDir(), "board")
			s, err := gateboard.NewSerial(r.gate, 1, link)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Unplug() })
			r.board = func() *gate.Board { return gate.NewSerial(gate.Line{Path: link, Unit: 1}) }
			return func() { s.Unplug() }, func() {
				if err := s.Plug(); err != nil {
					t.Error(err)
				}
			}
		},
		"gpio": func(r *rig) (pull, plug func()) {
			g := gateboard.NewGPIO(r.gate)
			r.board = func() *gate.Board {
				b, err := gate.NewGPIO(g.Lines())
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			return g.Fail, g.Mend // the chip that has the lines
		},
	} {
		t.Run(wire, func(t *testing.T) {
			r := newRig(t)
			r.stop()
			r.gate = gateboard.New(20*time.Millisecond, 20*time.Millisecond)
			if wire == "i2c" {
				r.wire = gateboard.NewI2C(r.gate, 0x20)
			}
			pull, plug := reach(r)
			r.start()
			r.open()
			r.admit("A")
			r.gate.BreakEntry()
			r.untilState(lane.Passing)
			pull()
			r.untilJournal("claimed satisfied", "interrupted")
			r.until("lost", func() bool { return r.lane.troubles().Has(health.GateLost) })
			r.gate.MendEntry()
			plug()
			r.open()
			time.Sleep(2 * time.Second) // the same text counts as new only after it was out of sight
			r.hold("A")
			r.untilJournal("claimed satisfied", "interrupted", "presented replayed")
			r.until("sent to an officer", func() bool { return r.gate.State().Lit == "amber" })
			if s := r.gate.State(); s.Leaf != gateboard.Shut || r.lane.troubles().Has(health.GateLost) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// asked is what a lane was asked to judge.
type asked struct {
	mu  sync.Mutex
	all []inspection.Presentation
}

// judge refers everybody.
func (a *asked) judge(p inspection.Presentation) verdict.Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, p)
	return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
}

// has reports whether a code was among it.
func (a *asked) has(code string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.all, func(p inspection.Presentation) bool { return slices.Contains(codes(p), code) })
}

func codes(p inspection.Presentation) (all []string) {
	for _, c := range p.Codes {
		all = append(all, string(c))
	}
	return all
}

// passport is a card of the open profile with a token.
func passport(token string) *card.Card {
	return &card.Card{Application: []byte("\xF0CHKPT\x01"), ID: []byte{0x48, 0x01}, ATR: []byte{0x3B, 0x80, 0x80, 0x01, 0x01},
		Content: append(binary.BigEndian.AppendUint16(nil, uint16(len(token))), token...)}
}

// TestDevicesPulled pulls every device of a running lane and plugs it in again: what is lost is
// named, the lane goes on with the others, each works again without a restart, and the door
// stays shut. The tokens of cards are judged as codes are. A scanner that types is not among
// them: a FIFO cannot be held for the program alone, and there is no other input device where
// tests run. What is seen of it at a lane is in TestScannerUnsafe; that it comes back is tested
// with its driver.
func TestDevicesPulled(t *testing.T) {
	r := newRig(t)
	r.stop()
	dir := t.TempDir()
	imager, err := scanner.NewSerial(filepath.Join(dir, "scanner"), scanner.Setup{After: "\r"})
	if err != nil {
		t.Fatal(err)
	}
	papers, err := document.New(filepath.Join(dir, "papers"), document.Setup{EndOfLine: "\r"})
	if err != nil {
		t.Fatal(err)
	}
	daemon, err := card.NewDaemon(filepath.Join(dir, "pcscd.comm"), 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(daemon.Stop)
	warm := thermal.New()
	warm.Show(36.6, 23)
	away, err := warm.Wire("bus-of-the-lane")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { away() })
	r.config.Unattended = true
	r.config.Scanners = []config.Scanner{{Wire: "serial", Device: filepath.Join(dir, "scanner")}}
	r.config.Document = &config.Document{Device: filepath.Join(dir, "papers")}
	r.config.Card = &config.Card{Socket: filepath.Join(dir, "pcscd.comm")}
	r.config.Thermal = &config.Thermal{Bus: "bus-of-the-lane"}
	r.start()
	var seen asked
	r.lane.use(seen.judge)
	troubles := func(c health.Code) func() bool { return func() bool { return r.lane.troubles().Has(c) } }
	r.until("everything works", func() bool { return r.lane.troubles().Len() == 0 })
	r.untilState(lane.Ready)

	n := 0
	reads := func(how func(code string)) func() {
		return func() {
			t.Helper()
			n++
			code := "HCT1:" + string(rune('a'+n))
			r.untilState(lane.Ready)
			r.until("fit for the next", func() bool { return r.lane.controller.State().View().Lamp == lane.LampWhite })
			how(code)
			r.until("judged: "+code, func() bool { return seen.has(code) })
		}
	}
	for _, d := range []struct {
		name       string
		lost       health.Code
		pull, plug func() error
		works      func()
	}{
		{"camera", health.CameraAway, func() error { r.cable.pull(true); return nil }, func() error { r.cable.pull(false); return nil },
			reads(func(code string) {
				r.hold(code)
				r.until("seen", func() bool { return seen.has(code) })
				r.scene.Clear()
			})},
		{"scanner", health.ScannerLost, imager.Unplug, imager.Plug, reads(func(code string) { imager.Show("Q1", []byte(code)) })},
		{"card reader", health.CardReaderLost, func() error { daemon.Plug(false); return nil }, func() error { daemon.Plug(true); return nil },
			reads(func(code string) {
				daemon.Insert(passport(code))
				r.until("read", func() bool { return seen.has(code) })
				daemon.Remove()
			})},
		{"pcscd", health.CardReaderLost, func() error { daemon.Stop(); return nil }, daemon.Start,
			reads(func(code string) {
				daemon.Insert(passport(code))
				r.until("read", func() bool { return seen.has(code) })
				daemon.Remove()
			})},
		{"document reader", health.DocumentReaderLost, papers.Unplug, papers.Plug, func() {
			papers.Swipe(specimen...)
			r.until("read", func() bool {
				r.lane.beside.mu.Lock()
				defer r.lane.beside.mu.Unlock()
				return r.lane.beside.document != nil
			})
		}},
		{"thermometer", health.ThermalLost, func() error { warm.Unplug(); return nil }, func() error { warm.Plug(); return nil }, func() {
			r.lane.beside.take(time.Now()) // what it had measured before
			r.until("measured", func() bool { return r.lane.beside.take(time.Now()).Temperature != nil })
		}},
	} {
		d.works()
		if err := d.pull(); err != nil {
			t.Fatal(d.name, err)
		}
		r.until(d.name+" lost", troubles(d.lost))
		if s := r.lane.controller.State(); s.State == lane.Secured || s.Faults != 0 {
			t.Errorf("without the %s: %v", d.name, s)
		}
		if err := d.plug(); err != nil {
			t.Fatal(d.name, err)
		}
		r.until(d.name+" back", func() bool { return r.lane.troubles().Len() == 0 })
		d.works()
	}
	if s, c := r.gate.State(), r.gate.Counts(); s.Leaf != gateboard.Shut || c.Openings != 0 {
		t.Errorf("the door: %+v, %+v", s, c)
	}
	for _, errs := range [][]string{imager.Errors(), papers.Errors(), daemon.Errors(), warm.Errors()} {
		for _, e := range errs {
			t.Error(e)
		}
	}
}

// TestCardAlone: a lane that nothing but a card reader reads codes for is out of service while
// that is unplugged, and serves again once it is back.
func TestCardAlone(t *testing.T) {
	r := newRig(t)
	r.stop()
	socket := filepath.Join(t.TempDir(), "pcscd.comm")
	daemon, err := card.NewDaemon(socket, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(daemon.Stop)
	r.config.Camera, r.config.Unattended, r.config.Card = config.Camera{}, true, &config.Card{Socket: socket}
	r.start()
	r.untilState(lane.Ready)
	daemon.Insert(passport("HCT1:a"))
	r.untilState(lane.Released)
	r.until("open", func() bool { return r.gate.State().Leaf == gateboard.Open })
	walk := gateboard.Walk{Board: r.gate, Pace: 150 * time.Millisecond}
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilState(lane.Ready)
	daemon.Plug(false) // with the card in it
	r.until("out of service", func() bool {
		s := r.lane.controller.State()
		return s.State == lane.Secured && s.Faults.Has(lane.CameraFault) && r.lane.troubles().Has(health.ReaderLost) && r.lane.troubles().Has(health.CardReaderLost)
	})
	daemon.Plug(true)
	r.untilState(lane.Ready)
	daemon.Insert(passport("HCT1:a"))
	r.untilJournal("claimed satisfied", "passed", "presented replayed")
	if s := r.gate.State(); s.Leaf != gateboard.Shut || r.gate.Counts().Openings != 1 {
		t.Errorf("%+v", s)
	}
}
