package appliance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/kiosk/screen"
	"example.org/checkpoint/simulators/gateboard"
)

// TestOverrule: the rules refer somebody; the officer gives a reason at the page, and the
// officer's and the supervisor's key are turned at the lane. Then the record, then the
// gate, and the code is used (R29).
func TestOverrule(t *testing.T) {
	r := newRig(t)
	r.stop()
	r.overruling = lane.ByKeys
	r.start()
	r.lane.controller.Use(func(p inspection.Presentation) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "tested", Urgent: []string{"exam"},
			Counts: []verdict.Count{{Identity: p.Codes[0], Until: time.Now().Add(time.Hour)}}}
	})
	r.open()
	r.hold("A")
	r.untilState(lane.Waiting)
	a := &Appliance{lanes: []*laneLoop{r.lane}}
	waits := r.lane.controller.State()
	for _, wrong := range []screen.Act{{Lane: "2", Number: waits.Asked, Urgent: "exam"}, {Lane: "1", Number: waits.Asked + 1, Urgent: "exam"}} {
		if err := a.overrule(wrong); !errors.Is(err, screen.ErrGone) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	if err := a.overrule(screen.Act{Lane: "1", Number: waits.Asked, Urgent: "exam", Papers: "2026/0412"}); err != nil {
		t.Fatal(err)
	}
	r.turn(r.gate.TurnOfficerKey)
	if s := r.gate.State(); s.Leaf != gateboard.Shut {
		t.Fatalf("one key opens: %+v", s)
	}
	if w := referral(r.lane.controller.State()); w == nil || w.Consent != (lane.Consent{Reason: "exam", Officer: lane.OfficerKey, Papers: "2026/0412"}) {
		t.Errorf("the page shows %+v", w)
	}
	r.turn(r.gate.TurnSupervisorKey)
	r.until("open", func() bool { return r.gate.State().Leaf == gateboard.Open })
	r.scene.Clear()
	walk := gateboard.Walk{Board: r.gate, Pace: 150 * time.Millisecond}
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilJournal("presented test-missing", "override test-missing", "passed")
	events, err := r.journal.Recent(3)
	if err != nil {
		t.Fatal(err)
	}
	over := events[1]
	if over.Kind != event.Override || over.Visit != events[2].Visit || over.Visit != events[0].Visit || over.Verdict.Outcome != verdict.Refer ||
		over.Note["urgent"] != "exam" || over.Note["papers"] != "2026/0412" || over.Note["officer"] != lane.OfficerKey || over.Note["supervisor"] != lane.SupervisorKey {
		t.Errorf("recorded as %+v", over)
	}
	time.Sleep(2 * time.Second) // the same text counts as new only after it was out of sight
	r.hold("A")
	r.untilState(lane.Waiting)
	if err := a.overrule(screen.Act{Lane: "1", Number: r.lane.controller.State().Asked, Urgent: "exam"}); err != nil {
		t.Fatal(err)
	}
	r.turn(r.gate.TurnOfficerKey)
	r.turn(r.gate.TurnSupervisorKey)
	r.untilJournal("presented test-missing", "override test-missing", "passed", "presented test-missing", "presented replayed")
}

// TestOverruleBySignIn: an officer and a supervisor sign in at the page, each by their own
// PIN; keys say nothing there, and one person is not two.
func TestOverruleBySignIn(t *testing.T) {
	r := newRig(t)
	r.stop()
	r.overruling = lane.BySignIn
	r.start()
	r.lane.controller.Use(func(p inspection.Presentation) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "tested", Urgent: []string{"exam"},
			Counts: []verdict.Count{{Identity: p.Codes[0], Until: time.Now().Add(time.Hour)}}}
	})
	var people []string
	for id, pin := range map[string]string{"anna": "482913", "bo": "775201"} {
		v, err := staff.Verifier(pin, [16]byte{})
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, fmt.Sprintf(`{"id":%q,"role":%q,"until":"2100-01-01T00:00:00Z","pin":%q}`, id, map[string]string{"anna": "officer", "bo": "supervisor"}[id], v))
	}
	list, err := staff.Parse([]byte(`{"v":1,"site":"site","staff":[`+strings.Join(people, ",")+`]}`), "site")
	if err != nil {
		t.Fatal(err)
	}
	a := &Appliance{lanes: []*laneLoop{r.lane}, clock: clock.New(nil, time.Time{})}
	a.config.Attendant.Overrule = "sign-in"
	r.open()
	r.hold("A")
	r.untilState(lane.Waiting)
	say := func(name, pin string, want error) {
		t.Helper()
		act := screen.Act{Lane: "1", Number: r.lane.controller.State().Asked, Urgent: "exam", Name: name, PIN: pin}
		if err := a.overrule(act); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	record := filepath.Join(t.TempDir(), missesFile)
	if err := a.desk.recall(record); err != nil {
		t.Fatal(err)
	}
	say("anna", "482913", screen.ErrDenied) // no list yet
	a.desk.use(list)
	say("anna", "775201", screen.ErrDenied)
	say("anna", "482913", nil)
	say("anna", "482913", nil) // the same one again
	r.turn(r.gate.TurnSupervisorKey)
	if s, w := r.gate.State(), referral(r.lane.controller.State()); s.Leaf != gateboard.Shut || w == nil || w.Consent != (lane.Consent{Reason: "exam", Officer: "anna"}) {
		t.Fatalf("%+v %+v", s, w)
	}
	for range 5 {
		say("bo", "000000", screen.ErrDenied)
	}
	say("bo", "775201", screen.ErrLocked)
	a.desk = desk{} // the program begins anew
	if err := a.desk.recall(record); err != nil {
		t.Fatal(err)
	}
	a.desk.use(list)
	say("bo", "775201", screen.ErrLocked)
	if err := os.Remove(record); err != nil {
		t.Fatal(err)
	}
	a.desk = desk{}
	a.desk.use(list)
	stale, err := inspection.Load(fstest.MapFS{"freshness.json": {Data: []byte(`{"v":1,"staff":{"max_stale":60,"fail":"refuse"}}`)}}, "1", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a.rules.Store(stale)
	say("bo", "775201", screen.ErrDenied)
	a.rules.Store(nil)
	say("bo", "775201", nil)
	r.until("open", func() bool { return r.gate.State().Leaf == gateboard.Open })
	events, err := r.journal.Recent(1)
	if err != nil || events[0].Kind != event.Override || events[0].Note["officer"] != "anna" || events[0].Note["supervisor"] != "bo" {
		t.Errorf("%+v %v", events[0], err)
	}
}
