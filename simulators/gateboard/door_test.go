package gateboard

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// in says which inputs a door's wire has, by their names.
func (b *Board) in() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance()
	var names []string
	for i, name := range inputLines {
		if b.levels()>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// TestDoor: contacts, loops, cabinet and what people do to a door.
func TestDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewDoor(opens, shuts)
		go b.feed(20 * time.Second) // ends with the bubble's time
		expect := func(when, want string) {
			t.Helper()
			synctest.Wait()
			if got := b.in(); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		const shut, ajar = "entry exit alarm middle closed locked tamper loops", "entry exit alarm middle tamper loops"
		expect("beating", shut)
		b.order(outAccess)
		expect("access", "entry exit alarm middle closed tamper loops")
		time.Sleep(opens)
		expect("open", ajar)
		b.Jam(true)
		b.order(0)
		time.Sleep(5 * time.Second)
		expect("jammed", ajar)
		b.Jam(false)
		time.Sleep(shuts)
		expect("shut again", shut)
		b.Force()
		expect("forced", ajar)
		time.Sleep(shuts)
		expect("shut by its drive", shut)
		b.OpenCabinet(true)
		expect("cabinet", "entry exit alarm middle closed locked loops")
		b.ShortLoops(true)
		b.Fire(true)
		expect("fire behind a short circuit", "entry exit alarm middle closed tamper")
		if s := b.State(); !s.EgressFree || s.Locked {
			t.Errorf("%+v", s)
		}
		b.ShortLoops(false)
		b.Fire(false)
		b.OpenCabinet(false)
		time.Sleep(opens + calm + shuts)
		b.BreakMiddle()
		b.order(outAccess)
		time.Sleep(opens)
		b.order(0)
		time.Sleep(time.Second)
		if s := b.State(); s.Leaf != Open || !s.Middle {
			t.Errorf("shut on the middle beam: %+v", s)
		}
		b.Stick(true, "middle", "locked")
		expect("sensors stuck", "entry exit alarm middle locked tamper loops")
		b.Stick(true)
		b.MendMiddle()
		time.Sleep(20 * time.Second)
	})
}

// TestWalkDoor has the beams of a door as they change: E, M, X broken; e, m, x whole.
func TestWalkDoor(t *testing.T) {
	for _, tc := range []struct {
		name string
		walk func(Walk, context.Context) error
		want string
	}{
		{"through", Walk.Through, "EMeXmx"}, {"back", Walk.Back, "EMme"}, {"reverse", Walk.Reverse, "XMxEme"},
		{"tailgated", Walk.Tailgated, "EMeXEmMxeXmx"},
		{"bag", func(w Walk, ctx context.Context) error { defer w.TakeBag(); return w.LeaveBag(ctx) }, "EMeXxm"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := NewDoor(opens, shuts)
			b.Fire(true) // the leaf opens
			var got string
			before := b.told
			b.sensed = func(in uint16) {
				for _, beam := range []struct {
					bit    uint16
					letter string
				}{{inEntry, "eE"}, {inMiddle, "mM"}, {inExit, "xX"}} {
					if (in^before)&beam.bit != 0 {
						got += beam.letter[1-in/beam.bit&1:][:1]
					}
				}
				before = in
			}
			if err := tc.walk(Walk{b, 100 * time.Millisecond}, t.Context()); err != nil {
				t.Error(err)
			}
			if got != tc.want {
				t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
			}
		})
	}
}

// TestChatter: a contact bounces and stays, and one that is moved meanwhile does not
// bounce back.
func TestChatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		b.Chatter(3)
		changes := 0
		b.sensed = func(uint16) { changes++ }
		b.BreakEntry()
		time.Sleep(time.Second)
		if changes != 7 || !b.State().Entry {
			t.Errorf("%d changes, %+v", changes, b.State())
		}
		b.MendEntry()
		time.Sleep(3 * time.Millisecond)
		b.BreakEntry()
		time.Sleep(time.Second)
		if !b.State().Entry {
			t.Error("moved twice, and bounced back")
		}
	})
}

// TestGPIO: lines follow the board and drive it, low for a moment when they become
// outputs, and what a driver must not do is remembered.
func TestGPIO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewDoor(opens, shuts)
		g := NewGPIO(b, "entry", "red")
		lines := g.Lines()
		entry, red := lines["entry"], lines["red"]
		must := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		must(entry.In(gpio.PullUp, gpio.BothEdges))
		if entry.Read() != gpio.Low {
			t.Error("active low, and high")
		}
		b.BreakEntry()
		b.MendEntry()
		for range 2 {
			if !entry.WaitForEdge(time.Millisecond) {
				t.Error("no edge")
			}
		}
		if entry.WaitForEdge(time.Millisecond) {
			t.Error("an edge from nowhere")
		}
		must(red.Out(gpio.High))
		if lit := b.State().Lit; lit != "" || len(b.LampChanges()) != 2 {
			t.Errorf("%q, %v: want a flash while the line turned", lit, b.LampChanges())
		}
		must(red.Out(gpio.Low))
		must(lines["heartbeat"].Out(gpio.High))
		if s := b.State(); s.Lit != "red" || !s.Heartbeat {
			t.Errorf("%+v", s)
		}
		if n := len(b.Errors()); n != 1 { // the inputs were never read
			t.Errorf("%q", b.Errors())
		}
		lines["alarm"].Read()
		red.Read()
		entry.Out(gpio.High)
		entry.WaitForEdge(-1)
		if n := len(b.Errors()); n != 3 {
			t.Errorf("%q", b.Errors())
		}
		g.Cut("entry")
		if entry.Read() != gpio.High {
			t.Error("a cut wire does not follow its resistor")
		}
		g.Fail()
		if entry.Read() != gpio.Low || lines["green"].Out(gpio.High) == nil || entry.In(gpio.PullUp, gpio.NoEdge) == nil || entry.WaitForEdge(time.Second) {
			t.Error("lines of a chip that is gone")
		}
		g.Mend()
		g.Free()
		if s := b.State(); s.Lit != "" || s.Access {
			t.Errorf("free: %+v", s)
		}
		time.Sleep(time.Minute)
	})
}

// TestSlaveOfDoor reads ten inputs.
func TestSlaveOfDoor(t *testing.T) {
	b := NewDoor(opens, shuts)
	s := &Serial{board: b, unit: 1, inputs: doorInputs}
	for request, want := range map[string]string{
		"\x02\x00\x00\x00\x0a": "\x02\x02\x67\x03", "\x02\x00\x06\x00\x04": "\x02\x01\x0d", "\x02\x00\x00\x00\x0b": "\x82\x02",
	} {
		if got := s.respond([]byte(request)); string(got[1:]) != want {
			t.Errorf("% x: % x, want % x", request, got[1:], want)
		}
	}
}

// TestSecondChip reads the other five inputs.
func TestSecondChip(t *testing.T) {
	b := NewDoor(opens, shuts)
	c := NewI2C(b, addr)
	r := make([]byte, 1)
	if err := c.Tx(addr+1, []byte{gpioB}, r); err != nil || r[0] != 0b11011 {
		t.Errorf("%05b, %v", r[0], err)
	}
	b.BreakMiddle()
	if err := c.Tx(addr+1, []byte{gpioB}, r); err != nil || r[0] != 0b11010 {
		t.Errorf("%05b, %v", r[0], err)
	}
	if err := NewI2C(New(opens, shuts), addr).Tx(addr+1, []byte{gpioB}, r); err == nil {
		t.Error("a gate without a door has a second chip")
	}
}
