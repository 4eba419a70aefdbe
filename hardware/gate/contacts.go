package gate

import "time"

// settled is how long a contact must stay as it is before it is believed (G15: 20
// to 50 ms). A beam that breaks and an alarm contact that opens are believed at once.
const settled = 30 * time.Millisecond

// contact is one input and what it is called.
type contact struct {
	bit   byte
	high  Kind // the input became 1
	low   Kind // the input became 0
	isKey bool // only high counts; else low counts at once
}

// reported is every contact, in the order in which they are reported.
var reported = [...]contact{
	{bit: inAlarm, high: AlarmNormal, low: AlarmOpen},
	{bit: inEntry, high: EntryWhole, low: EntryBroken},
	{bit: inExit, high: ExitWhole, low: ExitBroken},
	{bit: inOfficer, high: OfficerKey, isKey: true},
	{bit: inSupervisor, high: SupervisorKey, isKey: true},
}

// contacts turns samples of the inputs into what the contacts did.
type contacts struct {
	believed byte
	since    [len(reported)]time.Time // when a contact was first seen otherwise; zero if it is as believed
}

// first takes the first sample and returns the state of alarm contact and beams. A
// key counts when it is turned; one found turned may be jammed and says nothing.
func (c *contacts) first(inputs byte) []Input {
	*c = contacts{believed: inputs}
	var state []Input
	for _, r := range reported {
		if !r.isKey {
			state = append(state, r.input(inputs))
		}
	}
	return state
}

// sample takes a later sample and returns what the contacts did.
func (c *contacts) sample(now time.Time, inputs byte) []Input {
	var did []Input
	for i, r := range reported {
		if (inputs^c.believed)&r.bit == 0 {
			c.since[i] = time.Time{}
			continue
		}
		if c.since[i].IsZero() {
			c.since[i] = now
		}
		high := inputs&r.bit != 0
		if now.Sub(c.since[i]) < settled && (high || r.isKey) {
			continue
		}
		c.believed, c.since[i] = c.believed^r.bit, time.Time{}
		if high || !r.isKey {
			did = append(did, r.input(inputs))
		}
	}
	return did
}

func (c contact) input(inputs byte) Input {
	if inputs&c.bit != 0 {
		return Input{c.high}
	}
	return Input{c.low}
}
