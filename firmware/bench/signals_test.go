package bench

import (
	"testing"
	"time"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/hardware/gate"
)

// TestSignalsOfEveryState is ARCHITECTURE section 7b, down to lamps and buzzer of the
// board: for every state that a lane can be in there is one light and one sound.
func TestSignalsOfEveryState(t *testing.T) {
	type signal struct {
		light gate.Light
		sound gate.Sound
	}
	soon := time.UnixMilli(1)
	refused := func(r verdict.Reason) verdict.Verdict { return verdict.Verdict{Outcome: verdict.Refuse, Reason: r} }
	seen := map[lane.State]bool{}
	for name, tc := range map[string]struct {
		lane lane.Lane
		want signal
	}{
		"secured":                          {lane.Lane{State: lane.Secured, Zone: lane.ZoneClear}, signal{gate.Red, gate.Silence}},
		"secured, somebody in the zone":    {lane.Lane{State: lane.Secured, Zone: lane.ZoneBroken}, signal{gate.Red, gate.Alarm}},
		"secured, the barrier is at fault": {lane.Lane{State: lane.Secured, Zone: lane.ZoneClear, Faults: lane.BarrierFault}, signal{gate.Red, gate.Alarm}},
		"secured, another fault":           {lane.Lane{State: lane.Secured, Zone: lane.ZoneClear, Faults: lane.CameraFault}, signal{gate.Red, gate.Silence}},
		"ready":                            {lane.Lane{State: lane.Ready}, signal{gate.White, gate.Silence}},
		"inspecting":                       {lane.Lane{State: lane.Inspecting}, signal{gate.WhiteMoving, gate.Silence}},
		"refused, can be mended":           {lane.Lane{State: lane.Ready, Deadline: soon, Verdict: refused(verdict.Unreadable)}, signal{gate.Blue, gate.Retry}},
		"refused":                          {lane.Lane{State: lane.Ready, Deadline: soon, Verdict: refused(verdict.Expired)}, signal{gate.Amber, gate.Refer}},
		"referred":                         {lane.Lane{State: lane.Ready, Deadline: soon, Verdict: verdict.Verdict{Outcome: verdict.Refer}}, signal{gate.Amber, gate.Refer}},
		"waiting for staff":                {lane.Lane{State: lane.Waiting, Deadline: soon, Verdict: verdict.Verdict{Outcome: verdict.Refer}}, signal{gate.Amber, gate.Refer}},
		"admitting":                        {lane.Lane{State: lane.Admitting}, signal{gate.WhiteMoving, gate.Silence}},
		"released, the gate is silent":     {lane.Lane{State: lane.Released}, signal{gate.WhiteMoving, gate.Silence}},
		"released":                         {lane.Lane{State: lane.Released, Opened: true}, signal{gate.Green, gate.Go}},
		"passing":                          {lane.Lane{State: lane.Passing, Opened: true}, signal{gate.Green, gate.Go}},
		"passing, held":                    {lane.Lane{State: lane.Passing, Opened: true, Held: true}, signal{gate.Green, gate.Refer}},
		"alarmed":                          {lane.Lane{State: lane.Alarmed}, signal{gate.AmberFlashing, gate.Alarm}},
		"evacuating":                       {lane.Lane{State: lane.Evacuating}, signal{gate.GreenBoth, gate.Evacuation}},
	} {
		v := tc.lane.View()
		if got := (signal{Light(v.Lamp), Sound(v.Tone)}); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
		seen[tc.lane.State] = true
	}
	for s := lane.Secured; s <= lane.Waiting; s++ {
		if !seen[s] {
			t.Errorf("%v: what does it show?", s)
		}
	}
}
