package wire

import (
	"fmt"
	"time"

	"example.org/checkpoint/hardware/gate/internal/rtu"
	"example.org/checkpoint/hardware/serial"
)

// Holding registers of the serial board.
const (
	regHeartbeat = 0 // a change is a beat
	regWatchdog  = 1 // milliseconds
)

// answerIn is how long an answer may take. At 9600 baud the longest request and
// its answer are on the line for 20 ms; the rest is for a computer that is busy. Two
// that fail, and one that does not, are within the watchdog's time.
const answerIn = 150 * time.Millisecond

// Slave is a serial I/O board, a Modbus RTU slave: outputs 0 to 6 are coils, inputs
// discrete inputs.
type Slave struct {
	path   string
	baud   uint
	unit   uint8
	port   *serial.Port // nil: not open
	master *rtu.Master
	failed bool // in the last transaction
	count  uint16

	inputs    uint16 // that the board has
	invertOut byte
	invertIn  Inputs
}

// NewSlave returns the slave with the unit's number on the line at path, with eight bits,
// no parity and one stop bit.
func NewSlave(path string, baud uint, unit uint8) *Slave {
	return &Slave{path: path, baud: baud, unit: unit}
}

// Wired says, before all else, whether the board is wired for a door and what is active
// low.
func (s *Slave) Wired(door bool, out byte, in Inputs) {
	s.invertOut, s.invertIn, s.inputs = out, in, plainPlaces
	if door {
		s.inputs = Places
	}
}

// Open takes hold of the tty and sets the watchdog's time. It discards what comes
// in late. A slave answers in order, so two answers to two requests that differ in
// kind show that none to an older one is outstanding.
func (s *Slave) Open() error {
	port, err := serial.Open(serial.Line{Path: s.path, Baud: int(s.baud)})
	if err != nil {
		return err
	}
	s.port, s.master = port, rtu.New(port, s.baud, s.unit, answerIn)
	if err = s.master.WriteRegister(regWatchdog, uint16(Watchdog.Milliseconds())); err == nil {
		s.count, err = s.master.ReadRegister(regHeartbeat)
	}
	if err != nil {
		s.Close()
		return s.at(err)
	}
	s.failed = false
	return nil
}

// Close lets go of it.
func (s *Slave) Close() {
	if s.port != nil {
		s.port.Close()
		s.port = nil
	}
}

// ask has one transaction. After one that failed its answer may still come, and
// would be taken for the answer to the next: open first.
func (s *Slave) ask(f func(*rtu.Master) error) error {
	if s.failed {
		s.Close()
		if err := s.Open(); err != nil {
			return err
		}
	}
	err := f(s.master)
	if s.failed = err != nil; s.failed {
		return s.at(err)
	}
	return nil
}

// Sense reads the inputs.
func (s *Slave) Sense() (samples []Inputs, err error) {
	err = s.ask(func(m *rtu.Master) error {
		levels, err := m.ReadInputs(0, s.inputs)
		if err == nil {
			samples = []Inputs{Inputs(levels) ^ s.invertIn}
		}
		return err
	})
	return samples, err
}

// Drive sets the outputs named by which.
func (s *Slave) Drive(outputs, which byte) error {
	return s.ask(func(m *rtu.Master) error {
		if which == Access {
			return m.WriteCoil(0, outputs&Access != 0)
		}
		return m.WriteCoils(1, 6, ((outputs^s.invertOut)&which)>>1)
	})
}

// Beat changes the heartbeat.
func (s *Slave) Beat() error {
	return s.ask(func(m *rtu.Master) error {
		s.count++
		return m.WriteRegister(regHeartbeat, s.count)
	})
}

// Wait waits until then.
func (s *Slave) Wait(at time.Time) { time.Sleep(time.Until(at)) }

// Rest ends all waiting.
func (s *Slave) Rest() {}

func (s *Slave) at(err error) error { return fmt.Errorf("board at %s: %w", s.path, err) }
