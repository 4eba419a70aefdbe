package bench

import (
	"reflect"
	"testing"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/gate"
)

// TestContacts shows what single contacts become: nobody is said to be clear of the
// zone before both beams are known to be whole.
func TestContacts(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []gate.Kind
		want []lane.Input
	}{
		{"power-up", []gate.Kind{gate.EntryWhole, gate.ExitWhole}, []lane.Input{lane.Clear{}}},
		{"one beam known", []gate.Kind{gate.EntryWhole}, nil},
		{"a person passes", []gate.Kind{gate.EntryWhole, gate.ExitWhole, gate.EntryBroken, gate.ExitBroken, gate.EntryWhole, gate.ExitWhole},
			[]lane.Input{lane.Clear{}, lane.Entered{}, lane.Reached{}, lane.EntryWhole{}, lane.Left{}, lane.Clear{}}},
		{"goes back", []gate.Kind{gate.EntryWhole, gate.ExitWhole, gate.EntryBroken, gate.EntryWhole},
			[]lane.Input{lane.Clear{}, lane.Entered{}, lane.EntryWhole{}, lane.Clear{}}},
		{"stands in the exit at power-up", []gate.Kind{gate.EntryWhole, gate.ExitBroken, gate.ExitWhole},
			[]lane.Input{lane.Reached{}, lane.Left{}, lane.Clear{}}},
		{"board lost and back", []gate.Kind{gate.EntryWhole, gate.ExitWhole, gate.BoardLost, gate.BoardBack, gate.EntryWhole},
			[]lane.Input{lane.Clear{}, lane.Failed{Fault: lane.BoardFault}, lane.Recovered{Fault: lane.BoardFault}}},
		{"forced", []gate.Kind{gate.DoorOpened, gate.DoorForced, gate.DoorShut}, []lane.Input{lane.Forced{}}},
		{"somebody follows at a door", []gate.Kind{gate.EntryWhole, gate.ExitWhole, gate.EntryBroken, gate.Followed, gate.EntryBroken},
			[]lane.Input{lane.Clear{}, lane.Entered{}, lane.Entered{}}},
		{"officer's key", []gate.Kind{gate.OfficerKey}, []lane.Input{lane.Turned{By: lane.Officer}}},
		{"supervisor's key", []gate.Kind{gate.SupervisorKey}, []lane.Input{lane.Turned{By: lane.Supervisor}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var c Contacts
			var got []lane.Input
			for _, k := range tc.in {
				got = append(got, c.Take(gate.Input{Kind: k})...)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %T%v, want %v", got, got, tc.want)
			}
		})
	}
}

// TestSignals gives every lamp and tone of a lane one of the board.
func TestSignals(t *testing.T) {
	for l := lane.LampRed; l <= lane.LampGreenBoth; l++ {
		if _, ok := lights[l]; !ok {
			t.Errorf("no light for lamp %v", l)
		}
	}
	for s := lane.ToneNone; s <= lane.ToneEvacuation; s++ {
		if _, ok := sounds[s]; !ok {
			t.Errorf("no sound for tone %v", s)
		}
	}
}
