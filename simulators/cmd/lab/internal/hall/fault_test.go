package hall

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// bystander presses what the lab's page has, and looks at boards and /healthz.
type bystander struct {
	*testing.T
	*session
	page string
}

func watch(t *testing.T) *bystander {
	s := open(t)
	page := httptest.NewServer(s.Page.Handler())
	t.Cleanup(page.Close)
	return &bystander{t, s, page.URL}
}

func (b *bystander) press(lane, name string, on bool) {
	b.Helper()
	r, err := http.Post(b.page+"/press", "application/json", strings.NewReader(fmt.Sprintf(`{"lane":%q,"name":%q,"on":%v}`, lane, name, on)))
	if err != nil {
		b.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusNoContent {
		b.Fatalf("press %s at %s: %s", name, lane, r.Status)
	}
}

// passes has somebody with a good code come to a lane.
func (b *bystander) passes(lane bench.Lane, scans bool, after string) bench.Passage {
	b.Helper()
	green := cast.Named("green code")
	before := b.boards(b.T)[lane.Name]
	got := b.visit(b.T, bench.Person{Lane: lane.Name, Who: green.Who, Act: green.Act, Again: true, Scans: scans, Codes: green.Codes(b.cast, lane, time.Now())})
	if got.End != "passed" {
		b.Errorf("%s: nobody passes: %+v; conditions %q", after, got, b.conditions())
	}
	if now := b.boards(b.T)[lane.Name]; now.Openings > before.Openings+bench.Tries {
		b.Errorf("%s: %d openings for one person", after, now.Openings-before.Openings)
	}
	return got
}

func (b *bystander) await(what string, ok func(bench.Seen) bool) {
	b.Helper()
	if err := process.Until(b.Context(), 30*time.Second, what, func() bool { return ok(b.session.Page.Now("1")) }); err != nil {
		b.Fatalf("%v; last seen %+v; conditions %q", err, b.session.Page.Now("1"), b.conditions())
	}
}

// conditions are those that the program says now.
func (b *bystander) conditions() []string {
	client := http.Client{Timeout: 2 * time.Second}
	r, err := client.Get(b.URL(11) + "healthz")
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	var answer struct{ Conditions []string }
	json.NewDecoder(r.Body).Decode(&answer)
	return answer.Conditions
}

// says waits until the program says a condition, or does so no more.
func (b *bystander) says(condition string, holds bool) {
	b.Helper()
	if err := process.Until(b.Context(), 30*time.Second, fmt.Sprintf("%s is %v", condition, holds), func() bool {
		return slices.Contains(b.conditions(), condition) == holds
	}); err != nil {
		b.Fatalf("%v; conditions %q", err, b.conditions())
	}
}

var atBorder, atMarket = bench.Lane{Name: "1", Kind: "border"}, bench.Lane{Name: "M", Kind: "venue"}

func ready(at bench.Seen) bool  { return at.Lamp == "white" && at.Leaf == "shut" }
func closed(at bench.Seen) bool { return at.Lamp == "red" && at.Leaf == "shut" }
func alarm(at bench.Seen) bool  { return at.Flashing == "amber" }

// TestFaults presses what the lab's page has: every device of a running lane is
// pulled and put back, and each time the program says so, opens for nobody, and lets the
// next person through without a restart (G13, G15, G16, G18).
func TestFaults(t *testing.T) {
	b := watch(t)
	b.passes(atBorder, false, "at the start")
	for _, one := range []struct {
		name      string
		condition string                // that the program says while it lasts
		seen      func(bench.Seen) bool // what must be seen while it lasts; nil: the lane stays in service
		key       string                // that is turned when it is over
	}{
		{"board", "gate-lost", func(at bench.Seen) bool { return at.WayOutFree && !at.Heartbeat && at.Leaf == "shut" }, ""},
		{"silence", "gate-lost", func(at bench.Seen) bool { return at.WayOutFree && !at.Heartbeat && at.Leaf == "shut" }, ""},
		{"camera", "camera-lost", closed, ""},
		{"frozen", "camera-frozen", closed, ""},
		{"torn", "camera-lost", closed, ""},
		{"black", "camera-black", ready, ""},
		{"bag", "", func(at bench.Seen) bool { return at.Beams && at.Leaf == "shut" }, "officer"},
		{"beam", "", func(at bench.Seen) bool { return at.Beams || alarm(at) }, "officer"},
		{"cabinet", "cabinet-open", nil, ""},
		{"loops", "alarm-contact", closed, ""},
		{"papers", "document-reader-lost", nil, ""},
		{"printer", "printer-lost", nil, ""},
		{"paper", "printer-paper-out", nil, ""},
		{"cover", "printer-open", nil, ""},
		{"low", "printer-paper-low", nil, ""},
		{"fire", "", func(at bench.Seen) bool { return at.WayOutFree && at.Leaf == "open" }, "supervisor"},
	} {
		b.await("the lane is ready before "+one.name, ready)
		openings := b.boards(t)["1"].Openings
		b.press("1", one.name, true)
		if one.condition != "" {
			b.says(one.condition, true)
		}
		if one.seen != nil {
			b.await(one.name+" is noticed", one.seen)
		}
		if got := b.boards(t)["1"].Openings; got != openings {
			t.Errorf("%s: the lane opened %d times", one.name, got-openings)
		}
		if one.seen == nil {
			b.passes(atBorder, false, "with "+one.name)
		}
		b.press("1", one.name, false)
		if one.condition != "" {
			b.says(one.condition, false)
		}
		if one.name == "fire" {
			time.Sleep(time.Second) // the contact is normal again; nothing relocks by itself (G3)
			if at := b.session.Page.Now("1"); at.Lamp == "white" {
				t.Errorf("the lane came back from an evacuation by itself: %+v", at)
			}
		}
		if one.key != "" {
			b.press("1", one.key, true)
		}
		if one.seen != nil {
			b.passes(atBorder, false, "after "+one.name)
		}
	}
	b.refusesPresses()
	if err := b.stopDevice(); err != nil {
		t.Error(err)
	}
}

// TestDoor has people do at the door what they should not, and the door what it should not
// (G11 to G13): each time the lane is alarmed or closed until somebody has looked.
func TestDoor(t *testing.T) {
	b := watch(t)
	b.passes(atBorder, false, "at the start")
	for _, name := range []string{"two", "reverse"} {
		b.await("the lane is ready before "+name, ready)
		b.press("1", name, true)
		green := cast.Named("green code")
		b.visit(t, bench.Person{Lane: "1", Who: green.Who, Act: green.Act, Codes: green.Codes(b.cast, atBorder, time.Now())})
		b.await(name+" is an alarm", alarm)
		b.press("1", "officer", true)
		b.passes(atBorder, false, "after "+name)
	}
	b.await("the lane is ready", ready)
	time.Sleep(time.Second) // right after an order the leaf may yet be on its way
	b.press("1", "force", true)
	b.says("door-forced", true)
	b.await("force is an alarm", alarm)
	b.press("1", "officer", true)
	b.says("door-forced", false)
	b.passes(atBorder, false, "after force")

	b.await("the lane is ready", ready)
	b.press("1", "jam", true)
	b.passes(atBorder, false, "through a door that does not close")
	b.says("gate-door", true)
	b.await("closed", func(at bench.Seen) bool { return at.Lamp == "red" })
	b.press("1", "jam", false)
	b.says("gate-door", false)
	b.passes(atBorder, false, "after jam")

	b.press("1", "misread", true)
	b.says("document-doubtful", true)
	b.press("1", "passport", true)
	b.says("document-doubtful", false)
	if n := b.boards(t)["1"]; n.OnABeam != 0 || len(n.Complaints) > 0 {
		t.Errorf("board: %+v", n)
	}
}

// TestScanner has people hold their codes to the market's scanner while scanner or camera
// are pulled, and while somebody has set the scanner up anew.
func TestScanner(t *testing.T) {
	b := watch(t)
	b.passes(atMarket, true, "at the scanner")
	b.passes(atMarket, false, "at the camera")
	b.press("M", "camera", true)
	b.says("camera-away", true)
	b.passes(atMarket, true, "without the camera")
	b.press("M", "camera", false)
	b.says("camera-away", false)
	b.press("M", "scanner", true)
	b.says("scanner-lost", true)
	b.passes(atMarket, false, "without the scanner")
	b.press("M", "scanner", false)
	b.says("scanner-lost", false)
	b.passes(atMarket, true, "after the scanner's return")
	b.press("M", "sheet", true)
	green := cast.Named("green code")
	for range 2 {
		if got := b.visit(t, bench.Person{Lane: "M", Who: green.Who, Act: bench.Walks, Scans: true, Codes: green.Codes(b.cast, atMarket, time.Now())}); got.Saw != "" {
			t.Errorf("a scanner set up anew is believed: %+v", got)
		}
	}
	b.says("scanner-changed", true)
	b.press("M", "sheet", false)
	b.passes(atMarket, true, "at the scanner as it was")
	b.says("scanner-changed", false)
	if n := b.boards(t)["M"]; len(n.Complaints) > 0 {
		t.Errorf("complaints: %q", n.Complaints)
	}
}

// TestFreeToLeave kills the program, lets it hang, and silences the bus: the board lets
// everybody out 500 ms after the last heartbeat at the latest, by its own clock, and the
// lane serves again by itself (G1, G16).
func TestFreeToLeave(t *testing.T) {
	b := watch(t)
	b.passes(atBorder, false, "at the start")
	for _, one := range []struct {
		name       string
		begin, end func() error
	}{
		{"killed", func() error { b.device.Kill(); return nil }, b.startDevice},
		{"hung", func() error { return b.device.Signal(syscall.SIGSTOP) }, func() error { return b.device.Signal(syscall.SIGCONT) }},
		{"silent bus", func() error { b.press("1", "silence", true); return nil }, func() error { b.press("1", "silence", false); return nil }},
	} {
		b.await("the lane is ready before "+one.name, ready)
		before := b.boards(t)["1"]
		if err := one.begin(); err != nil {
			t.Fatal(err)
		}
		b.await(one.name+": free to leave", func(at bench.Seen) bool { return at.WayOutFree && !at.Heartbeat && at.Leaf == "shut" })
		if now := b.boards(t)["1"]; now.WatchdogMS > 500 || now.Drops != before.Drops+1 || now.Openings != before.Openings {
			t.Errorf("%s: %+v, before %+v", one.name, now, before)
		}
		if err := one.end(); err != nil {
			t.Fatal(err)
		}
		b.passes(atBorder, false, "after "+one.name)
	}
}

// refusesPresses presses what there is not, and from another page.
func (b *bystander) refusesPresses() {
	for _, wrong := range []string{`{"lane":"1","name":"nonsense"}`, `{"lane":"9","name":"fire"}`, `{"name":"fire"}`} {
		r, err := http.Post(b.page+"/press", "application/json", strings.NewReader(wrong))
		if err != nil {
			b.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusConflict {
			b.Errorf("press %s: %s, want it refused", wrong, r.Status)
		}
	}
	foreign, err := http.NewRequest("POST", b.page+"/press", strings.NewReader(`{"lane":"1","name":"fire","on":true}`))
	if err != nil {
		b.Fatal(err)
	}
	foreign.Header.Set("Origin", "http://elsewhere.example")
	if r, err := http.DefaultClient.Do(foreign); err != nil || r.StatusCode != http.StatusForbidden {
		b.Errorf("a press from another page: %v %v, want it forbidden", r, err)
	}
}
