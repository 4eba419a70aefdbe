// Package wire reaches a gate's interface board, sets its outputs and reads its inputs:
// a port expander on I²C (Chip), a Modbus slave on a serial line (Slave), or lines of the
// computer (Pins). What the inputs mean it does not know.
package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrUnsound reports that the board answers, and yet something is wrong with it.
var ErrUnsound = errors.New("gate")

// Watchdog is how long the heartbeat may stay as it is before the board's relay drops.
const Watchdog = 400 * time.Millisecond

// Outputs, as bits in their places.
const (
	Access = 1 << iota
	White
	Blue
	Amber
	Green
	Red
	Buzzer
	Heartbeat

	Signals = White | Blue | Amber | Green | Red | Buzzer
)

// Inputs are levels of inputs, as bits in their places.
type Inputs uint16

const (
	Entry Inputs = 1 << iota
	Exit
	Alarm
	Officer
	Supervisor
	Middle
	Closed
	Locked
	Tamper
	Loops

	Beams = Entry | Middle | Exit
	Keys  = Officer | Supervisor
	Plain = Entry | Exit | Alarm | Keys
	All   = 1<<Places - 1

	Places      = 10 // of inputs, of a board that is wired for a door
	plainPlaces = 5  // of any other
)

// Names of the lines, by their places.
var (
	OutputNames = [...]string{"access", "white", "blue", "amber", "green", "red", "buzzer", "heartbeat"}
	InputNames  = [...]string{"entry", "exit", "alarm", "officer", "supervisor", "middle", "closed", "locked", "tamper", "loops"}
)

// Named finds the place of a line, among the outputs or the inputs; the other one is -1.
func Named(name string) (out, in int, _ error) {
	out, in = slices.Index(OutputNames[:], name), slices.Index(InputNames[:], name)
	if out < 0 && in < 0 {
		return out, in, fmt.Errorf("no line %q: use %s, %s", name, strings.Join(OutputNames[:], ", "), strings.Join(InputNames[:], ", "))
	}
	return out, in, nil
}
