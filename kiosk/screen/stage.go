package screen

import (
	"slices"
	"unicode/utf8"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict/words"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// Direction is where somebody walks from in front of the screen.
type Direction string

const (
	Ahead Direction = "up"
	Right Direction = "right"
	Back  Direction = "down"
	Left  Direction = "left"
	Both  Direction = "both" // to both sides; for the way out only
)

// Venue is the kind of a lane without a barrier; every other kind is a border's.
const Venue = "venue"

// LaneInfo is what a display knows of its lane.
type LaneInfo struct {
	Number    string    // on the plate
	Kind      string    // "border" or "venue"
	Place     Words     // beside the plate
	Counter   Words     // where a referred person goes, "Counter 8, right"; empty: an officer comes
	Elsewhere Words     // what to use while this lane is closed, "Use lane 11 or 13"
	Walk      Direction // where an admitted person goes; empty is ahead
	ToCounter Direction // where a referred person goes; empty is right
	WayOut    Direction // where everybody goes in an emergency; empty is both sides
	WidthMM   int       // width of the panel as mounted; 0 is 476
	ViewMM    int       // distance of reading; 0 is 2000
}

// stage is all that stands on a display, in words and names of shapes.
type stage struct {
	Kind, State, Figure string
	Tone                lane.Tone
	Shown               uint64 // number of the view, to hear a tone once
	Volume              float64
	Number              string
	Lane                string // the word for it
	Place               []phrases.Line
	Head, Hints         []phrases.Line
	Size                string // class of the first line
	Towards             Direction
	Steps               []step
	Today               int // -1 where nobody counts
	Counted             []phrases.Line
	Staff               []phrases.Line
}

type step struct {
	Icon      string
	Name      []phrases.Line
	Done, Now bool
}

// stage sets what a view says into words. No reason reaches the screen of a lane
// but as a hint what to change, and all that refers looks alike. A venue's screen tells
// its staff what is wrong with the code, never what a code says of the person (R80).
func (i LaneInfo) stage(v lane.View) stage {
	if v.Screen > lane.ScreenStaff {
		v = lane.View{}
	}
	t := phrases.TongueOf(v.Language)
	s := stage{Kind: "border", State: v.Screen.String(), Tone: v.Tone, Number: i.Number, Towards: Back, Today: -1}
	if i.Kind == Venue {
		s.Kind = Venue
	}
	s.Figure = s.State
	switch v.Screen {
	case lane.ScreenGo:
		s.Towards = or(i.Walk, Ahead)
	case lane.ScreenPass:
		s.Towards, s.Figure = or(i.Walk, Ahead), "go"
	case lane.ScreenRefer, lane.ScreenStaff:
		s.Towards, s.Figure = or(i.ToCounter, Right), "refer"
		if v.Lamp == lane.LampAmberFlashes {
			s.State, s.Towards = "alarm", ""
		}
	case lane.ScreenEmergency:
		s.Towards, t = or(i.WayOut, Both), phrases.Unknown // it speaks to everybody
	case lane.ScreenClosed:
		s.Towards, t = "", phrases.Unknown
	case lane.ScreenLook, lane.ScreenInvalid:
		s.Towards = ""
	}
	said := phrases.Of(s.State, s.Kind == Venue)
	hint, helped := phrases.Hold[v.Hint]
	switch {
	case helped:
		said.Hint = hint
	case v.Screen == lane.ScreenRetry:
		if hint, ok := phrases.Mend[v.Reason]; ok {
			said.Hint = hint
		}
	case s.State == "refer" && i.Counter != Words{}:
		said.Hint = i.Counter
	case s.State == "closed" && v.Tone == lane.ToneAlarm: // somebody is inside
		said.Hint = phrases.Of("alarm", false).Hint
	case s.State == "closed" && i.Elsewhere != Words{}:
		said.Hint = i.Elsewhere
	}
	s.Head, s.Hints = said.Head.Pair(t), said.Hint.All(t)
	s.Size = size(s.Head[0])
	s.Place, s.Lane = i.Place.Pair(t), phrases.Lane.Pair(t)[0].Text
	if s.Kind == Venue {
		s.Counted = phrases.Today.Pair(phrases.Unknown)
		if (v.Screen == lane.ScreenInvalid || v.Screen == lane.ScreenStaff || v.Screen == lane.ScreenRetry) && !words.Private(v.Reason) {
			s.Staff = phrases.Reason(v.Reason).Pair(phrases.Unknown)
		}
		return s
	}
	if s.State != "alarm" {
		s.Steps = rail(v.Screen, t)
	}
	return s
}

// rail says which steps of the passage are done; a screen that is not part of one
// has none.
func rail(s lane.Screen, t phrases.Tongue) []step {
	at := 0
	switch s {
	case lane.ScreenIdle, lane.ScreenRetry:
	case lane.ScreenLook, lane.ScreenRefer:
		at = 1
	case lane.ScreenGo:
		at = 2
	default:
		return nil
	}
	out := make([]step, len(phrases.Steps))
	for i, p := range phrases.Steps {
		out[i] = step{Icon: p.Icon, Name: p.Name.Pair(t), Done: i < at, Now: i == at}
	}
	return out
}

// size is the class of a first line by what it must fit: Latin wraps, the others do not.
func size(l phrases.Line) string {
	if l.Lang == phrases.English || l.Lang == phrases.Pt {
		return "latin"
	}
	n := min(max(utf8.RuneCountInString(l.Text), 3), 8)
	return "n" + string(rune('0'+n))
}

func or(d, otherwise Direction) Direction {
	if slices.Contains([]Direction{Ahead, Right, Back, Left, Both}, d) {
		return d
	}
	return otherwise
}
