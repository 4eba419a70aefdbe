package gate_test

import (
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/gateboard"
)

// TestEgress ends the program's hold on the gate in every way, with the way out locked:
// it is free within 500 ms, whatever hangs, and at once on the fire contact (G1, G16).
// TestKilled kills a real program.
func TestEgress(t *testing.T) {
	never := make(chan struct{}) // made anew in each bubble
	for name, tc := range map[string]struct {
		wire func(testing.TB) *bench
		stop func(*bench)
		free func(*bench) // so that the test can end
	}{
		"i2c: the program ends":           {overI2C, func(b *bench) { b.stop() }, nil},
		"i2c: the loops are not alive":    {overI2C, func(b *bench) { b.alive.Store(false) }, nil},
		"i2c: a report never returns":     {overI2C, func(b *bench) { b.block(); b.gate.TurnOfficerKey() }, func(*bench) { close(never) }},
		"i2c: the bus is stuck low":       {overI2C, func(b *bench) { b.i2c.Stick(0xff, 0) }, nil},
		"i2c: the bus is stuck high":      {overI2C, func(b *bench) { b.i2c.Stick(0, 0xff) }, nil},
		"i2c: the bus never returns":      {overI2C, func(b *bench) { b.i2c.Hang() }, func(b *bench) { b.i2c.Free() }},
		"i2c: no acknowledge":             {overI2C, func(b *bench) { b.i2c.Nack(1 << 30) }, nil},
		"i2c: unplugged":                  {overI2C, func(b *bench) { b.i2c.Unplug() }, nil},
		"i2c: the heartbeat is shorted":   {overI2C, func(b *bench) { b.i2c.Short(1 << 7) }, nil},
		"gpio: the program ends":          {overGPIO, func(b *bench) { b.stop(); b.pins.Free() }, nil},
		"gpio: the loops are not alive":   {overGPIO, func(b *bench) { b.alive.Store(false) }, nil},
		"gpio: a report never returns":    {overGPIO, func(b *bench) { b.block(); b.gate.TurnOfficerKey() }, func(*bench) { close(never) }},
		"gpio: the chip is gone":          {overGPIO, func(b *bench) { b.pins.Fail() }, nil},
		"serial: the loops are not alive": {overSerial, func(b *bench) { b.alive.Store(false) }, nil},
		"serial: silence":                 {overSerial, func(b *bench) { b.line.Inject(gateboard.Silence, 1000) }, nil},
		"serial: unplugged":               {overSerial, func(b *bench) { b.line.Unplug() }, nil},
	} {
		for _, fire := range []bool{false, true} {
			test := func(t *testing.T, b *bench) {
				never = make(chan struct{})
				b.never = never
				b.run(t)
				b.expect(t, calm...)
				b.until(t, "locked", func(s gateboard.State) bool { return s.Heartbeat && !s.EgressFree })
				tc.stop(b)
				began := time.Now()
				if fire {
					b.gate.Fire(true)
					if s := b.gate.State(); !s.EgressFree || s.Leaf == gateboard.Shut {
						t.Errorf("fire: %+v", s)
					}
					b.untilLeaf(t, gateboard.Open)
				} else {
					b.until(t, "free", func(s gateboard.State) bool { return s.EgressFree })
				}
				if d := time.Since(began); b.line == nil && d > 500*time.Millisecond {
					t.Errorf("free after %v", d)
				}
				if tc.free != nil {
					tc.free(b)
				}
				b.stop()
			}
			t.Run(name+map[bool]string{true: ", fire"}[fire], func(t *testing.T) {
				if b := tc.wire(t); b.line != nil {
					test(t, b)
					return
				}
				synctest.Test(t, func(t *testing.T) { test(t, tc.wire(t)) })
			})
		}
	}
}

// block has the next report never return, until never is closed.
func (b *bench) block() { b.blocks.Store(true) }

// TestGPIOFailures: the lines go away and come back; and a board whose chip is stuck so
// that nothing can be set is lost at most a second later.
func TestGPIOFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overGPIO(t)
		b.serve(t)
		b.expect(t, calm...)
		b.until(t, "beating", beats)
		must(t, b.Release(t.Context()))
		b.untilLeaf(t, gateboard.Open)
		b.pins.Fail()
		began := time.Now()
		b.expect(t, gate.BoardLost) // and no alarm, though every line reads low
		if d := time.Since(began); d > time.Second {
			t.Errorf("lost after %v", d)
		}
		b.pins.Mend()
		b.expect(t, gate.BoardBack)
		b.expect(t, calm...)
		b.until(t, "beating", beats)
		if err := b.Fault(); err != nil {
			t.Error(err)
		}
	})
}

// TestGPIOPowerUp: whatever a program before this one left, access is never energised
// before an order (G17).
func TestGPIOPowerUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gateboard.NewDoor(fast, fast)
		b := gpioAt(t, g, gate.Wiring{Door: true, Invert: []string{"red", "green", "buzzer"}})
		b.serve(t)
		b.until(t, "beating", beats)
		time.Sleep(time.Second)
		b.stop()
		b.pins.Free()
		b.Board = b.other()
		b.serve(t)
		b.until(t, "beating", beats)
		time.Sleep(time.Second)
		if n := g.Counts().Openings; n != 0 {
			t.Errorf("%d openings", n)
		}
	})
}

// TestBusy: a board that answers again after less than four failures was never lost,
// however long that took.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overI2C(t)
		b.serve(t)
		b.expect(t, calm...)
		b.until(t, "beating", beats)
		b.i2c.Hang()
		time.Sleep(2 * time.Second)
		b.i2c.Nack(3)
		b.i2c.Free()
		b.until(t, "beating again", beats)
		time.Sleep(time.Second)
		if n := len(b.news); n != 0 || b.Fault() != nil {
			t.Errorf("%d reports, %v", n, b.Fault())
		}
	})
}
