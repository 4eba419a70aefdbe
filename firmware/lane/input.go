package lane

import (
	"strings"

	"example.org/checkpoint/firmware/verdict"
)

// Role says who pressed a key.
type Role uint8

const (
	Officer    Role = iota
	Supervisor      // may also end an evacuation
)

// Fault is something wrong with the device, or a set of such things.
type Fault uint8

const (
	BoardFault      Fault = 1 << iota // the gate board does not answer: beams and alarm contact are unknown
	BarrierFault                      // the barrier did not do what it was told
	CameraFault                       // no frames
	InspectionFault                   // inspections do not return
	JournalFault                      // events are not being written
)

// Has reports whether f holds all of some faults.
func (f Fault) Has(some Fault) bool { return f&some == some }

func (f Fault) String() string {
	var names []string
	for i, name := range []string{"board", "barrier", "camera", "inspection", "journal"} {
		if f.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// Input is something that happened.
type Input interface{ input() }

// People.
type (
	OpenLane  struct{}                 // an officer, who has looked at the barrier, opens the lane for service
	Reset     struct{ By Role }        // an alarm was seen to
	Turned    struct{ By Role }        // a key was turned at the lane: Reset, OpenLane where the lane is out of service, or consent to overrule
	Presented struct{ Codes [][]byte } // somebody holds up one or several codes
	Guided    struct{ Hint Hint }      // somebody seems to hold up a code that cannot be read, or does so no more
	Overruled struct {                 // one of the staff would have the person pass whom the rules refer (R29)
		Number uint64 // of the presentation
		By     Role
		Who    string // their name; empty where keys say it
		Reason string // of the verdict's Urgent; may be empty for the second of the two
		Papers string // where the photograph of the papers is kept, if anywhere: a PapersNumber, or empty
	}
)

// The zone and the building.
type (
	Entered    struct{} // the entry beam broke
	EntryWhole struct{} // the entry beam is whole again
	Reached    struct{} // the exit beam broke
	Left       struct{} // the exit beam is whole again
	Clear      struct{} // all beams are whole
	Forced     struct{} // the barrier was opened by force (G13)

	Evacuate struct { // the alarm contact opened, or its wire broke (G1)
		Alarm uint64 // its number, from 1; there is none before
	}
	AlarmCleared struct { // the alarm contact is normal, or normal again
		Alarm uint64 // number of the last alarm when that was sensed
	}
)

// Answers.
type (
	Judged struct { // to Inspect
		Number  uint64
		Verdict verdict.Verdict
	}
	Recorded struct { // to Claim
		Number  uint64
		Pending bool           // the code is marked until Settle
		Reason  verdict.Reason // else why not: replayed, exhausted, halted; empty if the journal failed
	}
	Moved   struct{ Number uint64 } // to Release or Secure
	Stuck   struct{ Number uint64 } // to Release or Secure: the gate could not
	Elapsed struct{}                // the deadline passed
)

// The device.
type (
	Failed    struct{ Fault Fault } // something stopped working of itself
	Recovered struct{ Fault Fault } // it works again
	Stop      struct{}              // the program ends
)

func (OpenLane) input()     {}
func (Reset) input()        {}
func (Presented) input()    {}
func (Guided) input()       {}
func (Turned) input()       {}
func (Overruled) input()    {}
func (Entered) input()      {}
func (EntryWhole) input()   {}
func (Reached) input()      {}
func (Left) input()         {}
func (Clear) input()        {}
func (Forced) input()       {}
func (Evacuate) input()     {}
func (AlarmCleared) input() {}
func (Judged) input()       {}
func (Recorded) input()     {}
func (Moved) input()        {}
func (Stuck) input()        {}
func (Elapsed) input()      {}
func (Failed) input()       {}
func (Recovered) input()    {}
func (Stop) input()         {}
