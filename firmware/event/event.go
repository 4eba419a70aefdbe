// Package event defines the durable, pseudonymous records of what happened at
// this device and their encoding.
package event

import (
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// Kind names what happened.
type Kind string

const (
	Presented       Kind = "presented"        // a code was judged and not admitted
	Claimed         Kind = "claimed"          // judged good; the code is marked until the passage ends
	Passed          Kind = "passed"           // the person went through
	Withdrew        Kind = "withdrew"         // admitted, but went away or back
	Interrupted     Kind = "interrupted"      // admitted, but a failure, an alarm or an evacuation came between
	Alarm           Kind = "alarm"            // somebody was where they should not be
	Evacuated       Kind = "evacuated"        // the barrier was opened for everybody
	Secured         Kind = "secured"          // an officer ended an alarm, or a supervisor an evacuation
	Started         Kind = "started"          // the program began; first event of a boot, and of an epoch
	BundleActivated Kind = "bundle-activated" // a new set of lists and rules is in force
	BundleRejected  Kind = "bundle-rejected"  // a new set was refused; the one before stays in force
	Condition       Kind = "condition"        // something went wrong with the device, or is right again
)

// Event is one durable record. It holds no name, number, payload or portrait.
type Event struct {
	At           time.Time
	Kind         Kind
	Presentation uint64          // which presentation of this lane and boot it belongs to; 0 for none
	Verdict      verdict.Verdict // as made; zero where the kind has none
	Note         map[string]string
}
