package gate

import (
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// half is half a period of whatever comes and goes: 1 Hz. G20 and WCAG 2.3.1 allow
// less than three flashes a second.
const half = 500 * time.Millisecond

// lamps returns the outputs of a light that has been on for a time. What is not a
// light is red.
func (l Light) outputs(since time.Duration) byte {
	on := since/half%2 == 0
	switch l {
	case White:
		return wire.White
	case WhiteMoving:
		return choose(on, wire.White)
	case Blue:
		return wire.Blue
	case Amber:
		return wire.Amber
	case AmberFlashing:
		return choose(on, wire.Amber)
	case Green, GreenBoth:
		return wire.Green
	}
	return wire.Red
}

// beeps are the times at which the buzzer changes, on first, and the time after
// which it all begins again, if ever.
var beeps = [...]struct {
	changes []time.Duration
	again   time.Duration
}{
	Silence:    {},
	Go:         {changes: ms(0, 200)},
	Refer:      {changes: ms(0, 200, 400, 600)},
	Retry:      {changes: ms(0, 80, 160, 240, 320, 400)},
	Alarm:      {changes: ms(0, 250), again: half},
	Evacuation: {changes: ms(0, 500, 1000, 1500, 2000, 2500), again: 4 * time.Second},
}

func ms(numbers ...int) []time.Duration {
	var times []time.Duration
	for _, n := range numbers {
		times = append(times, time.Duration(n)*time.Millisecond)
	}
	return times
}

// outputs returns the buzzer's output of a sound that began some time ago. What is
// not a sound is silent.
func (s Sound) outputs(since time.Duration) byte {
	if int(s) >= len(beeps) {
		return 0
	}
	b := beeps[s]
	if b.again > 0 {
		since %= b.again
	}
	on := false
	for _, change := range b.changes {
		if since >= change {
			on = !on
		}
	}
	return choose(on, wire.Buzzer)
}

func choose(on bool, output byte) byte {
	if on {
		return output
	}
	return 0
}
