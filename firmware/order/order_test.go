package order_test

import (
	"errors"
	"math"
	"slices"
	"strings"
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

func apply(b *order.Book, o centre.Order) error {
	_, err := b.Apply(o, now, false)
	return err
}

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
		{"one site halts", func() error { return apply(&b, say(41, true, lmc)) }, false, now, false, true},
		{"a clock that is set back opens nothing", func() error { return nil }, false, now.Add(-time.Hour), false, true},
		{"review passes: nothing opens", func() error { return nil }, false, now.Add(48 * time.Hour), false, true},
		{"the same again", func() error { return apply(&b, say(41, true, lmc)) }, true, now, false, true},
		{"an older one opens: no", func() error { return apply(&b, say(40, false, lmc)) }, true, now, false, true},
		{"a newer one opens: not without a supervisor", func() error { return apply(&b, say(42, false, lmc)) }, false, now, false, true},
		{"the halt replayed", func() error { return apply(&b, say(41, true, lmc)) }, true, now, false, true},
		{"a supervisor agrees", func() error { b.Confirm(east, now); return nil }, false, now, true, true},
		{"halted again", func() error { return apply(&b, say(44, true, lmc)) }, false, now, false, true},
		{"a supervisor cannot open what is halted", func() error { b.Confirm(east, now); return nil }, false, now, false, true},
		{"an opening whose time has not come", func() error {
			o := say(45, false, lmc)
			o.NotBefore = now.Add(time.Hour)
			return apply(&b, o)
		}, false, now, false, true},
		{"cannot be agreed to yet", func() error { b.Confirm(east, now); return nil }, false, now.Add(2 * time.Hour), false, true},
		{"nor by the supervisor of another site", func() error { b.Confirm(west, now.Add(2*time.Hour)); return nil }, false, now.Add(2 * time.Hour), false, true},
		{"when it has, it can", func() error { b.Confirm(east, now.Add(2*time.Hour)); return nil }, false, now.Add(2 * time.Hour), true, true},
		{"one scheme inwards, with a low number of its own", func() error { return apply(&b, say(7, true, centre.Scope{Direction: "in", Scheme: "GZ"})) }, false, now, true, false},
		{"everywhere", func() error { return apply(&b, say(1, true, every)) }, false, now, false, false},
		{"a halt put off keeps closed what was closed", func() error {
			o := say(2, true, every)
			o.NotBefore = now.Add(time.Hour)
			return apply(&b, o)
		}, false, now, false, false},
		{"an opening of one site does not undo the halt of all", func() error { return apply(&b, say(46, false, lmc)) }, false, now, false, false},
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

// TestOneAtATime: a supervisor agrees to one thing at a time, in the order in which their times
// came; what has the lowest number and comes last does not push in, and two lanes agree to
// what is theirs.
func TestOneAtATime(t *testing.T) {
	var b order.Book
	lane3 := centre.Scope{Site: "LMC", Lane: "3"}
	for i, o := range []centre.Order{say(42, false, lmc), say(7, false, every), say(5, false, lane3)} {
		o.NotBefore = now.Add(time.Duration(i) * time.Second)
		if _, err := b.Apply(o, now, true); err != nil {
			t.Fatal(err)
		}
	}
	at3 := order.Place{Site: "LMC", Direction: "out", Lane: "3", Version: "1.0.0"}
	later := now.Add(time.Minute)
	var agreed []uint64
	for _, p := range []order.Place{at3, west, at3, at3} {
		first := b.Waiting(p, later)
		s := b.Confirm(p, later)
		if len(s) == 0 {
			agreed = append(agreed, 0)
			continue
		}
		if len(s) != 1 || s[0].Order.Number != first[0].Order.Number || s[0].Held {
			t.Fatalf("%+v of %+v", s, first)
		}
		agreed = append(agreed, s[0].Order.Number)
		if halted, waits := b.Halted(at3, later, later); len(agreed) < 3 && (!halted || !waits) {
			t.Errorf("after %v: halted %v, waits %v", agreed, halted, waits)
		}
	}
	if !slices.Equal(agreed, []uint64{42, 7, 5, 0}) {
		t.Errorf("agreed to %v", agreed)
	}
	if halted, waits := b.Halted(at3, later, later); halted || waits {
		t.Error("all was agreed to")
	}
}

// TestByArrival: what comes while a key is being turned does not push in with an earlier time, nor
// under a clock that was set back; one whose time comes later waits behind what was there.
func TestByArrival(t *testing.T) {
	var b order.Book
	at := func(o centre.Order, from time.Duration) centre.Order { o.NotBefore = now.Add(from); return o }
	for i, o := range []centre.Order{at(say(3, false, every), 0), at(say(9, false, centre.Scope{Lane: "dep-2"}), time.Hour), at(say(2, false, lmc), -time.Hour),
		at(say(1, false, centre.Scope{Lane: "dep-1"}), -2*time.Hour)} {
		if _, err := b.Apply(o, now.Add(-time.Duration(i)*time.Minute), true); err != nil {
			t.Fatal(err)
		}
	}
	var waiting []uint64
	for _, s := range b.Waiting(order.Place{Site: "LMC", Lane: "dep-1"}, now) {
		waiting = append(waiting, s.Order.Number)
	}
	if !slices.Equal(waiting, []uint64{3, 2, 1}) {
		t.Error(waiting)
	}
	if last := b.Waiting(order.Place{Site: "LMC", Lane: "dep-2"}, now.Add(time.Hour)); len(last) != 3 || last[2].Order.Number != 9 {
		t.Errorf("%+v", last)
	}
}

// TestForgotten: a book that was lost may have held a halt.
func TestForgotten(t *testing.T) {
	var b order.Book
	if s, err := b.Apply(say(42, false, lmc), now, true); err != nil || !s.Held {
		t.Fatal(s, err)
	}
	if halted, waiting := b.Halted(east, now, now); !halted || !waiting {
		t.Error("an opening is obeyed though nobody knows what it opens")
	}
	b.Confirm(east, now)
	if halted, _ := b.Halted(east, now, now); halted {
		t.Error("a supervisor has agreed")
	}
}

func TestRestored(t *testing.T) {
	var a, b order.Book
	for _, o := range []centre.Order{say(1, true, lmc), say(2, false, lmc), say(1, true, every)} {
		if err := apply(&a, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range a.All() {
		b.Restore(s)
	}
	if halted, waiting := b.Halted(east, now, now); !halted || !waiting || len(b.All()) != 2 {
		t.Error("what was kept is not what it was")
	}
	c := b.Clone()
	if err := apply(c, say(2, false, every)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.Confirm(east, now)
	}
	if b.Allows(west, now) == nil || c.Allows(west, now) != nil {
		t.Error("a copy is not apart")
	}
}

// TestMinVersion compares by semver.org 2.0.0: what stands after a tag has what the tag has, a
// pre-release comes before its release, and a build at no tag is halted, whatever its hash looks like.
func TestMinVersion(t *testing.T) {
	for least, versions := range map[string]map[string]bool{
		"1.4.0 repairs the clock": {"1.4.0": true, "v1.10": true, "2": true, "1.4.1-rc1": true, "v1.4.0-3-g1a2b3c4": true, "v1.4.0-dirty": true, "1.4.0+debian1": true,
			"v1.4.0-12-g1a2b3c4-dirty": true, "1.3.9": false, "v1.3.9-40-g1a2b3c4": false, "1.4.0-rc1": false, "v1.4.0-rc1-3-g1a2b3c4": false,
			"": false, "dev": false, "dev-4393acc": false, "1.4.0.1": false, "4393acc": false, "4393acc-dirty": false, "9999999": false, "1.4.0rc1": false, "v": false},
		"v1.4.0-rc.2": {"v1.4.0-rc.2": true, "v1.4.0-rc.10": true, "1.4.0-rc.2.1": true, "1.4.0-rc.x": true, "1.4.0": true, "v1.4.0-rc.2-1-g1a2b3c4": true,
			"1.4.0-rc.1": false, "1.4.0-rc": false, "1.4.0-beta.9": false, "1.4.0-1": false, "1.3.9": false},
		"1.4":          {"1.4.0": true, "1.3.99": false},
		"1.4.0, soon.": {"1.4.0": true, "1.3.9": false},
		"4393acc":      {"9.9.9": false},
	} {
		var b order.Book
		o := say(1, true, every)
		o.Kind, o.Reason = centre.MinVersion, least
		if err := apply(&b, o); err != nil {
			t.Fatal(err)
		}
		for version, may := range versions {
			p := east
			p.Version = version
			err := b.Allows(p, now)
			if (err == nil) != may {
				t.Errorf("version %q where %q is wanted: %v", version, least, err)
			}
			if err != nil && !order.Released(version) != strings.Contains(err.Error(), "which is no release") {
				t.Errorf("%q: %v", version, err)
			}
		}
	}
	for version, is := range map[string]bool{"v1.4.0-3-g1a2b3c4": true, "1.4": true, "dev": false, "4393acc": false, "0000000": false, "v1.4.0-" + strings.Repeat("x", 200): false} {
		if order.Released(version) != is {
			t.Errorf("%q is a release: %v", version, !is)
		}
	}
}

func TestLeases(t *testing.T) {
	var l order.Leases
	lease := func(serial, tokens uint64) centre.Lease {
		return centre.Lease{Quota: "HK-departure", Day: "2026-01-02", Holder: "gate-1/7", Serial: serial, Tokens: tokens, Expires: now}
	}
	if err := errors.Join(l.Take(lease(1, 250)), l.Take(lease(3, 100))); err != nil {
		t.Error(err)
	}
	if err := l.Take(lease(2, 900)); !errors.Is(err, order.ErrOld) {
		t.Error(err)
	}
	early, share := now.Add(-time.Second), order.Share{Quota: "HK-departure", Day: "2026-01-02"}
	if n := l.Clone().Tokens(share, "gate-1/7", early); n != 100 {
		t.Errorf("%d tokens", n)
	}
	if l.Tokens(share, "gate-1/7", now) != 0 || l.Tokens(share, "gate-1/8", early) != 0 {
		t.Error("tokens of a lease that is void, or of another epoch")
	}
}

func TestQuotas(t *testing.T) {
	q, err := order.ParseQuotas([]byte(`{"v":1,"zone":"Asia/Hong_Kong","name":"x","quotas":[
		{"quota":"HK-departure","scope":{"direction":"out"}},{"quota":"all"},{"quota":"other","scope":{"site":"HZMB"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2026, 1, 2, 16, 30, 0, 0, time.UTC) // half past midnight in Hong Kong
	got := q.Due(late, east)
	if len(got) != 2 || got[0] != (order.Share{Quota: "HK-departure", Day: "2026-01-03"}) || got[1].Quota != "all" {
		t.Errorf("%+v", got)
	}
	if got := q.Due(late, east.With("HK", "GZ", "HK")...); len(got) != 2 {
		t.Errorf("two codes cost %+v", got)
	}
	var none order.Quotas
	if len(none.Due(now, east)) != 0 {
		t.Error("tokens of nothing")
	}
	for _, bad := range []string{``, `{}`, `{"v":1,"quotas":[{"quota":"a"}]}`, `{"v":1,"zone":"Mars/One"}`, `{"v":1,"zone":"UTC","quotas":[{"quota":"a b"}]}`,
		`{"v":1,"zone":"UTC","quotas":[{"quota":"a","scope":{"direction":"up"}}]}`, `{"v":1,"zone":"UTC","lanes":["1"],"quotas":[{"quota":"a","scope":{"lane":"l"}}]}`} {
		if _, err := order.ParseQuotas([]byte(bad)); !errors.Is(err, order.ErrQuotas) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzReleased: a version never is older than itself, and of two one at most.
func FuzzReleased(f *testing.F) {
	f.Add("v1.4.0", "1.4.0-rc1-3-g1a2b3c4-dirty")
	f.Add("dev-4393acc", "2.0.0+x")
	f.Fuzz(func(t *testing.T, a, b string) {
		halts := func(version, least string) bool {
			var book order.Book
			if err := apply(&book, centre.Order{Number: 1, Kind: centre.MinVersion, Halt: true, Reason: least, NotBefore: now}); err != nil {
				t.Fatal(err)
			}
			place := east
			place.Version = version
			return book.Allows(place, now) != nil
		}
		if order.Released(a) == halts(a, a) {
			t.Errorf("%q by itself", a)
		}
		if halts(a, b) && halts(b, a) && order.Released(a) && order.Released(b) {
			t.Errorf("%q and %q: each is older than the other", a, b)
		}
	})
}

func FuzzParseQuotas(f *testing.F) {
	f.Add([]byte(`{"v":1,"zone":"Asia/Hong_Kong","lanes":["dep-1"],"quotas":[{"quota":"HK-departure","scope":{"direction":"out"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if q, err := order.ParseQuotas(data); err == nil && len(q.Due(now, east)) > 16 {
			t.Error("more quotas than one site has")
		}
	})
}

// FuzzWanted: what a set may want is a release, so that some program reads it.
func FuzzWanted(f *testing.F) {
	f.Add([]byte(`{"v":1,"min_version":"1.4.0"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if least, err := order.Wanted(data); err == nil && (!order.Reads(least, least) || order.Reads("dev-4393acc", least) != (least == "")) {
			t.Errorf("%q", least)
		}
	})
}

// TestSchemeOpens: a supervisor stands at a lane and agrees for every scheme that is shown there.
func TestSchemeOpens(t *testing.T) {
	var b order.Book
	hk := centre.Scope{Scheme: "HK"}
	for _, o := range []centre.Order{say(1, true, hk), say(2, false, hk)} {
		if err := apply(&b, o); err != nil {
			t.Fatal(err)
		}
	}
	place := east
	place.Scheme = ""
	if halted, waiting := b.Halted(place, now, now); halted || !waiting || b.Allows(east, now) == nil {
		t.Error("one scheme is halted, and the lane is not")
	}
	if n := len(b.Confirm(place, now)); n != 1 || b.Allows(east, now) != nil {
		t.Errorf("%d opened", n)
	}
}

// TestBegins: an order begins at its time, and once it has no clock undoes that. What was called
// off before it began halts nobody.
func TestBegins(t *testing.T) {
	var b order.Book
	o := say(1, true, lmc)
	o.NotBefore = now.Add(time.Hour)
	if err := apply(&b, o); err != nil || b.Allows(east, now) != nil {
		t.Fatal("halted before its time: ", err)
	}
	if len(b.Begin(now)) != 0 || b.Allows(east, now.Add(time.Hour)) == nil {
		t.Error("its time comes")
	}
	called := b.Clone()
	if s, err := called.Apply(say(2, false, lmc), now, false); err != nil || s.Held || called.Allows(east, now.Add(2*time.Hour)) != nil {
		t.Error("called off: ", s, err)
	}
	if len(b.Begin(now.Add(time.Hour))) != 1 || len(b.Begin(now.Add(time.Hour))) != 0 || b.Allows(east, now) == nil {
		t.Error("opened by a clock that was set back")
	}
	if s, err := b.Apply(say(2, false, lmc), now, false); err != nil || !s.Held {
		t.Error("opened without a supervisor: ", s, err)
	}
}

// TestLeastVersionIsNotLowered without a supervisor, neither by an opening nor by a halt that
// demands less.
func TestLeastVersionIsNotLowered(t *testing.T) {
	least := func(number uint64, halt bool, version string) centre.Order {
		o := say(number, halt, every)
		o.Kind, o.Reason = centre.MinVersion, version
		return o
	}
	for name, lower := range map[string]centre.Order{"a halt": least(2, true, "1.0.0"), "an opening": least(2, false, "1.0.0"), "one that says nothing": least(2, false, "")} {
		var b order.Book
		p := east
		p.Version = "1.4.0"
		if err := errors.Join(apply(&b, least(1, true, "2.0.0")), apply(&b, lower)); err != nil {
			t.Fatal(err)
		}
		if b.Allows(p, now) == nil {
			t.Errorf("%s of a lower version opened without a supervisor", name)
		}
		p.Version = "2.0.0"
		if b.Allows(p, now) != nil {
			t.Errorf("%s: halts a version that was never halted", name)
		}
		p.Version = "1.4.0"
		if len(b.Confirm(p, now)) != 1 || b.Allows(p, now) != nil {
			t.Errorf("%s: a supervisor has agreed", name)
		}
	}
	var b order.Book
	p := east
	p.Version = "2.0.0"
	if err := errors.Join(apply(&b, least(1, true, "1.0.0")), apply(&b, least(2, true, "2.0.0"))); err != nil {
		t.Fatal(err)
	}
	if halted, waiting := b.Halted(p, now, now); halted || waiting {
		t.Error("what demands more leaves nothing to agree to")
	}
}

// TestJoin: a copy of the book adds what halts, and never opens.
func TestJoin(t *testing.T) {
	var kept, b, c order.Book
	for _, o := range []centre.Order{say(5, true, lmc), say(6, false, every)} {
		if err := apply(&kept, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(apply(&b, say(4, false, lmc)), apply(&b, say(1, true, every))); err != nil {
		t.Fatal(err)
	}
	if n := len(b.Join(&kept)); n != 1 || b.Allows(east, now) == nil || b.Allows(west, now) == nil {
		t.Errorf("%d joined", n)
	}
	if len(b.Join(&kept)) != 0 || len(c.Join(&kept)) != 1 || len(kept.Join(&b)) != 0 {
		t.Error("joined again")
	}
}

// TestStolenKey: whoever had the orders key opened under the highest of all numbers. When the key
// is believed no more the centre halts again, and only halts.
func TestStolenKey(t *testing.T) {
	var b order.Book
	if err := errors.Join(apply(&b, say(math.MaxUint64, false, every)), apply(&b, say(9, true, lmc))); err != nil {
		t.Fatal(err)
	}
	if err := apply(&b, say(10, true, every)); !errors.Is(err, order.ErrOld) {
		t.Error("while the key is believed the highest number holds: ", err)
	}
	b.Disown(func(o centre.Order) bool { return o.Number == 9 })
	c := b.Clone()
	if err := apply(c, say(10, false, every)); !errors.Is(err, order.ErrOld) {
		t.Error("an opening: ", err)
	}
	if err := apply(c, say(8, true, lmc)); !errors.Is(err, order.ErrOld) {
		t.Error("an older one of who is believed: ", err)
	}
	if err := apply(c, say(10, true, every)); err != nil || c.Allows(west, now) == nil {
		t.Error("not halted: ", err)
	}
	if err := apply(c, say(9, true, every)); !errors.Is(err, order.ErrOld) {
		t.Error("after it numbers count again: ", err)
	}
}
