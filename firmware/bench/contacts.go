package bench

import (
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/gate"
)

// Contacts turns what single contacts do into what a lane understands: it holds
// the two beams together, so that Clear means that nobody is there.
type Contacts struct{ entry, exit beam }

type beam uint8

const (
	unknown beam = iota
	whole
	broken
)

// Take returns what in means to the lane, in order. The alarm contact is not among it:
// that has its own way. Who follows somebody or comes in from the exit shows in the two
// beams that a door reports after it; what else a door senses is a condition.
func (c *Contacts) Take(in gate.Input) []lane.Input {
	switch in.Kind {
	case gate.EntryBroken:
		c.entry = broken
		return []lane.Input{lane.Entered{}}
	case gate.EntryWhole:
		was := c.entry
		c.entry = whole
		if was == broken {
			return append([]lane.Input{lane.EntryWhole{}}, c.clear()...)
		}
		return c.clear()
	case gate.ExitBroken:
		c.exit = broken
		return []lane.Input{lane.Reached{}}
	case gate.ExitWhole:
		was := c.exit
		c.exit = whole
		if was == broken {
			return append([]lane.Input{lane.Left{}}, c.clear()...)
		}
		return c.clear()
	case gate.OfficerKey:
		return []lane.Input{lane.Turned{By: lane.Officer}}
	case gate.SupervisorKey:
		return []lane.Input{lane.Turned{By: lane.Supervisor}}
	case gate.DoorForced:
		return []lane.Input{lane.Forced{}}
	case gate.BoardLost:
		*c = Contacts{}
		return []lane.Input{lane.Failed{Fault: lane.BoardFault}}
	case gate.BoardBack:
		return []lane.Input{lane.Recovered{Fault: lane.BoardFault}}
	}
	return nil
}

func (c *Contacts) clear() []lane.Input {
	if c.entry == whole && c.exit == whole {
		return []lane.Input{lane.Clear{}}
	}
	return nil
}

// lights and sounds of the board for those of the lane.
var (
	lights = map[lane.Lamp]gate.Light{
		lane.LampRed: gate.Red, lane.LampWhite: gate.White, lane.LampWhiteMoving: gate.WhiteMoving, lane.LampBlue: gate.Blue,
		lane.LampAmber: gate.Amber, lane.LampAmberFlashes: gate.AmberFlashing, lane.LampGreen: gate.Green, lane.LampGreenBoth: gate.GreenBoth,
	}
	sounds = map[lane.Tone]gate.Sound{
		lane.ToneNone: gate.Silence, lane.ToneGo: gate.Go, lane.ToneRefer: gate.Refer, lane.ToneRetry: gate.Retry,
		lane.ToneAlarm: gate.Alarm, lane.ToneEvacuation: gate.Evacuation,
	}
)

// Light is what the board shows of a lane's lamp.
func Light(l lane.Lamp) gate.Light { return lights[l] }

// Sound is what the board sounds of a lane's tone.
func Sound(t lane.Tone) gate.Sound { return sounds[t] }
