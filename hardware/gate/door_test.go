package gate_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/gateboard"
)

// everyDoor runs a test at a gate that is wired for a door, over every wire; some lines
// are active low where the wire lets them be.
func everyDoor(t *testing.T, w gate.Wiring, test func(*testing.T, *bench)) {
	w.Door = true
	door := func() *gateboard.Board { return gateboard.NewDoor(fast, fast) }
	t.Run("i2c", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, i2cAt(t, door(), w)) })
	})
	t.Run("gpio", func(t *testing.T) {
		w := w
		w.Invert = []string{"red", "buzzer", "entry", "alarm", "loops", "officer"}
		synctest.Test(t, func(t *testing.T) { test(t, gpioAt(t, door(), w)) })
	})
	t.Run("serial", func(t *testing.T) { test(t, serialAt(t, door(), w)) })
}

var shutDoor = []gate.Kind{gate.AlarmNormal, gate.EntryWhole, gate.ExitWhole, gate.DoorShut, gate.Unlocked, gate.CabinetShut}

// walker walks at a pace that a busy computer can follow too, where time is real.
func walker(b *bench) gateboard.Walk {
	pace := 100 * time.Millisecond
	if b.line != nil {
		pace = 300 * time.Millisecond
	}
	return gateboard.Walk{Board: b.gate, Pace: pace}
}

// locked serves a door until it is locked.
func (b *bench) locked(t *testing.T) {
	t.Helper()
	b.serve(t)
	b.expect(t, shutDoor...)
	b.expect(t, gate.Locked)
	must(t, b.Secure(t.Context()))
}

// released opens it.
func (b *bench) released(t *testing.T) {
	t.Helper()
	must(t, b.Release(t.Context()))
	b.untilLeaf(t, gateboard.Open)
	for unlocked, opened := false, false; !unlocked || !opened; {
		switch k := (<-b.news).Kind; k {
		case gate.Unlocked:
			unlocked = true
		case gate.DoorOpened:
			opened = true
		default:
			t.Fatalf("%v", k)
		}
	}
}

// TestDoor opens, lets somebody through and shuts.
func TestDoor(t *testing.T) {
	everyDoor(t, gate.Wiring{}, func(t *testing.T, b *bench) {
		b.locked(t)
		if s := b.gate.State(); s.Lit != "red" || s.Buzzer || !s.Locked {
			t.Errorf("%+v", s)
		}
		b.released(t)
		must(t, walker(b).Through(t.Context()))
		b.expect(t, gate.EntryBroken, gate.ExitBroken, gate.EntryWhole, gate.ExitWhole)
		must(t, b.Secure(t.Context()))
		b.expect(t, gate.DoorShut)
		b.expect(t, gate.Locked)
		if n := b.gate.Counts().Openings; n != 1 || b.Fault() != nil {
			t.Errorf("%d openings, %v", n, b.Fault())
		}
	})
}

// TestPeople do what people do.
func TestPeople(t *testing.T) {
	for name, tc := range map[string]struct {
		walk func(*testing.T, *bench)
		want []gate.Kind
	}{
		"turns back": {func(t *testing.T, b *bench) { must(t, walker(b).Back(t.Context())) },
			[]gate.Kind{gate.EntryBroken, gate.EntryWhole}},
		"two people": {func(t *testing.T, b *bench) { must(t, walker(b).Tailgated(t.Context())) },
			[]gate.Kind{gate.EntryBroken, gate.Followed, gate.EntryBroken, gate.ExitBroken, gate.ExitWhole, gate.EntryWhole}},
		"comes from the exit": {func(t *testing.T, b *bench) { must(t, walker(b).Reverse(t.Context())) },
			[]gate.Kind{gate.Reversed, gate.ExitBroken, gate.ExitWhole}},
		"leaves a bag": {func(t *testing.T, b *bench) {
			must(t, walker(b).LeaveBag(t.Context()))
			if err := b.Secure(t.Context()); !errors.Is(err, gate.ErrObstructed) {
				t.Errorf("secured on a bag: %v", err)
			}
			walker(b).TakeBag()
		}, []gate.Kind{gate.EntryBroken, gate.ExitBroken, gate.ExitWhole, gate.EntryWhole}},
	} {
		t.Run(name, func(t *testing.T) {
			everyDoor(t, gate.Wiring{}, func(t *testing.T, b *bench) {
				b.locked(t)
				b.released(t)
				tc.walk(t, b)
				b.expect(t, tc.want...)
			})
		})
	}
}

// TestBounce: contacts chatter for 16 ms whenever they change, and are reported once.
func TestBounce(t *testing.T) {
	everyDoor(t, gate.Wiring{Settle: 50 * time.Millisecond}, func(t *testing.T, b *bench) {
		b.locked(t)
		b.released(t)
		b.gate.Chatter(4)
		must(t, gateboard.Walk{Board: b.gate, Pace: 500 * time.Millisecond}.Through(t.Context()))
		b.expect(t, gate.EntryBroken, gate.ExitBroken, gate.EntryWhole, gate.ExitWhole)
		b.gate.TurnOfficerKey()
		b.expect(t, gate.OfficerKey)
		b.gate.Fire(true)
		b.expect(t, gate.AlarmOpen)
		b.gate.Fire(false)
		b.expect(t, gate.AlarmNormal)
		time.Sleep(300 * time.Millisecond)
		if n := len(b.news); n != 0 {
			t.Errorf("%d more reports, first %v", n, (<-b.news).Kind)
		}
	})
}

// TestTroubles: what sensors get wrong is named, in words, while the board serves, and
// is over when it is mended.
func TestTroubles(t *testing.T) {
	w := gate.Wiring{Door: true}
	for name, tc := range map[string]struct {
		fail, mend func(*bench)
		lasts      time.Duration
		want       error
		says       string
	}{
		"loops shorted": {func(b *bench) { b.gate.ShortLoops(true) }, func(b *bench) { b.gate.ShortLoops(false) },
			100 * time.Millisecond, gate.ErrLoop, "short-circuited"},
		"cabinet open": {func(b *bench) { b.gate.OpenCabinet(true) }, func(b *bench) { b.gate.OpenCabinet(false) },
			100 * time.Millisecond, gate.ErrTamper, "shut it"},
		"a beam held broken": {func(b *bench) { b.gate.Stick(false, "middle") }, func(b *bench) { b.gate.Stick(false) },
			time.Minute + time.Second, gate.ErrBeam, "the middle beam"},
		"key jammed": {func(b *bench) { b.gate.Stick(true, "supervisor") }, func(b *bench) { b.gate.Stick(true) },
			31 * time.Second, gate.ErrKey, "free it"},
		"the leaf does not shut": {func(b *bench) { b.Release(b.ctx); time.Sleep(time.Second); b.gate.Jam(true); b.Secure(b.ctx) },
			func(b *bench) { b.gate.Jam(false) }, 5 * time.Second, gate.ErrDoor, "does not shut"},
		"the lock does not engage": {func(b *bench) { b.gate.Stick(false, "locked") }, func(b *bench) { b.gate.Stick(false) },
			5 * time.Second, gate.ErrDoor, "does not engage"},
		"locked while open": {func(b *bench) { b.gate.Stick(true, "locked"); b.Release(b.ctx) },
			func(b *bench) { b.Secure(b.ctx); b.gate.Stick(true) }, time.Second, gate.ErrDoor, "locked while the leaf is open"},
		"the leaf's contact is stuck": {func(b *bench) { b.gate.Stick(true, "closed", "locked"); b.Release(b.ctx) },
			func(b *bench) { b.gate.Stick(true); b.Secure(b.ctx) }, 5 * time.Second, gate.ErrDoor, "does not open"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := i2cAt(t, gateboard.NewDoor(fast, fast), w)
				b.ctx = t.Context()
				b.locked(t)
				tc.fail(b)
				time.Sleep(tc.lasts)
				if err := b.Fault(); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%v, want %v, %q", err, tc.want, tc.says)
				}
				b.eventually(t, gate.Trouble)
				tc.mend(b)
				b.eventually(t, gate.TroubleOver)
				synctest.Wait()
				if err := b.Fault(); err != nil {
					t.Errorf("mended: %v", err)
				}
			})
		})
	}
}

// TestBlindBeam: a beam that never breaks is found by the people who pass.
func TestBlindBeam(t *testing.T) {
	for _, beam := range []string{"entry", "middle", "exit"} {
		t.Run(beam, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := gpioAt(t, gateboard.NewDoor(fast, fast), gate.Wiring{Door: true})
				b.locked(t)
				b.gate.Stick(true, beam)
				must(t, b.Release(t.Context()))
				n := 0
				for ; !errors.Is(b.Fault(), gate.ErrBeam) && n < 40; n++ {
					for len(b.news) > 0 {
						<-b.news
					}
					must(t, walker(b).Through(t.Context()))
					time.Sleep(100 * time.Millisecond)
				}
				if n > 20 {
					t.Errorf("found after %d people: %v", n, b.Fault())
				}
			})
		})
	}
}

// TestForced pushes the leaf open.
func TestForced(t *testing.T) {
	everyDoor(t, gate.Wiring{}, func(t *testing.T, b *bench) {
		b.locked(t)
		time.Sleep(time.Second)
		began := time.Now()
		b.gate.Jam(true) // somebody holds it
		b.gate.Force()
		b.eventually(t, gate.DoorForced)
		if d := time.Since(began); b.line == nil && d > time.Second {
			t.Errorf("noticed after %v", d)
		}
		b.gate.Jam(false)
		b.eventually(t, gate.Locked)
	})
}

// TestPulse: access is energised for a moment, and as long as orders repeat.
func TestPulse(t *testing.T) {
	everyDoor(t, gate.Wiring{Pulse: 300 * time.Millisecond}, func(t *testing.T, b *bench) {
		b.locked(t)
		must(t, b.Release(t.Context()))
		if !b.gate.State().Access {
			t.Error("not energised")
		}
		for range 5 {
			time.Sleep(100 * time.Millisecond)
			must(t, b.Release(t.Context()))
		}
		if !b.gate.State().Access {
			t.Error("not energised any more")
		}
		b.until(t, "the pulse to end", func(s gateboard.State) bool { return !s.Access })
	})
}

// TestCutWire: a wire that breaks is what it must be, active low or not.
func TestCutWire(t *testing.T) {
	for _, invert := range [][]string{nil, {"entry", "alarm", "tamper", "loops", "closed", "locked"}} {
		synctest.Test(t, func(t *testing.T) {
			b := gpioAt(t, gateboard.NewDoor(fast, fast), gate.Wiring{Door: true, Invert: invert})
			b.locked(t)
			for wire, want := range map[string]gate.Kind{"entry": gate.EntryBroken, "alarm": gate.AlarmOpen, "tamper": gate.CabinetOpened,
				"closed": gate.DoorOpened, "locked": gate.Unlocked} {
				b.pins.Cut(wire)
				b.eventually(t, want)
			}
			b.pins.Cut("loops")
			time.Sleep(time.Second)
			if err := b.Fault(); !errors.Is(err, gate.ErrLoop) {
				t.Error(err)
			}
		})
	}
}

// TestInvert has lines active low at boards whose lines are active high: each says the
// opposite, and nothing else does.
func TestInvert(t *testing.T) {
	w := gate.Wiring{Invert: []string{"green", "entry"}}
	test := func(t *testing.T, b *bench) {
		b.serve(t)
		b.expect(t, gate.AlarmNormal, gate.EntryBroken, gate.ExitWhole)
		b.until(t, "red, and green not told to be dark", func(s gateboard.State) bool { return s.Lit == "green+red" })
		must(t, b.Light(t.Context(), gate.Green))
		if lit := b.gate.State().Lit; lit != "" {
			t.Errorf("%q", lit)
		}
		b.gate.BreakEntry()
		b.expect(t, gate.EntryWhole)
		if n := b.gate.Counts().Openings; n != 0 {
			t.Errorf("%d openings", n)
		}
	}
	t.Run("i2c", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, i2cAt(t, gateboard.New(fast, fast), w)) })
	})
	t.Run("serial", func(t *testing.T) { test(t, serialAt(t, gateboard.New(fast, fast), w)) })
}

// TestSecondChip: what happens to the second expander alone loses the board too.
func TestSecondChip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := i2cAt(t, gateboard.NewDoor(fast, fast), gate.Wiring{Door: true})
		b.locked(t)
		must(t, b.i2c.Tx(0x21, []byte{0x0d, 0}, nil)) // no pull-ups, as after a reset
		b.expect(t, gate.BoardLost)
		b.expect(t, gate.BoardBack)
	})
}

// TestWire refuses what no board can have.
func TestWire(t *testing.T) {
	for says, w := range map[string]gate.Wiring{
		"access cannot be active low":    {Invert: []string{"access"}},
		"heartbeat cannot be active low": {Invert: []string{"heartbeat"}},
		`no line "acces"`:                {Invert: []string{"acces"}},
		"use 20ms to 50ms":               {Settle: 10 * time.Millisecond},
		"use 50ms to 5s":                 {Pulse: time.Millisecond},
	} {
		if err := gate.NewI2C(nil, 0x20, nil).Wire(w); !errors.Is(err, gate.ErrWiring) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", w, err)
		}
	}
	lines := gateboard.NewGPIO(gateboard.New(fast, fast)).Lines()
	for name, says := range map[string]string{"access": "access is missing", "alarm": "alarm is missing"} {
		without := gateboard.NewGPIO(gateboard.New(fast, fast)).Lines()
		delete(without, name)
		if _, err := gate.NewGPIO(without); !errors.Is(err, gate.ErrWiring) || !strings.Contains(err.Error(), says) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	plain, err := gate.NewGPIO(lines)
	must(t, err)
	if err := plain.Wire(gate.Wiring{Door: true}); !errors.Is(err, gate.ErrWiring) || !strings.Contains(err.Error(), "middle is missing") {
		t.Errorf("a door without its beam: %v", err)
	}
	lines["purple"] = lines["red"]
	if _, err := gate.NewGPIO(lines); !errors.Is(err, gate.ErrWiring) || !strings.Contains(err.Error(), `no line "purple"`) {
		t.Error(err)
	}
	lines["purple"] = nil
	if _, err := gate.NewGPIO(lines); !errors.Is(err, gate.ErrWiring) || !strings.Contains(err.Error(), "no such line") {
		t.Error(err)
	}
}
