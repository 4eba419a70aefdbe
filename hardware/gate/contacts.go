package gate

import (
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// settled is how long a contact must stay as it is before it is believed (G15: 20
// to 50 ms). A beam that breaks and an alarm contact that opens are believed at once.
const settled = 30 * time.Millisecond

// contact is one input and what it is called.
type contact struct {
	bit   wire.Inputs
	high  Kind // the input became 1
	low   Kind // the input became 0
	isKey bool // only high counts; else low counts at once
}

// reported is every contact that is reported as it is, in the order of the reports.
var reported = [...]contact{
	{bit: wire.Alarm, high: AlarmNormal, low: AlarmOpen},
	{bit: wire.Entry, high: EntryWhole, low: EntryBroken}, // the beams of a door go through passage
	{bit: wire.Exit, high: ExitWhole, low: ExitBroken},
	{bit: wire.Closed, high: DoorShut, low: DoorOpened},
	{bit: wire.Locked, high: Locked, low: Unlocked},
	{bit: wire.Tamper, high: CabinetShut, low: CabinetOpened},
	{bit: wire.Officer, high: OfficerKey, isKey: true},
	{bit: wire.Supervisor, high: SupervisorKey, isKey: true},
}

// contacts turns samples of the inputs into what the contacts did.
type contacts struct {
	door     bool
	settle   time.Duration
	believed wire.Inputs
	since    [wire.Places]time.Time // when an input was first seen otherwise; zero if it is as believed
	passage  passage
}

// first takes the first sample and returns the state of all but the keys. A key
// counts when it is turned; one found turned may be jammed and says nothing.
func (c *contacts) first(in wire.Inputs) (state []Input) {
	c.believed, c.since = in, [wire.Places]time.Time{}
	through := c.passage.begin(ordered(in))
	for _, r := range reported {
		switch {
		case r.isKey || !c.door && r.bit&wire.Plain == 0:
		case c.door && r.bit&wire.Beams != 0:
			state, through = append(state, Input{through[0]}), through[1:]
		default:
			state = append(state, r.input(in))
		}
	}
	return state
}

// sample takes a later sample and returns what the contacts did.
func (c *contacts) sample(now time.Time, in wire.Inputs) (did []Input) {
	before := c.believed
	for i := range c.since {
		c.believe(now, in, i)
	}
	changed := before ^ c.believed
	if beams := changed & wire.Beams; c.door && beams != 0 {
		for _, k := range c.passage.step(ordered(c.believed)) {
			did = append(did, Input{k})
		}
		changed &^= wire.Beams
	}
	for _, r := range reported {
		if high := c.believed&r.bit != 0; changed&r.bit != 0 && (high || !r.isKey) {
			did = append(did, r.input(c.believed))
		}
	}
	return did
}

// believe changes what is believed of an input when it has been otherwise for long
// enough.
func (c *contacts) believe(now time.Time, in wire.Inputs, i int) {
	bit := wire.Inputs(1) << i
	if (in^c.believed)&bit == 0 {
		c.since[i] = time.Time{}
		return
	}
	if c.since[i].IsZero() {
		c.since[i] = now
	}
	if now.Sub(c.since[i]) < c.settle && (in&bit != 0 || bit&wire.Keys != 0) {
		return
	}
	c.believed, c.since[i] = c.believed^bit, time.Time{}
}

func (c contact) input(in wire.Inputs) Input {
	if in&c.bit != 0 {
		return Input{c.high}
	}
	return Input{c.low}
}

// obstructed reports whether a beam is broken, or was until a moment ago.
func (c *contacts) obstructed() bool {
	beams := wire.Beams
	if !c.door {
		beams &^= wire.Middle
	}
	return c.believed&beams != beams
}
