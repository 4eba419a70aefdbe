package appliance

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/hardware/watchdog"
)

// newDevice is a device of which nothing runs, with lanes whose boards and cameras are away.
func newDevice(t *testing.T, lanes ...string) *Appliance {
	a := &Appliance{log: slog.New(slog.DiscardHandler), clock: clock.New(nil, time.Time{}), watchdog: watchdog.New(watchdog.Options{})}
	a.config.Clock.Within.Duration = time.Second
	a.readClock()
	var err error
	if a.journal, err = journal.Open(t.TempDir(), journal.Options{Device: "device", Site: "site", Now: a.clock.Now}); err != nil {
		t.Fatal(err)
	}
	if a.centre, err = follow.Open(a.config, a.log); err != nil {
		t.Fatal(err)
	}
	if err := a.centre.Join(follow.Device{Clock: a.clock, Journal: a.journal, Judge: a.judgeBy, Staff: a.desk.use, Report: a.reported}); err != nil {
		t.Fatal(err)
	}
	for _, name := range lanes {
		c := config.Lane{Name: name, Profile: "single", Kind: "border"}
		c.Camera.Device = "http://127.0.0.1:1/"
		c.Gate.Wire, c.Gate.Device, c.Gate.Address = "modbus", filepath.Join(t.TempDir(), "board"), 1
		l, err := newLane(c, "site", a.centre.Lane(name), a.clock.Now, a.doubt, a.log)
		if err != nil {
			t.Fatal(err)
		}
		a.lanes = append(a.lanes, l)
	}
	t.Cleanup(func() { a.close() })
	return a
}

// told gives the journalled conditions as "lane condition state", sorted.
func (a *Appliance) told(t *testing.T) (all []string) {
	t.Helper()
	events, err := a.journal.Recent(100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == event.Condition {
			all = append(all, strings.TrimSpace(e.Lane+" "+e.Note["condition"]+" "+e.Note["state"]))
		}
	}
	slices.Sort(all)
	return all
}

// TestConditionsNameTheirLane: what is wrong with a second lane is an event of its own.
func TestConditionsNameTheirLane(t *testing.T) {
	a := newDevice(t, "1", "2")
	if a.lanes[0].camera.Fault() == nil || a.lanes[1].camera.Fault() == nil {
		t.Fatal("the cameras are there")
	}
	second := a.lanes[1]
	a.lanes = a.lanes[:1]
	a.watch()
	a.lanes = append(a.lanes, second)
	for range 2 { // once each
		a.watch()
	}
	got := a.told(t)
	for _, want := range []string{"1 camera-lost begun", "2 camera-lost begun", "1 gate-lost begun", "2 gate-lost begun", "trust-missing begun"} {
		if i := slices.Index(got, want); i < 0 || slices.Contains(got[i+1:], want) {
			t.Errorf("%s: not once in %q", want, got)
		}
	}
}

// TestInspectionsAreToldTheCheckedTime, which the machine's clock is not.
func TestInspectionsAreToldTheCheckedTime(t *testing.T) {
	a := newDevice(t)
	floor := time.Now().AddDate(0, 1, 0)
	a.clock = clock.New(nil, floor)
	if got := a.doubt(); got != (inspection.Clock{Time: floor, Confidence: "unknown"}) {
		t.Errorf("%+v", got)
	}
}

// TestAlive: one loop that does not turn is enough for the watchdog.
func TestAlive(t *testing.T) {
	if !newDevice(t).Alive() || newDevice(t, "1").Alive() {
		t.Error("a lane that does not run is alive")
	}
}
