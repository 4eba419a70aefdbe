package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/controller"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/publish"
)

// formerly is a lane that ran for a while by version 1, and a repository that is at version 2.
type formerly struct {
	state, config, repo string
	codes               map[string]string // by name
	events              map[string]event.Record
	phone               *phone.Phone
}

// runLane has people show codes at a lane that judges by version 1 of a repository, as a cohort of
// one sees it, where the scheme signs its own files; then version 2 withdraws the issuer's key and
// has other rules.
func runLane(t *testing.T) formerly {
	dir, hk, site := t.TempDir(), issuer.New("HK", "Asia/Hong_Kong"), issuer.NewSite("LMC")
	p := formerly{state: filepath.Join(dir, "state"), config: filepath.Join(dir, "device.toml"), repo: filepath.Join(dir, "repo"), codes: map[string]string{}, events: map[string]event.Record{}}
	rules, err := os.ReadFile("../../../../policy/profiles/hk-border-departure.json")
	if err != nil {
		t.Fatal(err)
	}
	later := bytes.ReplaceAll(rules, []byte(`"test_h": 48`), []byte(`"test_h": 24`))
	files := fstest.MapFS{"trust/HK.json": {Data: hk.TrustFile()}, "policy/hk-border-departure.json": {Data: later},
		"cohort/first/policy/hk-border-departure.json": {Data: rules}, "rollout.json": {Data: []byte(`{"v":1,"cohorts":[{"name":"first","devices":["gate-1"]}]}`)},
		"keys.json": {Data: issuer.KeysFile(nil, []*issuer.Site{site})}}
	keyDir := filepath.Join(dir, "keys")
	if err := errors.Join(publish.MakeKeys(keyDir, 1), publish.MakeSchemeKey(keyDir, "HK")); err != nil {
		t.Fatal(err)
	}
	keys, err := publish.LoadKeys(keyDir)
	if err != nil {
		t.Fatal(err)
	}
	sign := func() {
		if _, err := publish.Sign(p.repo, files, keys, time.Now(), publish.DefaultLifetimes); err != nil {
			t.Fatal(err)
		}
	}
	sign()
	text := fmt.Sprintf(`[device]
name = "gate-1"
site = "LMC"
state = %q
site_keys = %q
[centre]
url = "nats://127.0.0.1:4222"
root = %q
[[lane]]
name = "12"
profile = "single"
kind = "border"
direction = "out"
facts = "gate"
policy = "hk-border-departure"
camera.device = "http://127.0.0.1/"
gate.wire = "modbus"
gate.device = "/dev/null"
gate.address = 1
`, p.state, dir, filepath.Join(p.repo, "1.root.json"))
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "site-key.json"), site.PrivateFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	keyring := holder.SiteKeys{}
	if _, err := keyring.AddFile(site.PrivateFile()); err != nil {
		t.Fatal(err)
	}
	device, err := config.Read(p.config)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(device.Centre.Root)
	if err != nil {
		t.Fatal(err)
	}
	store, err := bundle.Open(filepath.Join(dir, "bundle.db"), root, bundle.Dir(p.repo))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	set, _, err := store.Refresh(t.Context(), bundle.Time{Now: time.Now(), Known: true})
	if err != nil {
		t.Fatal(err)
	}
	seen, _, err := fileset.For(set.FS, "gate-1")
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := inspection.Load(seen, set.Version, set.Published)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	code := func(change func(*issuer.HealthCode)) string {
		h := issuer.HealthCode{Profile: "gate", Colour: issuer.Green, AgeBand: 3, From: now.Add(-time.Minute), Until: now.Add(time.Hour)}
		change(&h)
		return hk.HealthCode(h)
	}
	p.codes["green"] = code(func(*issuer.HealthCode) {})
	p.codes["red"] = code(func(h *issuer.HealthCode) { h.Colour, h.Reasons = issuer.Red, []int{3} })
	p.codes["old"] = code(func(h *issuer.HealthCode) { h.From = now.Add(-48 * time.Hour) })
	p.phone = phone.New()
	p.phone.Site = site
	p.phone.Hold(code(func(h *issuer.HealthCode) { h.Holder, h.From = p.phone.Key(), now.Add(-48*time.Hour) }))
	p.codes["phone"] = p.phone.Show(phone.Showing{Audience: "LMC", At: now.Add(-2 * time.Second)})
	p.codes["forged"] = code(func(h *issuer.HealthCode) { h.Spoil = issuer.BadSignature })
	p.show(t, device, snapshot.WithKeys(keyring))

	hk.Until(now.Add(-24 * time.Hour))
	files["trust/HK.json"].Data = hk.TrustFile()
	files["cohort/first/policy/hk-border-departure.json"].Data = later
	sign()
	return p
}

// show has a real lane judge each code and write it down, once; the green one is shown twice.
func (p formerly) show(t *testing.T, device config.Config, snapshot *inspection.Snapshot) {
	j, err := journal.Open(p.state, journal.Options{Device: device.Device.Name, Site: device.Device.Site})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	l := device.Lanes[0]
	reports := make(chan lane.Input)
	c := controller.New(controller.Devices{Barrier: opens{}, Journal: j.Lane(l.Name), Display: func(lane.View) {}, Lamp: func(lane.View) {}, Place: l.At(device.Device.Site),
		Clock: func() inspection.Clock {
			return inspection.Clock{Time: time.Now().Add(-time.Second), Uncertainty: 40 * time.Millisecond, Confidence: "drifting"}
		}, Log: slog.New(slog.DiscardHandler), Reports: reports})
	c.Use(snapshot.Inspect)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- c.Run(ctx, lane.Lane{Zone: lane.ZoneClear, Normal: true, Timing: lane.Timing{Judge: time.Second, Enter: time.Minute, Leave: time.Minute, Show: time.Minute}})
	}() // ends with stop
	reports <- lane.OpenLane{}
	seen := 0
	for _, name := range []string{"red", "old", "phone", "forged", "green", "again"} {
		text := p.codes[name]
		if name == "again" {
			text = p.codes["green"]
			time.Sleep(1600 * time.Millisecond) // out of sight
		}
		c.See(nil, time.Now())
		for c.State().State != lane.Ready {
			time.Sleep(5 * time.Millisecond)
		}
		c.See([][]byte{[]byte(text)}, time.Now())
		var kept []event.Record
		for len(kept) <= seen {
			time.Sleep(5 * time.Millisecond)
			if kept, err = j.Recent(100); err != nil {
				t.Fatal(err)
			}
			kept = verdicts(kept)
		}
		seen++
		p.events[name] = kept[0]
		if kept[0].Kind == event.Claimed { // they walk through
			for c.State().State != lane.Released {
				time.Sleep(5 * time.Millisecond)
			}
			for _, in := range []lane.Input{lane.Entered{}, lane.EntryWhole{}, lane.Reached{}, lane.Left{}, lane.Clear{}} {
				reports <- in
			}
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// opens is a barrier that obeys.
type opens struct{}

func (opens) Release(context.Context) error { return nil }
func (opens) Secure(context.Context) error  { return nil }

func verdicts(all []event.Record) (out []event.Record) {
	for _, r := range all {
		if r.Kind == event.Presented || r.Kind == event.Claimed {
			out = append(out, r)
		}
	}
	return out
}

// TestReplay: what a lane decided is decided again in the same way from the event and the
// code, after a newer version with other keys and rules came into force.
func TestReplay(t *testing.T) {
	p := runLane(t)
	p.codes["phone"] = p.phone.Show(phone.Showing{Audience: "LMC", At: time.Now()}) // as the phone draws it now
	for name, want := range map[string]string{"phone": "REFER: not-today", "red": "REFUSE: red-close-contact", "old": "REFER: not-today", "forged": "REFUSE: bad-signature",
		"green": "ADMIT: satisfied", "again": "REFUSE: replayed"} {
		r := p.events[name]
		code := p.codes[strings.Replace(name, "again", "green", 1)]
		var out bytes.Buffer
		cmd := Command{Replay: fmt.Sprint(r.Seq), State: p.state, Config: p.config, Bundle: p.repo, Codes: []string{code}, Explain: true}
		if err := cmd.run(t.Context(), nil, &out); err != nil || !strings.Contains(out.String(), "now        "+want) || !strings.Contains(out.String(), "verdict is the same") {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
		text := filepath.Join(t.TempDir(), "event.json")
		b, err := event.Encode(r)
		if err == nil {
			err = os.WriteFile(text, append(b, '\n'), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		out.Reset()
		cmd.Replay, cmd.State, cmd.JSON = text, "/nowhere", true // as the centre keeps it
		if err := cmd.run(t.Context(), nil, &out); err != nil || !strings.Contains(out.String(), `"same":true`) {
			t.Errorf("%s from a file: %v\n%s", name, err, out.String())
		}
	}
	// Events that no device wrote: a red that was only referred, lists of two versions.
	for name, c := range map[string]struct {
		event  string
		change func(*event.Record)
		want   string
	}{
		"a red referred":       {"red", func(r *event.Record) { r.Verdict.Outcome = verdict.Refer }, "verdict is ANOTHER"},
		"a red set by another": {"red", func(r *event.Record) { r.Verdict.SetBy = "GD, CDC" }, "verdict is ANOTHER"},
		"two versions":         {"old", func(r *event.Record) { r.Verdict.Lists[len(r.Verdict.Lists)-1].Version = "2" }, "several versions"},
	} {
		r := p.events[c.event]
		r.Verdict.Lists = slices.Clone(r.Verdict.Lists)
		c.change(&r)
		forged := filepath.Join(t.TempDir(), "event.json")
		b, err := event.Encode(r)
		if err == nil {
			err = os.WriteFile(forged, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		cmd := Command{Replay: forged, Config: p.config, Bundle: p.repo, Codes: []string{p.codes[c.event]}}
		if err := cmd.run(t.Context(), nil, &out); err == nil || !strings.Contains(out.String()+err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	other := Command{Replay: fmt.Sprint(p.events["green"].Seq), State: p.state, Config: p.config, Bundle: p.repo, Codes: []string{p.codes["red"]}}
	var out bytes.Buffer
	if err := other.run(t.Context(), nil, &out); !errors.Is(err, exit.ErrNo) || !strings.Contains(out.String(), "verdict is ANOTHER") {
		t.Errorf("another code: %v\n%s", err, out.String())
	}
}

// TestReplayRefuses says in one line what is missing.
func TestReplayRefuses(t *testing.T) {
	p := runLane(t)
	seq := fmt.Sprint(p.events["old"].Seq)
	good := Command{Replay: seq, State: p.state, Config: p.config, Bundle: p.repo, Codes: []string{p.codes["old"]}}
	for want, change := range map[string]func(*Command){
		"give --bundle":                 func(c *Command) { c.Bundle = "" },
		"the repository has no version": func(c *Command) { c.Bundle = t.TempDir() },
		"is not in":                     func(c *Command) { c.Replay = "99999" },
		"is no event":                   func(c *Command) { c.Replay = "yesterday" },
		"holds no verdict":              func(c *Command) { c.Replay = "1" }, // started
		"time, keys and rules":          func(c *Command) { c.At = "2026-01-01T00:00:00Z" },
		"configuration":                 func(c *Command) { c.Config = "/nowhere.toml" },
	} {
		c := good
		change(&c)
		if err := c.run(t.Context(), nil, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
