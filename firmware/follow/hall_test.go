package follow

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/bundle/publish"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/hall"
	"example.org/checkpoint/sync/jetstream"
)

// peersFile is keys.json of the centre with the keys of devices in it; "name@site" is one at a site.
func (o *office) peersFile(devices ...string) []byte {
	o.Helper()
	var file map[string]any
	if err := json.Unmarshal(o.get("/keys"), &file); err != nil {
		o.Fatal(err)
	}
	for _, name := range devices {
		name, site, _ := strings.Cut(name, "@")
		key, _, err := enrol.Load(filepath.Join(o.dir, "devices", name))
		if err != nil {
			o.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			o.Fatal(err)
		}
		sum := sha256.Sum256(der)
		file["keys"] = append(file["keys"].([]any), map[string]any{"kid": hex.EncodeToString(sum[:8]), "purpose": "device", "device": name, "site": site,
			"alg": -7, "spki": base64.StdEncoding.EncodeToString(der), "from": 0, "until": 0})
	}
	text, err := json.Marshal(file)
	if err != nil {
		o.Fatal(err)
	}
	return text
}

// inHall puts a device into the hall of a hub.
func (o *office) inHall(name, hub string) *device {
	o.Helper()
	a, _ := o.device(name)
	a.config.Hall.URL = hub
	if err := a.openHall(); err != nil {
		o.Fatal(err)
	}
	for name := range a.lanes {
		a.lanes[name] = a.Lane(name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var meeting sync.WaitGroup
	meeting.Go(func() { a.meet(ctx) })
	o.Cleanup(func() { cancel(); meeting.Wait() })
	return a
}

// TestHallWindow: a key is looked under as long as a mark counts that was made under it, at a border to the
// end of the day in the farthest zone.
func TestHallWindow(t *testing.T) {
	for _, c := range []struct {
		lane config.Lane
		want time.Duration
	}{
		{config.Lane{Kind: "border"}, 26 * time.Hour},
		{config.Lane{Kind: "venue", ReplayWindow: config.Duration{Duration: time.Hour}}, 3 * time.Hour},
		{config.Lane{Kind: "venue", ReplayWindow: config.Duration{Duration: 24 * time.Hour}}, 26 * time.Hour},
	} {
		if got := hallWindow([]config.Lane{{Kind: "venue"}, c.lane}); got != c.want {
			t.Errorf("%s: %v, want %v", c.lane.Kind, got, c.want)
		}
	}
}

// claims has somebody come with a code.
func (a *device) claims(t *testing.T, lane string, presentation uint64, code string) verdict.Reason {
	t.Helper()
	now := time.Now()
	reason, err := a.lanes[lane].Claim(event.Event{At: now, Kind: event.Claimed, Presentation: presentation, Verdict: verdict.Verdict{Outcome: verdict.Admit,
		Reason: "ok", Counts: []verdict.Count{{Identity: []byte(code), Until: now.Add(10 * time.Minute)}}}})
	if err != nil {
		t.Fatal(err)
	}
	return reason
}

func (a *device) settles(t *testing.T, lane string, presentation uint64, kind event.Kind, used bool) {
	t.Helper()
	if err := a.lanes[lane].Settle(event.Event{At: time.Now(), Kind: kind, Presentation: presentation}, used); err != nil {
		t.Fatal(err)
	}
}

// noteOf is what the newest events of a kind say.
func (a *device) noteOf(t *testing.T, kind event.Kind) (all []map[string]string) {
	t.Helper()
	events, err := a.device.Journal.Recent(100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == kind {
			all = append(all, e.Note)
		}
	}
	return all
}

// TestHall has two devices share their codes through a hub, lose it, admit the same code at
// both through their own journals, and find that out.
func TestHall(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	dir := filepath.Join(t.TempDir(), "hub")
	hub, err := centre.NewHub(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { hub.Close() }()
	o.publish() // the first root
	o.files["keys.json"] = &fstest.MapFile{Data: o.peersFile("g1", "g2", "far@elsewhere")}
	if _, err := publish.Sign(o.repo, o.files, o.keys, time.Now(), publish.DefaultLifetimes); err != nil {
		t.Fatal(err)
	}
	var p centre.Published
	o.post("/publish?dir="+url.QueryEscape(o.repo), nil, &p)
	a, b := o.inHall("g1", hub.URL()), o.inHall("g2", hub.URL())
	for _, d := range []*device{a, b} {
		o.eventually("not alone", func() bool { return !d.Troubles().Has(health.HallAlone) && !d.Troubles().Has(health.HallAway) })
		o.eventually("the two devices of the site are of the hall", func() bool { return len(d.peers()) == 2 })
	}

	if r := a.claims(t, "1", 1, "x"); r != "" {
		t.Errorf("x: %s", r)
	}
	if r := b.claims(t, "1", 1, "x"); r != verdict.Replayed {
		t.Errorf("x at the other device: %q", r)
	}
	a.settles(t, "1", 1, event.Withdrew, false)
	o.eventually("x is free again at the other device", func() bool { return b.claims(t, "1", 2, "x") == "" })
	b.settles(t, "1", 2, event.Passed, true)
	if r := a.claims(t, "2", 1, "x"); r != verdict.Replayed {
		t.Errorf("x after it was used: %q", r)
	}

	at, err := url.Parse(hub.URL())
	if err != nil {
		t.Fatal(err)
	}
	liar(t, filepath.Join(a.config.Device.State, "hall.key"))
	hub.Close()
	o.eventually("the hub is missed and the centre asked", func() bool {
		reason := a.claims(t, "2", uint64(time.Now().UnixNano()), strconv.FormatInt(time.Now().UnixNano(), 10))
		return reason == "" && a.Troubles().Has(health.HallAway) && !a.Troubles().Has(health.HallAlone)
	})
	o.stop() // the centre is away as well
	for _, d := range []*device{a, b} {
		o.eventually("alone", func() bool {
			reason := d.claims(t, "2", uint64(time.Now().UnixNano()), strconv.FormatInt(time.Now().UnixNano(), 10))
			return reason == "" && d.Troubles().Has(health.HallAlone) && !d.Troubles().Has(health.HallAway)
		})
		if r := d.claims(t, "2", 8, "y"); r != "" {
			t.Errorf("y without a hub: %s", r)
		}
		d.settles(t, "2", 8, event.Passed, true)
		if notes := d.noteOf(t, event.Claimed); !strings.Contains(strings.Join(texts(notes), " "), "alone") {
			t.Errorf("no claim is flagged: %v", notes)
		}
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	if hub, err = centre.NewHub(dir, port); err != nil {
		t.Fatal(err)
	}
	o.eventually("the double is journalled, once", func() bool {
		return len(a.noteOf(t, event.Reconciled))+len(b.noteOf(t, event.Reconciled)) == 1
	})
	o.eventually("both are in the hall again", func() bool {
		return !a.Troubles().Has(health.HallAlone) && !a.Troubles().Has(health.HallAway) && !b.Troubles().Has(health.HallAlone) && !b.Troubles().Has(health.HallAway)
	})
	for _, note := range append(a.noteOf(t, event.Reconciled), b.noteOf(t, event.Reconciled)...) {
		if note["found"] != "double" || note["presentation"] != "8" || note["also"] == "" {
			t.Errorf("%v", note)
		}
	}
}

// lies is a hub that answers for every code with what no device has written.
type lies struct{}

func (lies) Put(context.Context, string, []byte, uint64) error { return jetstream.ErrTaken }
func (lies) Get(context.Context, string) ([]byte, uint64, error) {
	return []byte("made up"), 1, nil
}
func (lies) Delete(context.Context, string, uint64) error { return nil }

// liar has a device with the hall's keys claim at a hub that lies: nobody is refused by it, and it
// is named.
func liar(t *testing.T, keys string) {
	t.Helper()
	a, state := newDevice(t), t.TempDir()
	text, err := os.ReadFile(keys)
	if err == nil {
		err = os.WriteFile(filepath.Join(state, filepath.Base(keys)), text, 0o600)
	}
	if err == nil {
		a.meeting.hall, err = hall.Open(hall.Options{Device: "g3", State: state, Places: []hall.Place{lies{}}, Taken: jetstream.ErrTaken, Absent: jetstream.ErrNone,
			Now: time.Now, Window: time.Hour, Double: func(hall.Double) {}, Log: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		t.Fatal(err)
	}
	a.lanes["1"] = a.Lane("1")
	if a.Troubles().Has(health.HallLied) {
		t.Error("a lie before anybody has spoken")
	}
	if r := a.claims(t, "1", 1, "x"); r != "" || !a.Troubles().Has(health.HallLied) {
		t.Errorf("%q at a hub that lies: %v", r, a.Troubles().All())
	}
}

func texts(notes []map[string]string) (all []string) {
	for _, n := range notes {
		all = append(all, n["hall"])
	}
	return all
}
