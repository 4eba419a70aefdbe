package appliance

import (
	"errors"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
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
	r.overruled = true
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
	if err := a.overrule(screen.Act{Lane: "1", Number: waits.Asked, Urgent: "exam"}); err != nil {
		t.Fatal(err)
	}
	r.turn(r.gate.TurnOfficerKey)
	if s := r.gate.State(); s.Leaf != gateboard.Shut {
		t.Fatalf("one key opens: %+v", s)
	}
	if w := referral(r.lane.controller.State()); w == nil || w.Consent != (lane.Consent{Reason: "exam", Officer: lane.OfficerKey}) {
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
		over.Note["urgent"] != "exam" || over.Note["officer"] != lane.OfficerKey || over.Note["supervisor"] != lane.SupervisorKey {
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
