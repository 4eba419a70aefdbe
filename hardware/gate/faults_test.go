package gate_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/gateboard"
)

// fault is something that goes wrong with one of the wires.
type fault struct {
	name         string
	new          func(testing.TB) *bench
	fail, repair func(*bench)
}

var faults = []fault{
	{"no acknowledge", overI2C, func(b *bench) { b.i2c.Nack(1 << 30) }, func(b *bench) { b.i2c.Nack(0) }},
	{"bus stuck at 0", overI2C, func(b *bench) { b.i2c.Stick(0xff, 0) }, func(b *bench) { b.i2c.Stick(0, 0) }},
	{"bus stuck at 1", overI2C, func(b *bench) { b.i2c.Stick(0, 0xff) }, func(b *bench) { b.i2c.Stick(0, 0) }},
	{"switched off and on", overI2C, func(b *bench) { b.i2c.Reset() }, func(*bench) {}},
	{"silence", overSerial, func(b *bench) { b.line.Inject(gateboard.Silence, 1000) }, func(b *bench) { b.line.Repair() }},
	{"bad checksums", overSerial, func(b *bench) { b.line.Inject(gateboard.BadCRC, 1000) }, func(b *bench) { b.line.Repair() }},
	{"noise", overSerial, func(b *bench) { b.line.Inject(gateboard.Noise, 1000) }, func(b *bench) { b.line.Repair() }},
	{"late answers", overSerial, func(b *bench) { b.line.Inject(gateboard.Late, 1000) }, func(b *bench) { b.line.Repair() }},
}

// test runs in no time over I²C.
func (f fault) test(t *testing.T, test func(*testing.T, *bench)) {
	t.Run(f.name, func(t *testing.T) {
		if b := f.new(t); b.line != nil {
			test(t, b)
			return
		}
		synctest.Test(t, func(t *testing.T) { test(t, f.new(t)) })
	})
}

// TestHiccups has the wire fail for a moment: nobody hears of it.
func TestHiccups(t *testing.T) {
	for _, f := range []fault{
		{"no acknowledge", overI2C, func(b *bench) { b.i2c.Nack(2) }, nil},
		{"bus stuck at 0", overI2C, func(b *bench) { b.i2c.Stick(0xff, 0); time.Sleep(poll); b.i2c.Stick(0, 0) }, nil},
		{"bus stuck at 1", overI2C, func(b *bench) { b.i2c.Stick(0, 0xff); time.Sleep(poll); b.i2c.Stick(0, 0) }, nil},
		{"edges lost", overI2C, func(b *bench) { b.i2c.LoseEdges() }, nil},
		{"silence", overSerial, func(b *bench) { b.line.Inject(gateboard.Silence, 1) }, nil},
		{"bad checksum", overSerial, func(b *bench) { b.line.Inject(gateboard.BadCRC, 1) }, nil},
		{"noise", overSerial, func(b *bench) { b.line.Inject(gateboard.Noise, 1) }, nil},
		{"split answers", overSerial, func(b *bench) { b.line.Inject(gateboard.Split, 20) }, nil},
	} {
		f.test(t, func(t *testing.T, b *bench) {
			b.serve(t)
			b.expect(t, calm...)
			b.until(t, "beating", beats)
			f.fail(b)
			must(t, b.Release(t.Context()))
			b.untilLeaf(t, gateboard.Open)
			b.gate.BreakEntry()
			b.expect(t, gate.EntryBroken)
			f.fail(b)
			if err := b.Secure(t.Context()); !errors.Is(err, gate.ErrObstructed) {
				t.Error(err)
			}
			b.gate.MendEntry()
			b.expect(t, gate.EntryWhole)
		})
	}
}

// poll is about how often the driver looks.
const poll = 20 * time.Millisecond

// TestFailures has the wire fail for long: the board is lost, with nothing else
// reported, and back when it is repaired.
func TestFailures(t *testing.T) {
	for _, f := range faults {
		f.test(t, func(t *testing.T, b *bench) {
			b.serve(t)
			b.expect(t, calm...)
			b.until(t, "beating", beats)
			f.fail(b)
			b.expect(t, gate.BoardLost)
			f.repair(b)
			b.expect(t, gate.BoardBack, gate.AlarmNormal, gate.EntryWhole, gate.ExitWhole)
			b.until(t, "red, beating", func(s gateboard.State) bool { return s.Lit == "red" && s.Heartbeat })
			b.gate.Fire(true)
			b.expect(t, gate.AlarmOpen)
			if n := b.gate.Counts().Openings; n != 0 || b.Fault() != nil {
				t.Errorf("%d openings, %v", n, b.Fault())
			}
		})
	}
}

// TestLate has an answer come when it is no longer waited for. No later question
// may take it for its own answer: an order that comes next sees the beam as it is.
func TestLate(t *testing.T) {
	b := overSerial(t)
	b.serve(t)
	b.expect(t, calm...)
	for range 5 {
		b.line.Inject(gateboard.Late, 1)
		b.gate.BreakExit()
		b.eventually(t, gate.ExitBroken)
		b.gate.MendExit()
		b.eventually(t, gate.ExitWhole)
		must(t, b.Release(t.Context()))
		b.gate.BreakEntry()
		if err := b.Secure(t.Context()); err == nil {
			t.Error("secured on a broken beam")
		}
		b.eventually(t, gate.EntryBroken)
		b.gate.MendEntry()
		b.eventually(t, gate.EntryWhole)
	}
	b.until(t, "beating", beats)
	if n := b.gate.Counts().ShutOrders; n != 0 {
		t.Errorf("told to shut on a broken beam %d times", n)
	}
}

// TestShortBreak breaks a beam for less than any poll notices.
func TestShortBreak(t *testing.T) {
	for _, wire := range []func(testing.TB) *bench{overI2C, overGPIO} {
		synctest.Test(t, func(t *testing.T) {
			b := wire(t)
			b.serve(t)
			b.expect(t, calm...)
			for range 20 {
				synctest.Wait()
				b.gate.BreakEntry()
				b.gate.MendEntry()
				b.expect(t, gate.EntryBroken, gate.EntryWhole)
				b.gate.Fire(true)
				b.expect(t, gate.AlarmOpen)
				b.gate.Fire(false)
				b.expect(t, gate.AlarmNormal)
			}
		})
	}
}

// TestLateEdges moves contacts at every moment of a poll, over and over: each change is
// reported once, although an edge may be heard after the level was read.
func TestLateEdges(t *testing.T) {
	b := overGPIO(t)
	b.serve(t)
	b.expect(t, calm...)
	for i := range 30 {
		time.Sleep(time.Duration(i) * time.Millisecond)
		b.gate.Fire(true)
		b.expect(t, gate.AlarmOpen)
		time.Sleep(time.Duration(i) * time.Millisecond)
		b.gate.Fire(false)
		b.expect(t, gate.AlarmNormal)
	}
}

// TestHung has the bus never return: nothing can be reported, and Fault says so; and all
// is well once it does.
func TestHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overI2C(t)
		b.serve(t)
		b.expect(t, calm...)
		b.until(t, "beating", beats)
		b.i2c.Hang()
		time.Sleep(2 * time.Second)
		if err := b.Fault(); !errors.Is(err, gate.ErrLost) || !strings.Contains(err.Error(), "the bus hangs") {
			t.Error(err)
		}
		b.i2c.Free()
		b.until(t, "beating again", beats)
		time.Sleep(poll)
		if err := b.Fault(); err != nil {
			t.Error(err)
		}
	})
}

// TestShortCircuit: an output that does not follow is a fault, and the rest works.
func TestShortCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overI2C(t)
		b.serve(t)
		b.expect(t, calm...)
		must(t, b.Light(t.Context(), gate.Amber))
		b.i2c.Short(1 << 3)
		time.Sleep(time.Second)
		if err := b.Fault(); err == nil || errors.Is(err, gate.ErrLost) {
			t.Errorf("amber lamp short-circuited: %v", err)
		}
		must(t, b.Release(t.Context()))
		b.untilLeaf(t, gateboard.Open)
		b.i2c.Short(0)
		time.Sleep(time.Second)
		if err := b.Fault(); err != nil {
			t.Error(err)
		}
	})
}

// TestNoGlitch finds a latch full of ones behind pins that drive nothing: none of
// them is ever driven.
func TestNoGlitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overI2C(t)
		must(t, b.i2c.Tx(0x20, []byte{0x14, 0x7f}, nil))
		b.serve(t)
		b.expect(t, calm...)
		b.until(t, "red", func(s gateboard.State) bool { return s.Lit == "red" })
		if changes := b.gate.LampChanges(); len(changes) != 1 {
			t.Errorf("%v", changes)
		}
	})
}

// TestPolled has no wire for INTB.
func TestPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overI2C(t)
		b.Board = gate.NewI2C(b.i2c, 0x20, nil)
		b.serve(t)
		b.expect(t, calm...)
		b.gate.BreakEntry()
		began := time.Now()
		b.expect(t, gate.EntryBroken)
		if d := time.Since(began); d > 20*time.Millisecond {
			t.Errorf("noticed after %v", d)
		}
	})
}

// TestRestart ends the program with the leaf open and starts it again at once: the
// leaf stays as it is. So it does when the program comes back late, after the
// hardware has shut it.
func TestRestart(t *testing.T) {
	for pause, want := range map[time.Duration]gateboard.Leaf{0: gateboard.Open, 2 * time.Second: gateboard.Shut} {
		synctest.Test(t, func(t *testing.T) {
			b := overI2C(t)
			b.run(t)
			b.until(t, "beating", beats)
			must(t, b.Release(t.Context()))
			b.untilLeaf(t, gateboard.Open)
			b.stop()
			time.Sleep(pause)
			b.Board = b.other()
			b.serve(t)
			b.expect(t, calm...)
			b.until(t, "beating", beats)
			time.Sleep(time.Second)
			if s := b.gate.State(); s.Leaf != want || b.gate.Counts().Openings != 1 {
				t.Errorf("after %v: %+v, %+v", pause, s, b.gate.Counts())
			}
			must(t, b.Release(t.Context()))
			b.untilLeaf(t, gateboard.Open)
		})
	}
}

// TestAdvice: a fault says what to do.
func TestAdvice(t *testing.T) {
	b := overSerial(t)
	b.serve(t)
	b.expect(t, calm...)
	for name, tc := range map[string]struct {
		driver *gate.Board
		want   string
	}{
		"second program": {b.other(), "used by another program: stop it"},
		"no such path":   {gate.NewSerial(gate.Line{Path: "/dev/no-such-board"}), "plug the device in or correct the path"},
		"not a tty":      {gate.NewSerial(gate.Line{Path: os.DevNull}), "/dev/null"},
		"wrong speed":    {gate.NewSerial(gate.Line{Path: filepath.Join(t.TempDir(), "x"), Baud: 12345}), "correct the path"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		tc.driver.Run(ctx, func() bool { return true }, func(in gate.Input) {
			if in.Kind != gate.BoardLost {
				t.Errorf("%s: %v", name, in.Kind)
			}
			cancel()
		})
		if err := tc.driver.Fault(); !errors.Is(err, gate.ErrLost) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := overI2C(t)
		must(t, b.i2c.Tx(0x20, []byte{0x0a, 0x20}, nil)) // no sequential addresses
		b.run(t)
		b.expect(t, gate.BoardLost)
		if err := b.Fault(); err == nil || !strings.Contains(err.Error(), "switch the board off and on") {
			t.Error(err)
		}
		b.stop()
	})
}

// held is the environment variable that has the test program hold a board.
const held = "GATE_TEST_HOLDS"

func TestMain(m *testing.M) {
	if path := os.Getenv(held); path != "" {
		b := gate.NewSerial(gate.Line{Path: path})
		polls := 0
		b.Run(context.Background(), func() bool {
			if polls++; polls == 10 {
				go b.Release(context.Background()) // ends at once
			}
			return true
		}, func(gate.Input) {})
	}
	os.Exit(m.Run())
}

// TestKilled kills the program that keeps the heart beating, with the leaf open.
func TestKilled(t *testing.T) {
	g := gateboard.New(fast, fast)
	link := filepath.Join(t.TempDir(), "board")
	line, err := gateboard.NewSerial(g, 1, link)
	must(t, err)
	defer line.Unplug()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), held+"="+link)
	must(t, child.Start())
	b := &bench{Board: gate.NewSerial(gate.Line{Path: link}), gate: g}
	b.until(t, "beating, locked, open", func(s gateboard.State) bool {
		return s.Heartbeat && !s.EgressFree && s.Leaf == gateboard.Open
	})
	if limit := g.Watchdog(); limit > 500*time.Millisecond {
		t.Errorf("watchdog %v", limit)
	}
	must(t, child.Process.Kill())
	child.Wait()
	b.until(t, "relay dropped", silent)
	if s := g.State(); !s.EgressFree {
		t.Errorf("%+v", s)
	}
	b.untilLeaf(t, gateboard.Shut)
	b.serve(t)
	b.expect(t, calm...)
	b.until(t, "beating again", beats)
}
