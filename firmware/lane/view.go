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

// View is all that a lane shows at one time.
type View struct {
	Screen   Screen
	Lamp     Lamp
	Tone     Tone
	Reason   verdict.Reason // for retry: what to change; on venue screens: for the staff
	Language string         // BCP 47, the person's; empty for the site's own
}
