package follow

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/bundle/publish"
	"example.org/checkpoint/sync/enrol"
)

// office is a centre that signs its own bundles, and can be cut off.
type office struct {
	*testing.T
	dir, repo string
	stick     string // of devices that are started from now on
	port      int
	secure    bool // it lets in only whom it has admitted
	keys      publish.Keys
	files     fstest.MapFS
	centre    *centre.Centre
	stop      func()
}

func newOffice(t *testing.T) *office {
	key := func() ed25519.PrivateKey {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	policy, err := os.ReadFile("../policy/profiles/venue-market.json")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, dir: t.TempDir(), repo: t.TempDir(), keys: publish.Keys{Roots: []ed25519.PrivateKey{key()}, Threshold: 1, Targets: key(), Snapshot: key(), Timestamp: key()},
		files: fstest.MapFS{"policy/venue-market.json": {Data: policy}}}
	o.open()
	t.Cleanup(func() { o.stop() })
	return o
}

func (o *office) open() {
	o.Helper()
	var err error
	if o.centre, err = centre.New(centre.Options{Dir: o.dir, NATSPort: o.port, Secure: o.secure}); err != nil {
		o.Fatal(err)
	}
	u, err := url.Parse(o.centre.NATSURL())
	if err != nil {
		o.Fatal(err)
	}
	if o.port == 0 {
		fmt.Sscan(u.Port(), &o.port)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.centre.Run(ctx) }() // ends with stop
	o.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			o.Error(err)
		}
	})
}

func (o *office) post(path string, body any, into any) {
	o.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		o.Fatal(err)
	}
	r, err := http.Post(o.centre.HTTPURL()+path, "application/json", bytes.NewReader(b))
	if err != nil {
		o.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		o.Fatalf("%s: %s %v", path, text, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		o.Fatal(err)
	}
}

func (o *office) order(state string, scope centre.Scope) {
	o.Helper()
	var got centre.Order
	o.post("/order", centre.Order{Kind: "breaker", State: state, Scope: scope, Reason: "too many"}, &got)
}

func (o *office) get(path string) []byte {
	o.Helper()
	r, err := http.Get(o.centre.HTTPURL() + path)
	if err != nil {
		o.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		o.Fatal(err)
	}
	return b
}

// publish signs a bundle with the orders that stand.
func (o *office) publish() {
	o.Helper()
	o.files["keys.json"] = &fstest.MapFile{Data: o.get("/keys")}
	o.files[ordersFile] = &fstest.MapFile{Data: o.get("/orders")}
	if _, err := publish.Sign(o.repo, o.files, o.keys, time.Now(), publish.DefaultLifetimes); err != nil {
		o.Fatal(err)
	}
	var p centre.Published
	o.post("/publish?dir="+url.QueryEscape(o.repo), nil, &p)
}

// device is one with lanes of which nothing runs but its way to the centre.
type device struct {
	*Follower
	lanes map[string]*Lane
}

// join makes the record and the clock of a follower, as New of the appliance does.
func join(f *Follower, state string) (*device, error) {
	a := &device{f, map[string]*Lane{}}
	c := clock.New(nil, f.Floor())
	if err := c.Trust(time.Now(), time.Second); err != nil && f.Floor().IsZero() {
		return a, err
	}
	directions := map[string]string{}
	for _, l := range f.config.Lanes {
		directions[l.Name] = l.Direction
	}
	j, err := journal.Open(state, journal.Options{Device: f.config.Device.Name, Site: f.config.Device.Site, Now: c.Now, Latest: c.Latest, Directions: directions, Sign: f.Signer()})
	if err != nil {
		return a, err
	}
	err = f.Join(Device{Clock: c, Journal: j, Judge: func(*inspection.Snapshot) {}, Staff: func(*staff.List) {}})
	for name := range directions {
		a.lanes[name] = f.Lane(name)
	}
	return a, err
}

// close closes what join opened, and the follower.
func (a *device) close() error {
	return errors.Join(a.Close(), a.device.Journal.Close())
}

// newDevice is a device without a centre.
func newDevice(t *testing.T) *device {
	t.Helper()
	var c config.Config
	c.Device.Name, c.Device.Site, c.Lanes = "device", "site", []config.Lane{{Name: "1"}}
	f, err := Open(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a, err := join(f, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.close() })
	return a
}

// device starts the way to the centre of a device with two lanes, and nothing else of it.
func (o *office) device(name string) (a *device, stop func()) {
	o.Helper()
	state := filepath.Join(o.dir, "devices", name)
	key, _, err := enrol.Load(state)
	if err != nil {
		o.Fatal(err)
	}
	card, err := key.Card(name, "LMC")
	if err == nil && o.secure {
		card.Request, err = key.Request(state, name)
	}
	if err != nil {
		o.Fatal(err)
	}
	text, err := json.Marshal(card)
	if err == nil {
		err = os.WriteFile(filepath.Join(o.dir, "registry", name+".json"), text, 0o600)
	}
	if err != nil {
		o.Fatal(err)
	}
	if o.secure {
		o.admit(name, state)
	}
	var c config.Config
	c.Device.Name, c.Device.Site, c.Device.State = name, "LMC", state
	c.Centre.URL, c.Centre.Root = (&url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1", fmt.Sprint(o.port))}).String(), filepath.Join(o.repo, "1.root.json")
	c.Centre.Stick = o.stick
	for lane, direction := range map[string]string{"1": "out", "2": "in"} {
		c.Lanes = append(c.Lanes, config.Lane{Name: lane, Profile: "single", Kind: "venue", VenueClass: "market", Facts: "door", Policy: "venue-market", Direction: direction})
	}
	c.Defaults()
	c.Centre.Refresh.Duration = time.Second
	f, err := Open(c, slog.New(slog.DiscardHandler))
	if err != nil {
		o.Fatal(err)
	}
	if a, err = join(f, state); err != nil {
		o.Fatal(err)
	}
	a.Resume()
	ctx, cancel := context.WithCancel(context.Background())
	var links sync.WaitGroup
	links.Go(func() { a.followBundle(ctx) })
	links.Go(func() { a.followOrders(ctx) })
	links.Go(func() { a.outbox.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		links.Wait()
		if err := a.close(); err != nil {
			o.Error(err)
		}
	})
	o.Cleanup(stop)
	return a, stop
}

func (o *office) eventually(what string, holds func() bool) {
	o.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			o.Fatal("never: " + what)
		}
	}
}

// admits claims for a code of its own.
func (a *device) admits(t *testing.T, lane string) bool {
	t.Helper()
	l := a.lanes[lane].Lane
	claims++
	r, err := l.Claim(event.Event{Kind: event.Claimed, Presentation: claims, Verdict: verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Scheme: "HK"}})
	if err != nil || r != "" && r != verdict.Halted && r != verdict.Exhausted {
		t.Fatal(r, err)
	}
	if r == "" {
		if err := l.Settle(event.Event{Kind: event.Passed, Presentation: claims}, true); err != nil {
			t.Fatal(err)
		}
	}
	return r == ""
}

// says reports whether orders do that to a lane.
func (a *device) says(lane string, c health.Code) bool { return a.Halted(a.lanes[lane].Place()).Has(c) }

var claims uint64
