// Package health keeps the fixed list of what can be wrong with a device: so that it
// is never just "not working", each has a name, a weight and what to do about it.
package health

import "math/bits"

// Code names one condition.
type Code uint8

// Order is that of the table, which is that of a Set.All with equal severity.
const (
	JournalDamaged Code = iota
	JournalFailed
	JournalFull
	GateLost
	BeamStuck
	CameraLost
	DisplayLost
	TrustMissing
	BundleExpired
	ClockUntrusted
	AlarmContact
	WatchdogLost
	DiskLow
	BundleStale
	BundleRejected
	CentreOffline
	CentreConflict
	TooHot
	OrderHalts
	OrderWaits
	OrderOverdue

	codes
)

// Severity says how much of the service is left.
type Severity uint8

const (
	Notice       Severity = iota // the service is whole; somebody should look within days
	Degraded                     // people still pass; somebody should look today
	OutOfService                 // nobody is admitted until it is right; the way out stays free
)

func (s Severity) String() string {
	return [...]string{"notice", "degraded", "out-of-service"}[s]
}

// Condition is one line of the list. Texts are English; screens translate by code.
type Condition struct {
	Code     Code
	Name     string // stable, for events, screens and metrics
	Severity Severity
	Title    string
	Action   string // what to do
}

var table = [codes]Condition{
	JournalDamaged: {Name: "journal-damaged", Severity: Degraded, Title: "The record was damaged and has been started anew",
		Action: "Keep the file set aside in the state directory for the technician, and have the storage tested. Codes used before may be taken once more today."},
	JournalFailed: {Name: "journal-failed", Severity: OutOfService, Title: "The record cannot be written",
		Action: "It is tried again by itself, no restart is needed. If it stays for minutes, replace the storage."},
	JournalFull: {Name: "journal-full", Severity: OutOfService, Title: "The record is full",
		Action: "Restore the connection to the centre: what it has confirmed makes room."},
	GateLost: {Name: "gate-lost", Severity: OutOfService, Title: "The gate does not answer",
		Action: "Check the cable and the power of the gate's board."},
	BeamStuck: {Name: "beam-stuck", Severity: OutOfService, Title: "A light beam stays broken",
		Action: "Remove what stands in the lane, clean the beam's lenses, then reset."},
	CameraLost: {Name: "camera-lost", Severity: OutOfService, Title: "The camera gives no picture",
		Action: "Check the camera's cable. If the picture stays away, restart the device, then replace the camera."},
	DisplayLost: {Name: "display-lost", Severity: Degraded, Title: "The lane's display does not answer",
		Action: "Check the display's cable and restart the display. Lamp and tone still guide people."},
	TrustMissing: {Name: "trust-missing", Severity: OutOfService, Title: "No lists and rules are installed",
		Action: "Connect the device to the centre, or install a bundle from a USB stick."},
	BundleExpired: {Name: "bundle-expired", Severity: OutOfService, Title: "Lists and rules are older than they may be",
		Action: "Connect the device to the centre, or install a newer bundle from a USB stick."},
	ClockUntrusted: {Name: "clock-untrusted", Severity: Degraded, Title: "The time cannot be trusted",
		Action: "Connect the device to the network so that it can set its clock. If the clock is wrong after each start, replace its battery."},
	AlarmContact: {Name: "alarm-contact", Severity: OutOfService, Title: "The building's alarm contact does not report",
		Action: "Check the wire from the building's alarm to the gate's board."},
	WatchdogLost: {Name: "watchdog-lost", Severity: Degraded, Title: "The watchdog does not answer",
		Action: "Restart the device. If it comes back, have the technician check it: a hang would go unnoticed."},
	DiskLow: {Name: "disk-low", Severity: Degraded, Title: "The storage is nearly full",
		Action: "Have the technician remove old files. The record keeps its reserved room for a while."},
	BundleStale: {Name: "bundle-stale", Severity: Degraded, Title: "Lists and rules are getting old",
		Action: "Check the connection to the centre, or install a newer bundle from a USB stick."},
	BundleRejected: {Name: "bundle-rejected", Severity: Degraded, Title: "New lists and rules were refused",
		Action: "Tell the centre: the ones before stay in force."},
	CentreOffline: {Name: "centre-offline", Severity: Notice, Title: "The centre cannot be reached",
		Action: "Check the network cable and the router. The device goes on deciding by itself."},
	CentreConflict: {Name: "centre-conflict", Severity: Degraded, Title: "The centre's record differs from this one",
		Action: "Leave the device as it is and tell the centre. Run 'checkpoint journal verify' on a copy."},
	TooHot: {Name: "too-hot", Severity: Degraded, Title: "The device is too hot",
		Action: "Free its air vents and shade it from the sun."},
	OrderHalts: {Name: "order-halts", Severity: OutOfService, Title: "Halted by order of the centre",
		Action: "Send people to the counter. Only the centre can order the opening, and then a supervisor agrees to it here."},
	OrderWaits: {Name: "order-waits", Severity: OutOfService, Title: "The centre has ordered the opening",
		Action: "A supervisor looks whether the lane may open, and turns the supervisor's key."},
	OrderOverdue: {Name: "order-overdue", Severity: Notice, Title: "An order of the centre is due for review",
		Action: "Ask the centre. The order stays in force until it says otherwise."},
}

// All is the whole list.
func All() []Condition {
	out := make([]Condition, 0, codes)
	for c := range codes {
		out = append(out, c.Condition())
	}
	return out
}

// Condition is the line of c; of a code that is not in the list, the one of a failed record.
func (c Code) Condition() Condition {
	if c >= codes {
		c = JournalFailed
	}
	line := table[c]
	line.Code = c
	return line
}

func (c Code) String() string { return c.Condition().Name }

// Set is the conditions that hold at one time. It is a value, and may be compared;
// the zero Set is a healthy device.
type Set struct{ bits uint64 }

// With gives s and c.
func (s Set) With(c Code) Set { return Set{s.bits | 1<<c.Condition().Code} }

// Without gives s but for c.
func (s Set) Without(c Code) Set { return Set{s.bits &^ (1 << c.Condition().Code)} }

// Union gives what holds in s or in t.
func (s Set) Union(t Set) Set { return Set{s.bits | t.bits} }

// Has reports whether c holds.
func (s Set) Has(c Code) bool { return s.bits&(1<<c.Condition().Code) != 0 }

// Len is how many hold.
func (s Set) Len() int { return bits.OnesCount64(s.bits) }

// All gives what holds, the worst first.
func (s Set) All() []Condition {
	var out []Condition
	for _, severity := range []Severity{OutOfService, Degraded, Notice} {
		for c := range codes {
			if s.Has(c) && c.Condition().Severity == severity {
				out = append(out, c.Condition())
			}
		}
	}
	return out
}

// Worst gives the one to show first; false if nothing is wrong.
func (s Set) Worst() (Condition, bool) {
	all := s.All()
	if len(all) == 0 {
		return Condition{}, false
	}
	return all[0], true
}
