package wire

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/simonvetter/modbus"
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
	lock   *os.File // the tty, held against other programs
	client *modbus.ModbusClient
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
func (s *Slave) Open() (err error) {
	if err := s.hold(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.Close()
			err = s.at(err)
		}
	}()
	client, err := modbus.NewClient(&modbus.ClientConfiguration{
		URL: "rtu://" + s.path, Speed: s.baud, DataBits: 8, Parity: modbus.PARITY_NONE, StopBits: 1,
		Timeout: answerIn, Logger: log.New(io.Discard, "", 0),
	})
	if err != nil {
		return err
	}
	if err := errors.Join(client.SetUnitId(s.unit), client.Open()); err != nil {
		return err
	}
	s.client = client
	if err := client.WriteRegister(regWatchdog, uint16(Watchdog.Milliseconds())); err != nil {
		return err
	}
	s.count, err = client.ReadRegister(regHeartbeat, modbus.HOLDING_REGISTER)
	s.failed = err != nil
	return err
}

// hold locks the tty. TIOCEXCL, the terminal's own means, does not bind root.
func (s *Slave) hold() error {
	tty, err := os.OpenFile(s.path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("no board at %s: plug it in or correct the path", s.path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("may not open %s: add this user to the group dialout", s.path)
	case err != nil:
		return err
	}
	conn, err := tty.SyscallConn()
	if err == nil {
		var held error
		err = conn.Control(func(fd uintptr) { held = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
		err = errors.Join(err, held)
	}
	if err != nil {
		tty.Close()
		return fmt.Errorf("%s is used by another program: stop it: %w", s.path, err)
	}
	s.lock = tty
	return nil
}

// Close lets go of it.
func (s *Slave) Close() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	if s.lock != nil {
		s.lock.Close()
		s.lock = nil
	}
}

// ask has one transaction. After one that failed its answer may still come, and
// would be taken for the answer to the next: open first.
func (s *Slave) ask(f func(*modbus.ModbusClient) error) error {
	if s.failed {
		s.Close()
		if err := s.Open(); err != nil {
			return err
		}
	}
	err := f(s.client)
	if s.failed = err != nil; s.failed {
		return s.at(err)
	}
	return nil
}

// Sense reads the inputs.
func (s *Slave) Sense() (samples []Inputs, err error) {
	err = s.ask(func(c *modbus.ModbusClient) error {
		levels, err := c.ReadDiscreteInputs(0, s.inputs)
		if err == nil {
			samples = []Inputs{pack(levels) ^ s.invertIn}
		}
		return err
	})
	return samples, err
}

// Drive sets the outputs named by which.
func (s *Slave) Drive(outputs, which byte) error {
	return s.ask(func(c *modbus.ModbusClient) error {
		if which == Access {
			return c.WriteCoil(0, outputs&Access != 0)
		}
		return c.WriteCoils(1, unpack(((outputs^s.invertOut)&which)>>1, 6))
	})
}

// Beat changes the heartbeat.
func (s *Slave) Beat() error {
	return s.ask(func(c *modbus.ModbusClient) error {
		s.count++
		return c.WriteRegister(regHeartbeat, s.count)
	})
}

// Wait waits until then.
func (s *Slave) Wait(at time.Time) { time.Sleep(time.Until(at)) }

// Rest ends all waiting.
func (s *Slave) Rest() {}

func (s *Slave) at(err error) error { return fmt.Errorf("board at %s: %w", s.path, err) }

func pack(levels []bool) (in Inputs) {
	for i, level := range levels {
		if level {
			in |= 1 << i
		}
	}
	return in
}

func unpack(out byte, n int) []bool {
	levels := make([]bool, n)
	for i := range levels {
		levels[i] = out>>i&1 == 1
	}
	return levels
}
