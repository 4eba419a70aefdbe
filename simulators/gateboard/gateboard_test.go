package gateboard

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

const (
	opens = 300 * time.Millisecond
	shuts = 400 * time.Millisecond
)

// order sets the outputs; feed beats for a time.
func (b *Board) order(outputs byte) { b.change(func() { b.set(outputs) }) }

func (b *Board) feed(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		b.change(b.beat)
	}
}

func (b *Board) expect(t *testing.T, when string, want Leaf) {
	t.Helper()
	if got := b.State().Leaf; got != want {
		t.Errorf("%s: leaf %v, want %v", when, got, want)
	}
}

func TestLeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		go b.feed(time.Minute) // ends with the bubble's time
		time.Sleep(time.Millisecond)
		b.expect(t, "power-up", Shut)
		b.order(outAccess)
		b.expect(t, "access", Opening)
		time.Sleep(opens)
		b.expect(t, "after 300 ms", Open)
		b.BreakExit()
		b.order(0)
		b.expect(t, "told to shut on a beam", Open)
		b.MendExit()
		b.expect(t, "beam whole", Shutting)
		time.Sleep(shuts / 2)
		b.BreakEntry()
		b.expect(t, "beam broken on the way", Opening)
		time.Sleep(opens)
		b.expect(t, "while the beam is broken", Open)
		b.MendEntry()
		time.Sleep(shuts)
		b.expect(t, "beam whole again", Shut)
		if want := (Counts{Openings: 1, Reversals: 1, ShutOrders: 1}); b.Counts() != want {
			t.Errorf("counts %+v, want %+v", b.Counts(), want)
		}
		time.Sleep(time.Minute)
	})
}

func TestFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		b.Fire(true)
		if !b.State().EgressFree {
			t.Error("way out locked in a fire")
		}
		time.Sleep(opens)
		b.expect(t, "fire without any computer", Open)
		b.Fire(false)
		time.Sleep(calm + shuts)
		b.expect(t, "fire over", Shut)
		if want := (Counts{OpeningsByFire: 1}); b.Counts() != want {
			t.Errorf("counts %+v, want %+v", b.Counts(), want)
		}
	})
}

func TestHeartbeatLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		if !b.State().EgressFree {
			t.Error("way out locked at power-up")
		}
		b.change(b.beat)
		if b.State().EgressFree {
			t.Error("way out free with a heartbeat")
		}
		b.order(outAccess)
		b.BreakEntry()
		time.Sleep(399 * time.Millisecond)
		if !b.State().Heartbeat {
			t.Error("the relay dropped too early")
		}
		time.Sleep(time.Millisecond)
		if s := b.State(); s.Heartbeat || !s.EgressFree {
			t.Errorf("400 ms after the last beat: %+v", s)
		}
		time.Sleep(time.Minute)
		b.expect(t, "with a person in the beam", Open)
		b.MendEntry()
		time.Sleep(calm - time.Millisecond)
		b.expect(t, "just before a second of calm", Open)
		time.Sleep(time.Millisecond + shuts)
		b.expect(t, "after a second of calm", Shut)
		b.change(b.beat)
		b.expect(t, "heartbeat back, access still energised", Shut)
		b.order(0)
		b.order(outAccess)
		b.expect(t, "access anew", Opening)
		if want := (Counts{Openings: 2, Drops: 1}); b.Counts() != want {
			t.Errorf("counts %+v, want %+v", b.Counts(), want)
		}
	})
}

func TestLamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		b.order(outGreen | outBuzzer)
		if s := b.State(); s.Lit != "green" || s.Flashing != "" || !s.Buzzer {
			t.Errorf("%+v", s)
		}
		for i := range 4 {
			b.order(byte(outWhite * (i % 2)))
			time.Sleep(500 * time.Millisecond)
		}
		if s := b.State(); s.Lit != "white" || s.Flashing != "white" || s.Buzzer {
			t.Errorf("%+v", s)
		}
		time.Sleep(2 * time.Second)
		if s := b.State(); s.Flashing != "" {
			t.Errorf("%+v", s)
		}
		if n := len(b.LampChanges()); n != 5 {
			t.Errorf("%d changes, want 5", n)
		}
	})
}

func TestKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		b.TurnOfficerKey()
		for _, want := range []uint16{inOfficer, 0} {
			if got := b.inputs & (inOfficer | inSupervisor); got != want {
				t.Errorf("keys %#x, want %#x", got, want)
			}
			time.Sleep(keyTurned)
			synctest.Wait()
		}
	})
}

func TestWalk(t *testing.T) {
	for _, tc := range []struct {
		name string
		walk func(Walk, context.Context) error
		want string // beams as they change: E, X broken; e, x whole
	}{
		{"through", Walk.Through, "EXex"},
		{"back", Walk.Back, "Ee"},
		{"tailgated", Walk.Tailgated, "EXeExXex"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New(opens, shuts)
				var got string
				before := b.inputs
				b.sensed = func(in uint16) {
					for _, beam := range []struct {
						bit    uint16
						letter string
					}{{inEntry, "eE"}, {inExit, "xX"}} {
						if (in^before)&beam.bit != 0 {
							got += beam.letter[1-in/beam.bit&1:][:1]
						}
					}
					before = in
				}
				go b.feed(10 * time.Second) // ends with the bubble's time
				time.AfterFunc(time.Second, func() { b.order(outAccess) })
				if err := tc.walk(Walk{b, 100 * time.Millisecond}, t.Context()); err != nil {
					t.Error(err)
				}
				if got != tc.want {
					t.Errorf("beams %q, want %q", got, tc.want)
				}
				time.Sleep(10 * time.Second)
			})
		})
	}
}

// TestWalkShut has the leaf shut before a person, and in front of one who is in
// the entry beam already.
func TestWalkShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(opens, shuts)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := (Walk{b, time.Second}).Through(ctx); !errors.Is(err, ErrShut) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		b.Fire(true)
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := (Walk{b, 5 * time.Second}).Through(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if s := b.State(); s.Entry || s.Exit {
			t.Errorf("called off, but still in a beam: %+v", s)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := (Walk{b, time.Second}).Through(ctx); err != nil {
			t.Errorf("called off when through already: %v", err)
		}
	})
}
