package lane

import "example.org/checkpoint/firmware/verdict"

// Screen is what the display says. The set is closed; the zero value is closed too.
type Screen uint8

const (
	ScreenClosed    Screen = iota // secured, out of service, fault
	ScreenIdle                    // show your code
	ScreenLook                    // wait, a code is being judged
	ScreenRetry                   // show it again, changed as Reason says
	ScreenRefer                   // see an officer: one look for every reason
	ScreenGo                      // walk
	ScreenEmergency               // way out
	ScreenPass                    // venue: come in
	ScreenInvalid                 // venue: not valid
	ScreenStaff                   // venue: see staff
)

func (s Screen) String() string {
	return [...]string{"closed", "idle", "look", "retry", "refer", "go", "emergency", "pass", "invalid", "staff"}[s]
}

// Lamp is the lamp at the lane. The zero value is the red cross.
type Lamp uint8

const (
	LampRed          Lamp = iota // closed; never for a person
	LampWhite                    // ready
	LampWhiteMoving              // wait
	LampBlue                     // try again
	LampAmber                    // see an officer
	LampAmberFlashes             // alarm, at most 2 Hz
	LampGreen                    // walk
	LampGreenBoth                // evacuation: green on both sides
)

func (l Lamp) String() string {
	return [...]string{"red", "white", "white-moving", "blue", "amber", "amber-flashing", "green", "green-both"}[l]
}

// Tone is what is heard.
type Tone uint8

const (
	ToneNone Tone = iota
	ToneGo
	ToneRefer
	ToneRetry
	ToneAlarm
	ToneEvacuation
)

func (t Tone) String() string {
	return [...]string{"none", "go", "refer", "retry", "alarm", "evacuation"}[t]
}

// Hint tells a person who holds up a code why it is not read. The zero value says nothing.
type Hint uint8

const (
	HintNone Hint = iota
	HintDark
	HintBright
	HintFar
	HintNear
	HintMoving
	HintGlare
	HintCovered
)

func (h Hint) String() string {
	return [...]string{"none", "dark", "bright", "far", "near", "moving", "glare", "covered"}[h]
}

// View is all that a lane shows at one time.
type View struct {
	Screen   Screen
	Lamp     Lamp
	Tone     Tone
	Reason   verdict.Reason // for retry: what to change; on venue screens: for the staff
	Language string         // BCP 47, the person's; empty for the site's own
	Hint     Hint           // while a code is awaited: what to change so that it can be read
}

// situation is what a view depends on.
type situation uint8

const (
	closed situation = iota
	occupied
	idle
	look
	retry
	refer
	alarm
	walk
	linger
	pass
	invalid
	staff
	emergency
)

// looks is the only place where a situation becomes a picture. There is one look
// for every reason to see an officer, and no red for a person.
var looks = [...]struct {
	screen Screen
	lamp   Lamp
	tone   Tone
	person bool // it speaks to one person, in their language
	reason bool // it says why
	hint   bool // it awaits a code and says why none is read
}{
	closed:    {screen: ScreenClosed, lamp: LampRed},
	occupied:  {screen: ScreenClosed, lamp: LampRed, tone: ToneAlarm},
	idle:      {screen: ScreenIdle, lamp: LampWhite, hint: true},
	look:      {screen: ScreenLook, lamp: LampWhiteMoving},
	retry:     {screen: ScreenRetry, lamp: LampBlue, tone: ToneRetry, person: true, reason: true, hint: true},
	refer:     {screen: ScreenRefer, lamp: LampAmber, tone: ToneRefer, person: true},
	alarm:     {screen: ScreenRefer, lamp: LampAmberFlashes, tone: ToneAlarm},
	walk:      {screen: ScreenGo, lamp: LampGreen, tone: ToneGo, person: true},
	linger:    {screen: ScreenGo, lamp: LampGreen, tone: ToneRefer, person: true},
	pass:      {screen: ScreenPass, lamp: LampGreen, tone: ToneGo, person: true},
	invalid:   {screen: ScreenInvalid, lamp: LampAmber, tone: ToneRefer, person: true, reason: true},
	staff:     {screen: ScreenStaff, lamp: LampAmber, tone: ToneRefer, person: true, reason: true},
	emergency: {screen: ScreenEmergency, lamp: LampGreenBoth, tone: ToneEvacuation},
}

// View returns what the lane shows.
func (l Lane) View() View {
	k := looks[l.situation()]
	v := View{Screen: k.screen, Lamp: k.lamp, Tone: k.tone}
	if k.person {
		v.Language = l.Verdict.Language
	}
	if k.reason {
		v.Reason = l.Verdict.Reason
	}
	if k.hint && l.Hint != HintNone {
		v.Hint, v.Tone = l.Hint, ToneNone // what was heard is not heard again
	}
	return v
}

func (l Lane) situation() situation {
	switch l.State {
	case Ready:
		if l.Deadline.IsZero() {
			return idle
		}
		return l.answer()
	case Inspecting, Admitting:
		return look
	case Waiting:
		return refer
	case Released:
		if !l.Opened {
			return look
		}
		return walk
	case Passing:
		if l.Held {
			return linger
		}
		return walk
	case Alarmed:
		return alarm
	case Evacuating:
		return emergency
	}
	if l.Zone == ZoneBroken || l.Faults.Has(BarrierFault) {
		return occupied // somebody must come
	}
	return closed
}

// answer is what the last person is told.
func (l Lane) answer() situation {
	switch v := l.Verdict; {
	case v.Outcome == verdict.Admit:
		return pass
	case Mendable(v):
		return retry
	case l.Profile == Single:
		return refer
	case v.Outcome == verdict.Refer:
		return staff
	}
	return invalid
}

// Mendable reports whether the person can do something about v by themselves: hold
// the code still, show another, open the app for a fresh one. The set is closed; it
// tells a forger nothing.
func Mendable(v verdict.Verdict) bool {
	if v.Outcome != verdict.Refuse {
		return false
	}
	switch v.Reason {
	case verdict.Unreadable, verdict.Malformed, verdict.UnknownFormat, verdict.HolderProof, verdict.NotFresh,
		verdict.NoPerson, verdict.TooSlow:
		return true
	}
	return false
}
