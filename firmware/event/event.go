// Package event defines the durable, pseudonymous records of what happened at
// this device and their encoding.
package event

import (
	"time"
	"unicode/utf8"

	"example.org/checkpoint/firmware/verdict"
)

// Kind names what happened.
type Kind string

const (
	Presented       Kind = "presented"        // a code was judged and not admitted
	Claimed         Kind = "claimed"          // judged good; the code is marked until the passage ends
	Override        Kind = "override"         // an officer and a supervisor let somebody pass whom the rules refer (R29); the code is marked
	Reconciled      Kind = "reconciled"       // what a verdict that came too late would have been: it stands beside the record it names, and changes nothing
	Passed          Kind = "passed"           // the person went through
	Withdrew        Kind = "withdrew"         // admitted, but went away or back
	Interrupted     Kind = "interrupted"      // admitted, but a failure, an alarm or an evacuation came between
	Alarm           Kind = "alarm"            // somebody was where they should not be
	Evacuated       Kind = "evacuated"        // the barrier was opened for everybody
	Secured         Kind = "secured"          // an officer ended an alarm, or a supervisor an evacuation
	Started         Kind = "started"          // the program began; first event of a boot, and of an epoch
	BundleActivated Kind = "bundle-activated" // a new set of lists and rules is in force
	BundleRejected  Kind = "bundle-rejected"  // a new set was refused; the one before stays in force
	OrderApplied    Kind = "order-applied"    // an order of the centre is obeyed, or a supervisor agreed to what it opens
	Condition       Kind = "condition"        // something went wrong with the device, or is right again
)

// MaxNote is the most bytes of a text for a Note that comes from elsewhere, an error
// for example: with it an event stays within MaxSize.
const MaxNote = 1 << 10

// Clip shortens a text to MaxNote bytes, between characters, and says so at its end.
func Clip(text string) string {
	const more = " …"
	if len(text) <= MaxNote {
		return text
	}
	end := MaxNote - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// Event is one durable record. It holds no name, number, payload or portrait.
type Event struct {
	At           time.Time
	Kind         Kind
	Presentation uint64          // which presentation of this lane and boot it belongs to; 0 for none
	Verdict      verdict.Verdict // as made; zero where the kind has none
	Note         map[string]string
}
