package hall

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errTaken  = errors.New("taken")
	errAbsent = errors.New("absent")
	errAway   = errors.New("away")
)

// meeting is a place in memory, with faults on demand.
type meeting struct {
	mu      sync.Mutex
	values  map[string][]byte
	numbers map[string]uint64
	n       uint64
	away    bool
	lost    bool          // as away, after having been slow
	slow    time.Duration // before each answer; what was asked is done all the same
	forges  bool          // says that everything is taken
}

func newMeeting() *meeting {
	return &meeting{values: map[string][]byte{}, numbers: map[string]uint64{}}
}

// wait answers late, and never to who has gone.
func (m *meeting) wait(ctx context.Context) error {
	m.mu.Lock()
	away, lost, slow := m.away, m.lost, m.slow
	m.mu.Unlock()
	if away {
		return errAway
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(slow):
		if lost {
			return errAway
		}
		return nil
	}
}

func (m *meeting) Put(ctx context.Context, key string, value []byte, revision uint64) error {
	m.mu.Lock()
	taken := m.numbers[key] != revision
	if !taken && !m.away && !m.forges {
		m.n++
		m.values[key], m.numbers[key] = value, m.n
	}
	forges := m.forges
	m.mu.Unlock()
	if err := m.wait(ctx); err != nil {
		return err
	}
	if taken || forges {
		return errTaken
	}
	return nil
}

func (m *meeting) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := m.wait(ctx); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forges {
		return []byte(`{"device":"g9","run":"x","n":1,"until":99999999999,"mac":"AAAA"}`), 1, nil
	}
	if m.values[key] == nil {
		return nil, 0, errAbsent
	}
	return m.values[key], m.numbers[key], nil
}

func (m *meeting) Delete(ctx context.Context, key string, revision uint64) error {
	if err := m.wait(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.numbers[key] != revision {
		return errTaken
	}
	delete(m.values, key)
	delete(m.numbers, key)
	return nil
}

func (m *meeting) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *meeting) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.values)
}

// gate is a device of a hall.
type gate struct {
	*testing.T
	*Hall
	dir     string
	name    string
	doubles []Double
}

var key = bytes.Repeat([]byte{7}, keySize)

// newGate has the key of today; tests in synctest begin on the first of January 2000.
func newGate(t *testing.T, name string, places ...Place) *gate {
	g := &gate{T: t, dir: t.TempDir(), name: name}
	g.open(places...)
	if err := g.keys.set(dayKey{time.Now().UTC().Format(time.DateOnly), key, true}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gate) open(places ...Place) {
	g.Helper()
	var err error
	g.Hall, err = Open(Options{Device: g.name, State: g.dir, Places: places, Taken: errTaken, Absent: errAbsent, Now: time.Now, Window: time.Hour,
		Double: func(d Double) { g.doubles = append(g.doubles, d) }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() { g.Hall.Close() })
}

func ids(codes ...string) (all []Identity) {
	for _, c := range codes {
		all = append(all, Identity{[]byte(c), time.Now().Add(10 * time.Minute)})
	}
	return all
}

func (g *gate) claim(codes ...string) (Claim, bool) {
	g.Helper()
	c, replayed, err := g.Claim(g.Context(), "1/"+strings.Join(codes, "+"), ids(codes...))
	if err != nil {
		g.Fatal(err)
	}
	return c, replayed
}

func (g *gate) admits(codes ...string) Claim {
	g.Helper()
	c, replayed := g.claim(codes...)
	if replayed {
		g.Errorf("%s: %v was here", g.name, codes)
	}
	return c
}

func (g *gate) refuses(codes ...string) {
	g.Helper()
	if _, replayed := g.claim(codes...); !replayed {
		g.Errorf("%s: %v was not here", g.name, codes)
	}
}

// TestOnce: a code counts at one lane of the hall; given back it is free for the next.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		c := a.admits("x", "y")
		if c.Alone || c.Placed != 0 {
			t.Errorf("%+v", c)
		}
		b.refuses("y")
		a.refuses("x")
		b.refuses("z", "x")
		b.mend(t.Context())
		a.mend(t.Context())
		b.admits("z") // the mark of a claim that failed does not stay
		a.Settle(c.N, false)
		a.mend(t.Context())
		c = b.admits("x")
		b.Settle(c.N, true)
		b.mend(t.Context())
		a.refuses("x")
		time.Sleep(11 * time.Minute)
		a.admits("x") // its time is over
		b.refuses("x")
		if len(a.doubles)+len(b.doubles) > 0 {
			t.Errorf("doubles %v %v", a.doubles, b.doubles)
		}
	})
}

// TestKeyOfTheDayReplaced: a day's second key, made while nobody could hand out the first,
// frees no code that was marked under the first.
func TestKeyOfTheDayReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		a.Settle(a.admits("x").N, true)
		for _, g := range []*gate{a, b} {
			if err := g.keys.set(dayKey{time.Now().UTC().Format(time.DateOnly), bytes.Repeat([]byte{8}, keySize), true}); err != nil {
				t.Fatal(err)
			}
			g.Hall.Close()
			g.open(hub)
			g.refuses("x")
			if today, older := g.keys.live(time.Now()); today == nil || today.Key[0] != 8 || len(older) != 1 {
				t.Errorf("today's key %v, and %d before it", today, len(older))
			}
		}
		b.Settle(b.admits("y").N, true)
		a.refuses("y")
	})
}

// TestSlowHub: nobody waits longer than the budget, the next not at all; what the hub did late
// is found and taken back.
func TestSlowHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		hub.slow = Budget + time.Millisecond
		a := newGate(t, "a", hub)
		began := time.Now()
		c := a.admits("x")
		if took := time.Since(began); took != Budget || !c.Alone {
			t.Errorf("%v, %+v", took, c)
		}
		began = time.Now()
		if c := a.admits("z"); time.Since(began) != 0 || !c.Alone {
			t.Errorf("the next waits %v", time.Since(began))
		}
		hub.set(func() { hub.slow = 0 })
		a.Settle(c.N, false)
		a.mend(t.Context())
		if hub.size() != 1 { // z
			t.Errorf("%d marks at the hub", hub.size())
		}
		if c := a.admits("x"); c.Alone {
			t.Error("alone with the hub back")
		}
	})
}

// TestSlowPlaces: the budget is for all places together.
func TestSlowPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, centre := newMeeting(), newMeeting()
		hub.slow, centre.slow = Budget/2+time.Millisecond, Budget/2+time.Millisecond
		hub.lost = true
		a := newGate(t, "a", hub, centre)
		began := time.Now()
		if c := a.admits("x"); time.Since(began) != Budget || !c.Alone {
			t.Errorf("%v, %+v", time.Since(began), c)
		}
	})
}

// TestMark: a mark is HMAC-SHA-256(day key, identity) and says to nobody without the key whose it is;
// what another has put in its place is not taken back.
func TestMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		c := a.admits("HCT1 somebody")
		m, sum := hmac.New(sha256.New, key), sha256.Sum256(key)
		m.Write([]byte("HCT1 somebody"))
		at := fmt.Sprintf("2000-01-01-%x.%x", sum[:8], m.Sum(nil))
		var v struct {
			Device, Run string
			N           uint64
			Until       int64
			MAC         []byte
		}
		if err := json.Unmarshal(hub.values[at], &v); err != nil || v.Device != "a" || v.N != c.N || v.Until != time.Now().Add(10*time.Minute).Unix()+1 {
			t.Fatalf("%s holds %s: %v", at, hub.values[at], err)
		}
		if bytes.Contains(hub.values[at], []byte("somebody")) || strings.Contains(at, "somebody") {
			t.Error("it says whose it is")
		}
		m = hmac.New(sha256.New, key)
		fmt.Fprintf(m, "value\x00%s\x00a\x00%s\x00%d\x00%d", at, v.Run, v.N, v.Until)
		if !bytes.Equal(v.MAC, m.Sum(nil)) {
			t.Error("another MAC than the page says")
		}
		time.Sleep(11 * time.Minute) // its time is over, and b's counts
		b.admits("HCT1 somebody")
		a.Settle(c.N, false)
		a.mend(t.Context())
		a.refuses("HCT1 somebody")
	})
}

// TestFallBack: hub, centre, alone, and back.
func TestFallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, centre := newMeeting(), newMeeting()
		a := newGate(t, "a", hub, centre)
		for i, step := range []struct {
			hub, centre, alone bool
			placed             int
		}{{false, false, false, 0}, {true, false, false, 1}, {true, true, true, 0}, {true, false, false, 1}, {false, false, false, 0}} {
			hub.set(func() { hub.away = step.hub })
			centre.set(func() { centre.away = step.centre })
			a.mend(t.Context())
			c := a.admits(fmt.Sprint("x", i))
			if c.Alone != step.alone || !c.Alone && c.Placed != step.placed {
				t.Errorf("step %d: %+v", i, c)
			}
			a.Settle(c.N, true)
		}
		a.mend(t.Context())
		if hub.size() != 5 || a.State().Waiting != 0 {
			t.Errorf("the hub knows %d, %d wait", hub.size(), a.State().Waiting)
		}
	})
}

// TestSplitBrain: one lane cut off, one with the hub, one with the centre. The same code
// passes at all three, and each but the first finds out.
func TestSplitBrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, centre := newMeeting(), newMeeting()
		cut := newMeeting() // a line of one's own
		cut.away = true
		a, b, c := newGate(t, "a", hub, centre), newGate(t, "b", cut, centre), newGate(t, "c", cut, cut)
		for _, g := range []*gate{a, b, c} {
			g.admits("warm-" + g.name)
			g.Settle(g.admits("x").N, true)
		}
		if c.State().Alone != true || b.State().Away != true || b.State().Alone {
			t.Errorf("%+v %+v", b.State(), c.State())
		}
		for _, g := range []*gate{b, c} {
			g.set(0, hub)
			g.mend(t.Context())
			g.mend(t.Context())
			if len(g.doubles) != 1 || g.doubles[0].What != "1/x" || g.doubles[0].Other != "a" {
				t.Errorf("%s: doubles %+v", g.name, g.doubles)
			}
			if s := g.State(); s.Alone || s.Waiting != 0 {
				t.Errorf("%s: %+v", g.name, s)
			}
		}
		if len(a.doubles) > 0 {
			t.Errorf("the first: %+v", a.doubles)
		}
	})
}

// set mends the line to a place.
func (g *gate) set(place int, p Place) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.o.Places[place] = p
}

// TestPowerCut: a claim under way burns no code at any lane, one that was used counts.
func TestPowerCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		a.admits("pending")
		a.Settle(a.admits("used").N, true)
		f, err := os.OpenFile(filepath.Join(a.dir, recordFile), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, `{"begin":{"n":9,"wh`) // torn
		f.Close()
		a.Hall.Close()
		a.open(hub)
		a.admits("pending") // at once, before anything was taken back
		b.refuses("pending")
		a.refuses("used")
		a.Hall.Close()
		a.open(hub)
		a.mend(t.Context())
		b.admits("pending")
		b.refuses("used")
	})
}

// nextDay gives gates the key of the next day.
func nextDay(gates ...*gate) {
	for _, g := range gates {
		g.Helper()
		if err := g.keys.set(dayKey{"2000-01-02", bytes.Repeat([]byte{8}, keySize), true}); err != nil {
			g.Fatal(err)
		}
	}
}

// TestMidnight: what was marked before midnight counts after it, and the key goes an hour later.
func TestMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		nextDay(a, b)
		time.Sleep(24*time.Hour - time.Minute)
		a.admits("x")
		time.Sleep(2 * time.Minute)
		b.refuses("x")
		time.Sleep(time.Hour)
		b.admits("y")
		if b.keys.get("2000-01-01") != nil {
			t.Error("yesterday's key is still there")
		}
		time.Sleep(24 * time.Hour)
		if c := b.admits("z"); !c.Alone {
			t.Error("a claim without a day key is not alone")
		}
	})
}

// TestDayElsewhere: a code that counts to the end of the day in Hong Kong counts on the next day in UTC.
func TestDayElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		for _, g := range []*gate{a, b} {
			g.o.Window = 26 * time.Hour
			if err := g.keys.set(dayKey{"2000-01-02", bytes.Repeat([]byte{8}, keySize), true}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(23 * time.Hour) // 07:00 there
		c, _, err := a.Claim(t.Context(), "1/x", []Identity{{[]byte("x"), time.Now().Add(17 * time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
		a.Settle(c.N, true)
		time.Sleep(16 * time.Hour)
		a.mend(t.Context())
		b.refuses("x")
		time.Sleep(2 * time.Hour)
		b.admits("x")
	})
}

// TestMidnightOfAnother: a code that was used where the day has begun already counts where it has not.
func TestMidnightOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a, b := newGate(t, "a", hub), newGate(t, "b", hub)
		nextDay(a, b)
		a.o.Now = func() time.Time { return time.Now().Add(30 * time.Second) }
		time.Sleep(24*time.Hour - 20*time.Second)
		a.Settle(a.admits("x").N, true)
		b.refuses("x")
		b.Settle(b.admits("y").N, true)
		a.refuses("y")
	})
}

// FuzzValue: no value is read that was not written with the key.
func FuzzValue(f *testing.F) {
	f.Add([]byte(`{"device":"g1","run":"r","n":1,"until":1,"mac":"AAAA"}`))
	f.Add([]byte(`null`))
	k := dayKey{"2026-11-21", key, true}
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, ok := k.read("k", text); ok {
			t.Fatalf("%+v", v)
		}
	})
}
