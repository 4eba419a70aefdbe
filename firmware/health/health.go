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
	PrinterLost
	PrinterPaperOut
	PrinterPaperLow
	PrinterOpen
	PrinterJam
	PrinterFailed
	CameraAway
	CameraFrozen
	CameraBlack
	CameraCovered
	ReaderLost
	ScannerLost
	ScannerChanged
	ScannerUnsafe
	DocumentReaderLost
	DocumentDoubtful
	CardReaderLost
	ThermalLost
	GateDoor
	DoorForced
	CabinetOpen
	KeyStuck
	GateHeld
	HallAway
	HallAlone
	HallLied
	AdmissionEnds

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
	PrinterLost: {Name: "printer-lost", Severity: Degraded, Title: "The printer does not answer",
		Action: "Check the printer's power and cable. If it stays away, switch it off and on."},
	PrinterPaperOut: {Name: "printer-paper-out", Severity: Degraded, Title: "The printer has no paper",
		Action: "Put in a new roll. The slip is printed again by itself."},
	PrinterPaperLow: {Name: "printer-paper-low", Severity: Notice, Title: "The printer's paper is near its end",
		Action: "Change the roll before the next person."},
	PrinterOpen: {Name: "printer-open", Severity: Degraded, Title: "The printer's cover is open",
		Action: "Close the cover. The slip is printed again by itself."},
	PrinterJam: {Name: "printer-jam", Severity: Degraded, Title: "Paper is stuck in the printer",
		Action: "Open the cover, take out jammed paper and free the cutter, then close the cover."},
	PrinterFailed: {Name: "printer-failed", Severity: Degraded, Title: "The printer cannot print",
		Action: "Let it cool and let go of its feed button, then switch it off and on. If that does not help, replace it."},
	CameraAway: {Name: "camera-away", Severity: Degraded, Title: "The camera gives no picture; another device still reads codes",
		Action: "Check the camera's cable and power. If the picture stays away, replace the camera."},
	CameraFrozen: {Name: "camera-frozen", Severity: OutOfService, Title: "The camera's picture is frozen",
		Action: "Take the camera's power away for a moment. If it comes back, replace it."},
	CameraBlack: {Name: "camera-black", Severity: Degraded, Title: "The camera's picture is black",
		Action: "Take the cap off the lens, or light the place."},
	CameraCovered: {Name: "camera-covered", Severity: Degraded, Title: "Something covers the camera",
		Action: "Uncover the lens and clean it. If the camera was turned to a plain wall, restart the device."},
	ReaderLost: {Name: "reader-lost", Severity: OutOfService, Title: "Nothing reads codes at this lane",
		Action: "Check the cables and the power of the scanners and card readers, then replace them."},
	ScannerLost: {Name: "scanner-lost", Severity: Degraded, Title: "The code scanner does not answer",
		Action: "Check its cable; the lane's other readers still read codes."},
	ScannerChanged: {Name: "scanner-changed", Severity: Degraded, Title: "The code scanner was set up anew",
		Action: "Scan its set-up sheet, and look who held codes up to it."},
	ScannerUnsafe: {Name: "scanner-unsafe", Severity: Degraded, Title: "The scanner could type into a screen",
		Action: "Unplug it and tell the technician."},
	DocumentReaderLost: {Name: "document-reader-lost", Severity: Degraded, Title: "The document reader does not answer",
		Action: "Check its cable and power. Until it is back, staff look at documents."},
	DocumentDoubtful: {Name: "document-doubtful", Severity: Notice, Title: "A document was not read for certain",
		Action: "Look at the document yourself: nothing of it was taken for true."},
	CardReaderLost: {Name: "card-reader-lost", Severity: Degraded, Title: "The card reader does not answer",
		Action: "Check its cable. If it stays away, restart the device, then replace the reader."},
	ThermalLost: {Name: "thermal-lost", Severity: Degraded, Title: "The thermometer does not answer",
		Action: "Check its cable. Until it is back, staff measure where the rules ask for it."},
	GateDoor: {Name: "gate-door", Severity: OutOfService, Title: "The gate's door does not do what it is told",
		Action: "Look for what blocks the leaf or the lock, then have the drive and its contacts checked."},
	DoorForced: {Name: "door-forced", Severity: Degraded, Title: "The gate's door was forced open",
		Action: "Look who came through, check leaf and lock, then reset."},
	CabinetOpen: {Name: "cabinet-open", Severity: Degraded, Title: "The cabinet of the gate is open",
		Action: "Shut it, and look what was done to it."},
	KeyStuck: {Name: "key-stuck", Severity: Degraded, Title: "A key at the gate stays turned",
		Action: "Turn it back, or free it."},
	GateHeld: {Name: "gate-held", Severity: Degraded, Title: "The gate is held open",
		Action: "Look whether the person needs help; ask who stands there to walk on, and take away what lies there. Otherwise the alarm follows."},
	HallAway: {Name: "hall-away", Severity: Notice, Title: "The hall's hub does not answer",
		Action: "Check the power and the network of the hub. Until it is back the centre is asked, which takes longer."},
	HallAlone: {Name: "hall-alone", Severity: Degraded, Title: "This device cannot ask whether a code was used at another lane",
		Action: "Check this device's network, then the hub. Until then a code may be taken once at each device; what was taken twice is found afterwards."},
	HallLied: {Name: "hall-lied", Severity: Degraded, Title: "The hub holds entries that no device of the hall has made",
		Action: "Tell the centre: somebody may have tampered with the hub. Such entries are not believed. This ends by itself when a day has passed without any."},
	AdmissionEnds: {Name: "admission-ends", Severity: Notice, Title: "The device's admission to the centre ends soon, or has ended",
		Action: "Connect the device to the centre: it asks for a new one every hour. If it gets none, have the centre admit it again, and restart it."},
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
