package order_test

import (
	"errors"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/order"
)

var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

func say(number uint64, halt bool, s centre.Scope) centre.Order {
	return centre.Order{Number: number, Kind: centre.Breaker, Halt: halt, Scope: s, NotBefore: now, ReviewBy: now.Add(time.Hour)}
}

var (
	east  = order.Place{Site: "LMC", Direction: "out", Lane: "dep-1", Scheme: "HK"}
	west  = order.Place{Site: "HZMB", Direction: "in", Lane: "arr-1", Scheme: "GZ"}
	lmc   = centre.Scope{Site: "LMC"}
	every = centre.Scope{}
)

// TestBook tells a story of orders; after each step it asks two lanes.
func TestBook(t *testing.T) {
	var b order.Book
	for _, step := range []struct {
		name       string
		do         func() error
		old        bool
		at         time.Time
		east, west bool // may admit
	}{
		{"nothing said", func() error { return nil }, false, now, true, true},
		{"one site halts", func() error { return b.Apply(say(41, true, lmc)) }, false, now, false, true},
		{"not before its time", func() error { return nil }, false, now.Add(-time.Second), true, true},
		{"review passes: nothing opens", func() error { return nil }, false, now.Add(48 * time.Hour), false, true},
		{"the same again", func() error { return b.Apply(say(41, true, lmc)) }, true, now, false, true},
		{"an older one opens: no", func() error { return b.Apply(say(40, false, lmc)) }, true, now, false, true},
		{"a newer one opens: not without a supervisor", func() error { return b.Apply(say(42, false, lmc)) }, false, now, false, true},
		{"the halt replayed", func() error { return b.Apply(say(41, true, lmc)) }, true, now, false, true},
		{"a supervisor agrees", func() error { b.Confirm(); return nil }, false, now, true, true},
		{"one scheme inwards, with a low number of its own", func() error { return b.Apply(say(7, true, centre.Scope{Direction: "in", Scheme: "GZ"})) }, false, now, true, false},
		{"everywhere", func() error { return b.Apply(say(1, true, every)) }, false, now, false, false},
		{"a halt put off keeps closed what was closed", func() error {
			o := say(2, true, every)
			o.NotBefore = now.Add(time.Hour)
			return b.Apply(o)
		}, false, now, false, false},
		{"an opening of one site does not undo the halt of all", func() error { return b.Apply(say(43, false, lmc)) }, false, now, false, false},
	} {
		if err := step.do(); errors.Is(err, order.ErrOld) != step.old || (err != nil) != step.old {
			t.Errorf("%s: %v", step.name, err)
		}
		for place, may := range map[order.Place]bool{east: step.east, west: step.west} {
			if err := b.Allows(place, step.at); (err == nil) != may || err != nil && !errors.Is(err, order.ErrHalted) {
				t.Errorf("%s: %s: %v", step.name, place.Site, err)
			}
		}
	}
	if n := len(b.Overdue(now.Add(2 * time.Hour))); n != 2 {
		t.Errorf("%d halts are overdue, want those of the scheme and of everywhere", n)
	}
}

func TestLeases(t *testing.T) {
	var b order.Book
	lease := func(serial, tokens uint64) centre.Lease {
		return centre.Lease{Quota: "HK-departure", Day: "2026-01-02", Holder: "gate-1/7", Serial: serial, Tokens: tokens, Expires: now}
	}
	if err := errors.Join(b.Take(lease(1, 250)), b.Take(lease(3, 100))); err != nil {
		t.Error(err)
	}
	if err := b.Take(lease(2, 900)); !errors.Is(err, order.ErrOld) {
		t.Error(err)
	}
	early := now.Add(-time.Second)
	if n := b.Tokens("HK-departure", "2026-01-02", "gate-1/7", early); n != 100 {
		t.Errorf("%d tokens", n)
	}
	if b.Tokens("HK-departure", "2026-01-02", "gate-1/7", now) != 0 || b.Tokens("HK-departure", "2026-01-02", "gate-1/8", early) != 0 {
		t.Error("tokens of a lease that is void, or of another epoch")
	}
}
