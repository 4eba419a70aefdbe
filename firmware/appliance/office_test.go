package appliance

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/bundle/publish"
	"example.org/checkpoint/sync/enrol"
)

// office is a centre that runs, and signs its own bundles.
type office struct {
	*testing.T
	dir, repo string
	keys      publish.Keys
	files     fstest.MapFS
	centre    *centre.Centre
}

func newOffice(t *testing.T) *office {
	t.Helper()
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
	o := &office{T: t, dir: t.TempDir(), repo: t.TempDir(), files: fstest.MapFS{"policy/venue-market.json": {Data: policy}},
		keys: publish.Keys{Roots: []ed25519.PrivateKey{key()}, Threshold: 1, Targets: key(), Snapshot: key(), Timestamp: key()}}
	if o.centre, err = centre.New(centre.Options{Dir: o.dir}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.centre.Run(ctx) }() // ended by the cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	return o
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

// sign signs the next set into the repository.
func (o *office) sign() {
	o.Helper()
	o.files["keys.json"] = &fstest.MapFile{Data: o.get("/keys")}
	o.files["orders/latest.cose"] = &fstest.MapFile{Data: o.get("/orders")}
	if _, err := publish.Sign(o.repo, o.files, o.keys, time.Now(), publish.DefaultLifetimes); err != nil {
		o.Fatal(err)
	}
}

// publish signs the next set and has the centre hand it out.
func (o *office) publish() {
	o.Helper()
	o.sign()
	o.post("/publish?dir="+url.QueryEscape(o.repo), nil)
}

func (o *office) post(path string, body any) {
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
	if text, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusOK {
		o.Fatalf("%s: %s %v", path, text, err)
	}
}

// configured is a device of a market's lane that the centre knows, whose camera and board are away.
func (o *office) configured(name string) (c config.Config) {
	o.Helper()
	state := filepath.Join(o.dir, "devices", name)
	key, _, err := enrol.Load(state)
	if err != nil {
		o.Fatal(err)
	}
	card, err := key.Card(name, "LMC")
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
	c.Device.Name, c.Device.Site, c.Device.State = name, "LMC", state
	c.Centre.URL, c.Centre.Root = o.centre.NATSURL(), filepath.Join(o.repo, "1.root.json")
	c.Clock.Within.Duration = time.Second
	l := config.Lane{Name: "1", Profile: "single", Kind: "venue", VenueClass: "market", Facts: "door", Policy: "venue-market", Direction: "in"}
	l.Camera.Device, l.Gate.Wire, l.Gate.Device, l.Gate.Address = "http://127.0.0.1:1/", "modbus", filepath.Join(state, "board"), 1
	c.Lanes = []config.Lane{l}
	c.Defaults()
	c.Centre.Refresh.Duration = time.Second
	return c
}

// device is a device as configured, of which nothing runs.
func (o *office) device(name string) *Appliance {
	o.Helper()
	a, err := New(o.configured(name), slog.New(slog.DiscardHandler))
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { a.close() })
	return a
}

func (o *office) eventually(what string, holds func() bool) {
	o.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			o.Fatal("never: " + what)
		}
	}
}
