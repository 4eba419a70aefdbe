package hall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"
)

// TestNewerAreNotHeldUp: claims that wait for a place that is away hold up none for which something can
// be done.
func TestNewerAreNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, centre := newMeeting(), newMeeting()
		hub.slow = Budget / 2
		hub.lost = true
		a := newGate(t, "a", hub, centre)
		first := a.admits("first") // the hub may have it, and goes away
		hub.set(func() { hub.away = true })
		for i := range mendBatch + 50 {
			a.Settle(a.admits(fmt.Sprint("x", i)).N, true)
		}
		c := a.admits("later")
		if first.Placed != 1 || c.Placed != 1 {
			t.Fatalf("%+v, %+v", first, c)
		}
		a.Settle(first.N, false)
		a.Settle(c.N, false)
		a.mend(t.Context())
		b := newGate(t, "b", centre)
		b.admits("later")
		b.admits("first")
		hub.set(func() { hub.away, hub.lost, hub.slow = false, false, 0 })
		for range 3 {
			a.mend(t.Context())
		}
		if s := a.State(); s.Waiting != 0 || hub.size() != mendBatch+50 {
			t.Errorf("%+v, %d marks at the hub", s, hub.size())
		}
	})
}

// behind is a place of several servers, of which one that lags answers who asks.
type behind struct {
	*meeting
	old map[string][]byte // nil: it does not lag
}

func (b *behind) lag() {
	b.set(func() { b.old = maps.Clone(b.values) })
}

func (b *behind) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if b.old == nil {
		return b.meeting.Get(ctx, key)
	}
	if b.old[key] == nil {
		return nil, 0, errAbsent
	}
	return b.old[key], 1, nil
}

// TestPlaceThatLags: what a server that lags does not know yet is taken back all the same, and is not
// admitted beside.
func TestPlaceThatLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &behind{meeting: newMeeting()}
		place.lag()
		a, b := newGate(t, "a", place), newGate(t, "b", place)
		x, y := a.admits("x"), a.admits("y")
		a.Settle(y.N, true)
		b.refuses("y") // by the word of who leads
		if b.State().Away {
			t.Error("a place that lags is passed over")
		}
		a.Settle(x.N, false)
		a.mend(t.Context())
		if a.State().Waiting != 1 {
			t.Errorf("%+v: forgotten on the word of a server that lags", a.State())
		}
		place.set(func() { place.old = nil })
		time.Sleep(mendAgain)
		a.mend(t.Context())
		b.admits("x")
		if s := a.State(); s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestDoubleAtPlaceThatLags: a double is found although the server that answers does not know of it yet.
func TestDoubleAtPlaceThatLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &behind{meeting: newMeeting()}
		place.away = true
		a, b := newGate(t, "a", place), newGate(t, "b", place)
		b.Settle(b.admits("x").N, true)
		place.set(func() { place.away = false })
		place.lag()
		a.Settle(a.admits("x").N, true)
		b.mend(t.Context())
		if len(b.doubles) != 0 || b.State().Waiting != 1 {
			t.Errorf("%v, %+v", b.doubles, b.State())
		}
		place.set(func() { place.old = nil })
		time.Sleep(mendAgain)
		b.mend(t.Context())
		b.mend(t.Context())
		if len(b.doubles) != 1 || b.State().Waiting != 0 {
			t.Errorf("%v, %+v", b.doubles, b.State())
		}
	})
}

// late is a place at which what is put arrives only after its answer was given up.
type late struct {
	*meeting
	held []func()
}

func (l *late) Put(ctx context.Context, key string, value []byte, revision uint64) error {
	if l.held == nil {
		return l.meeting.Put(ctx, key, value, revision)
	}
	l.held = append(l.held, func() { _ = l.meeting.Put(context.Background(), key, value, revision) })
	return errors.New("no answer")
}

// TestMarkOnItsWay: a mark that arrives after it was given back does not stand.
func TestMarkOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &late{meeting: newMeeting(), held: []func(){}}
		a, b := newGate(t, "a", place), newGate(t, "b", place)
		c := a.admits("x")
		a.Settle(c.N, false)
		held := place.held
		place.held = nil
		a.mend(t.Context())
		for _, arrive := range held {
			arrive()
		}
		if len(held) != 1 || a.State().Waiting != 0 {
			t.Fatalf("%d on their way, %+v", len(held), a.State())
		}
		c = b.admits("x")
		b.Settle(c.N, true)
		a.refuses("x")
	})
}

// TestLieHoldsNobodyUp: one made up mark at a place keeps the marks of no other claim from it.
func TestLieHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		hub.away = true
		a := newGate(t, "a", hub)
		c := a.admits("x")
		for i := range mendBatch {
			a.Settle(a.admits(fmt.Sprint(i)).N, true)
		}
		a.Settle(c.N, true)
		hub.set(func() {
			hub.away = false
			key := a.entries[c.N].Marks[0].Key
			hub.values[key], hub.numbers[key] = []byte("made up"), 1
		})
		for range 2 {
			a.mend(t.Context())
		}
		if s := a.State(); s.Away || !s.Lied || hub.size() != 1+mendBatch {
			t.Errorf("%+v, %d marks", s, hub.size())
		}
		for range 2 {
			a.mend(t.Context())
		}
		if s := a.State(); s.Waiting != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestFarPlace: a place that is far is asked for the marks under all keys at once.
func TestFarPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		for n := range 3 {
			for _, g := range []*gate{a, b} {
				if err := g.keys.set(dayKey{time.Now().UTC().Format(time.DateOnly), bytes.Repeat([]byte{byte(n + 1)}, 32), true}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, others := a.keys.live(time.Now()); len(others) < 2 {
			t.Fatalf("%d other keys", len(others))
		}
		hub.set(func() { hub.slow = Budget / 3 })
		if c := a.admits("x"); c.Alone {
			t.Error("alone, though each answer takes a third of the budget")
		}
		b.refuses("x")
	})
}
