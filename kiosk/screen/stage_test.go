package screen

import (
	"reflect"
	"slices"
	"testing"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// TestReferLooksAlike: nobody in the queue learns why (SCREENS L5).
func TestReferLooksAlike(t *testing.T) {
	want := bay.stage(lane.View{Screen: lane.ScreenRefer})
	for _, r := range words.Reasons() {
		if got := bay.stage(lane.View{Screen: lane.ScreenRefer, Reason: r}); !reflect.DeepEqual(got, want) {
			t.Errorf("refer for %s looks different: %+v", r, got)
		}
	}
	if want.Hints[0].Text != bay.Counter.Hant {
		t.Errorf("refer does not say where to go: %v", want.Hints)
	}
	if want.Staff != nil {
		t.Error("a lane shows a line for the staff")
	}
}

// TestNoReasonOnALane: outside retry, the reason changes nothing at a lane.
func TestNoReasonOnALane(t *testing.T) {
	for s := lane.ScreenClosed; s <= lane.ScreenStaff; s++ {
		if s == lane.ScreenRetry {
			continue
		}
		if a, b := bay.stage(lane.View{Screen: s}), bay.stage(lane.View{Screen: s, Reason: verdict.Withdrawn}); !reflect.DeepEqual(a, b) {
			t.Errorf("%s tells the reason", s)
		}
	}
}

func TestRetrySaysWhatToChange(t *testing.T) {
	s := bay.stage(lane.View{Screen: lane.ScreenRetry, Reason: verdict.SeveralCodes, Language: "en"})
	if len(s.Hints) != 1 || s.Hints[0].Text != "Show only one code at a time" {
		t.Errorf("retry for several codes says %v", s.Hints)
	}
	if s := bay.stage(lane.View{Screen: lane.ScreenRetry, Reason: "something-new"}); len(s.Hints) != 3 {
		t.Errorf("retry for an unknown reason says %v", s.Hints)
	}
}

// TestLanguages: the person's first, never more than three scripts, each said once.
func TestLanguages(t *testing.T) {
	for l, want := range map[string][]phrases.Tongue{"": {phrases.Hant, phrases.English}, "zh-CN": {phrases.Hans, phrases.English}, "yue": {phrases.Hant, phrases.English}, "en": {phrases.English, phrases.Hant}, "ja": {phrases.Ja, phrases.English}, "pt-MO": {phrases.Pt, phrases.English}, "fr": {phrases.Hant, phrases.English}} {
		s := bay.stage(lane.View{Screen: lane.ScreenGo, Language: l})
		if got := []phrases.Tongue{s.Head[0].Lang, s.Head[1].Lang}; !slices.Equal(got, want) {
			t.Errorf("%q: %v, not %v", l, got, want)
		}
		seen := map[phrases.Tongue]bool{}
		for _, line := range slices.Concat(s.Head, s.Hints, s.Place) {
			seen[line.Lang] = true
		}
		if len(seen) > 3 {
			t.Errorf("%q: %d scripts", l, len(seen))
		}
	}
	if s := bay.stage(lane.View{Screen: lane.ScreenEmergency, Language: "en"}); s.Head[0].Lang != phrases.Hant || len(s.Hints) != 3 {
		t.Errorf("the way out does not speak to everybody: %v %v", s.Head, s.Hints)
	}
}

// TestUnknownIsClosed: a view that is no screen shows the closed one.
func TestUnknownIsClosed(t *testing.T) {
	if got := bay.stage(lane.View{Screen: 200, Tone: lane.ToneGo}); !reflect.DeepEqual(got, bay.stage(lane.View{})) {
		t.Errorf("screen 200 shows %q", got.State)
	}
}

func TestDirections(t *testing.T) {
	i := LaneInfo{Walk: Left, ToCounter: Left, WayOut: Right}
	for v, want := range map[lane.Screen]Direction{lane.ScreenGo: Left, lane.ScreenRefer: Left, lane.ScreenEmergency: Right, lane.ScreenIdle: Back, lane.ScreenClosed: ""} {
		if got := i.stage(lane.View{Screen: v}).Towards; got != want {
			t.Errorf("%s points %q, not %q", v, got, want)
		}
	}
	if got := (LaneInfo{WayOut: "anywhere"}).stage(lane.View{Screen: lane.ScreenEmergency}).Towards; got != Both {
		t.Errorf("an unknown way out points %q", got)
	}
}

func TestVenueTellsItsStaff(t *testing.T) {
	s := market.stage(lane.View{Screen: lane.ScreenInvalid, Reason: verdict.BadSignature})
	if len(s.Staff) != 2 || s.Staff[0].Text != phrases.Reason(verdict.BadSignature).Hant {
		t.Errorf("the staff read %v", s.Staff)
	}
	if s := market.stage(lane.View{Screen: lane.ScreenPass, Reason: verdict.Satisfied}); s.Staff != nil {
		t.Errorf("a pass needs no reason: %v", s.Staff)
	}
	for _, r := range []verdict.Reason{"high-risk", "red-confirmed", "watch", "positive-test", "temperature", "not-resident", "of-a-later-version"} {
		for _, screen := range []lane.Screen{lane.ScreenInvalid, lane.ScreenStaff, lane.ScreenRetry} {
			if s := market.stage(lane.View{Screen: screen, Reason: r}); s.Staff != nil {
				t.Errorf("the queue reads %v", s.Staff)
			}
		}
	}
}
