package hall

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/sign1"
)

// device is one of a hall, on a line to a hub.
type device struct {
	*Hall
	link    *jetstream.Link
	sharing *Sharing
	doubles chan Double
	trusted atomic.Pointer[sign1.Keys]
}

// newDevice takes part in the hall of a hub; trusted fills as devices come.
func newDevice(t *testing.T, name, hub string, trusted sign1.Keys, dir string) *device {
	t.Helper()
	dir = filepath.Join(dir, name)
	k, _, err := enrol.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if trusted[k.ID()] == nil && name != "stranger" {
		trusted[k.ID()] = k.Public()
	}
	d := &device{doubles: make(chan Double, 8)}
	d.trusted.Store(&trusted)
	log := slog.New(slog.DiscardHandler)
	if d.link, err = jetstream.Open(jetstream.Options{URL: hub, Device: name, Log: log, Pause: 300 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	d.Hall, err = Open(Options{Device: name, State: dir, Places: []Place{d.link.Bucket("replay", "HZMB")}, Taken: jetstream.ErrTaken, Absent: jetstream.ErrNone,
		Now: time.Now, Window: time.Hour, Double: func(x Double) { d.doubles <- x }, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	d.sharing = &Sharing{Hall: d.Hall, Site: "HZMB", Names: d.link.Bucket("hall", "HZMB"), Line: d.link, Sign: k.Sign,
		Trusted: func() sign1.Keys { return *d.trusted.Load() }, Log: log, missing: map[string]time.Time{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- d.Run(ctx) }() // both ended by the cleanup
	go func() {
		if name == "quiet" { // the test shares by hand
			done <- nil
			return
		}
		done <- d.sharing.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
		d.link.Close()
		d.Close()
	})
	return d
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func port(t *testing.T, address string) int {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// once reports whether a code is admitted with the hub's word.
func (d *device) once(t *testing.T, code string) (admitted, alone bool) {
	t.Helper()
	c, replayed, err := d.Claim(t.Context(), "1/"+code, []Identity{{[]byte(code), time.Now().Add(10 * time.Minute)}})
	if err != nil {
		t.Fatal(err)
	}
	if !replayed {
		d.Settle(c.N, true)
	}
	return !replayed, c.Alone
}

// TestStockHub runs two devices and a stranger at a stock nats-server: they agree on a key that
// the stranger does not get, a code counts once, the hub is killed, the same code passes at
// both lanes, and the second finds out.
func TestStockHub(t *testing.T) {
	dir := t.TempDir()
	hub, err := centre.NewHub(filepath.Join(dir, "hub"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { hub.Close() }()
	trusted := sign1.Keys{}
	a := newDevice(t, "a", hub.URL(), trusted, dir)
	today := time.Now().UTC().Format(time.DateOnly)
	has := func(d *device) bool { k := d.keys.get(today); return k != nil && k.Given }
	eventually(t, "a has a key", func() bool { return has(a) })
	both := sign1.Keys{} // not changed while a reads it
	for id, k := range trusted {
		both[id] = k
	}
	b := newDevice(t, "b", hub.URL(), both, dir)
	stranger := newDevice(t, "stranger", hub.URL(), both, dir)
	time.Sleep(300 * time.Millisecond)
	if has(b) || has(stranger) {
		t.Fatal("a key was handed to a device that is not trusted")
	}
	a.trusted.Store(&both)
	eventually(t, "b has a's key", func() bool { return has(b) && b.keys.get(today).id() == a.keys.get(today).id() })
	if has(stranger) {
		t.Error("a stranger has the key")
	}

	if ok, alone := a.once(t, "x"); !ok || alone {
		t.Errorf("x at a: %v, alone %v", ok, alone)
	}
	if ok, _ := b.once(t, "x"); ok {
		t.Error("x counts twice")
	}
	at := port(t, hub.URL())
	hub.Close()
	for _, d := range []*device{a, b} {
		if ok, alone := d.once(t, "y"); !ok || !alone {
			t.Errorf("without a hub: %v, alone %v", ok, alone)
		}
	}
	if hub, err = centre.NewHub(filepath.Join(dir, "hub"), at); err != nil {
		t.Fatal(err)
	}
	eventually(t, "one double is found", func() bool { return len(a.doubles)+len(b.doubles) == 1 })
	eventually(t, "nothing waits", func() bool { return a.State() == State{} && b.State() == State{} })
	if ok, alone := b.once(t, "z"); !ok || alone {
		t.Errorf("z at b: %v, alone %v", ok, alone)
	}
	if ok, alone := a.once(t, "x"); ok || alone {
		t.Errorf("x after the hub's restart: %v", ok)
	}
	if ok, _ := a.once(t, "z"); ok {
		t.Error("z counts twice")
	}
}

// TestLyingName: a day key whose name nobody of the hall has signed is not asked for.
func TestLyingName(t *testing.T) {
	dir := t.TempDir()
	hub, err := centre.NewHub(filepath.Join(dir, "hub"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	trusted := sign1.Keys{}
	stranger, _, err := enrol.Load(filepath.Join(dir, "liar"))
	if err != nil {
		t.Fatal(err)
	}
	link, err := jetstream.Open(jetstream.Options{URL: hub.URL(), Device: "liar", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	today := time.Now().UTC().Format(time.DateOnly)
	s := Sharing{Sign: stranger.Sign}
	text, err := s.sign("hall-day", word{V: 1, Device: "liar", Day: today, ID: (dayKey{Key: key}).id()})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lie is told", func() bool { return link.Bucket("hall", "HZMB").Put(t.Context(), "day."+today, text, 0) == nil })
	a := newDevice(t, "quiet", hub.URL(), trusted, dir)
	eventually(t, "another day's key", func() bool { return a.sharing.agree(t.Context(), "2000-01-01") == nil })
	if err := a.sharing.agree(t.Context(), today); err == nil || a.keys.get(today) != nil {
		t.Errorf("a lie is believed: %v", err)
	}
}

func BenchmarkClaim(b *testing.B) {
	dir := b.TempDir()
	hub, err := centre.NewHub(filepath.Join(dir, "hub"), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer hub.Close()
	link, err := jetstream.Open(jetstream.Options{URL: hub.URL(), Device: "a", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer link.Close()
	h, err := Open(Options{Device: "a", State: dir, Places: []Place{link.Bucket("replay", "HZMB")}, Taken: jetstream.ErrTaken, Absent: jetstream.ErrNone,
		Now: time.Now, Window: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	if err := h.keys.set(dayKey{time.Now().UTC().Format(time.DateOnly), key, true}); err != nil {
		b.Fatal(err)
	}
	var alone int
	for i := 0; b.Loop(); i++ {
		c, _, err := h.Claim(b.Context(), "1/1", []Identity{{strconv.AppendInt(nil, int64(i), 10), time.Now().Add(time.Hour)}})
		if err != nil {
			b.Fatal(err)
		}
		if c.Alone {
			alone++
			h.mend(b.Context())
		}
	}
	b.ReportMetric(float64(alone)/float64(b.N), "alone/op")
}
