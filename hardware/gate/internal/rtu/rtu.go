// Package rtu speaks Modbus RTU as the master of a line with one slave (Modbus over Serial
// Line V1.02, Modbus Application Protocol V1.1b3), with as few waits as that allows.
package rtu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrSilent reports that no whole answer came in time.
	ErrSilent = errors.New("no answer: check the wires, the unit's number and the speed")
	// ErrGarbled reports an answer that is damaged, or not to this request.
	ErrGarbled = errors.New("the answer is damaged: check the wires and their ends' resistors")
	// ErrRefused reports that the slave knows no such input, coil, register or value.
	ErrRefused = errors.New("the board refuses: it is not the board that is configured")
)

// Function codes (Modbus Application Protocol V1.1b3, section 6).
const (
	readInputs    = 0x02
	readRegisters = 0x03
	writeCoil     = 0x05
	writeRegister = 0x06
	writeCoils    = 0x0f

	refused = 0x80 // in the function code of an answer (section 7)
)

// Line is where the bytes go.
type Line interface {
	Read(b []byte, patience time.Duration) (int, error) // none when none came
	Write(b []byte) (int, error)
}

// Master asks one slave. It is for one goroutine. After an error the answer may still
// come, and would be taken for that to a later request of the same kind: open the line
// anew.
type Master struct {
	line     Line
	unit     byte
	patience time.Duration
	quiet    time.Duration // between two frames
	last     time.Time     // when the line was last in use
	buffer   [32]byte      // longer than any answer to what is asked here
}

// New returns the master of a line at a speed. An answer may take as long as patience.
func New(line Line, baud uint, unit byte, patience time.Duration) *Master {
	quiet := 1750 * time.Microsecond // V1.02 section 2.5.1.1
	if baud < 19200 {
		quiet = 7 * 11 * time.Second / 2 / time.Duration(baud)
	}
	return &Master{line: line, unit: unit, patience: patience, quiet: quiet, last: time.Now()} // who had the line before may just have left it
}

// ReadInputs reads n discrete inputs from at on, at most 16, the first as bit 0.
func (m *Master) ReadInputs(at, n uint16) (uint16, error) {
	answer, err := m.ask(readInputs, at, n)
	if err != nil {
		return 0, err
	}
	var levels uint16
	for i, b := range answer[1:] {
		levels |= uint16(b) << (8 * i)
	}
	return levels & (1<<n - 1), nil
}

// ReadRegister reads a holding register.
func (m *Master) ReadRegister(at uint16) (uint16, error) {
	answer, err := m.ask(readRegisters, at, 1)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint16(answer[1:]), nil
}

// WriteRegister writes a holding register.
func (m *Master) WriteRegister(at, value uint16) error {
	_, err := m.ask(writeRegister, at, value)
	return err
}

// WriteCoil switches one coil.
func (m *Master) WriteCoil(at uint16, on bool) error {
	value := uint16(0)
	if on {
		value = 0xff00
	}
	_, err := m.ask(writeCoil, at, value)
	return err
}

// WriteCoils switches n coils from at on, at most 8, to levels, the first as bit 0.
func (m *Master) WriteCoils(at, n uint16, levels byte) error {
	_, err := m.ask(writeCoils, at, n, 1, levels)
	return err
}

// ask sends a request of two numbers and more, and returns what the answer says after its
// function code.
func (m *Master) ask(function byte, at, value uint16, more ...byte) ([]byte, error) {
	frame := binary.BigEndian.AppendUint16([]byte{m.unit, function}, at)
	frame = append(binary.BigEndian.AppendUint16(frame, value), more...)
	want := m.buffer[:8] // unit, function, two numbers of the request again, checksum
	switch function {
	case readInputs:
		want = m.buffer[:5+(value+7)/8] // unit, function, how many bytes, bytes, checksum
	case readRegisters:
		want = m.buffer[:5+2*value]
	}
	time.Sleep(time.Until(m.last.Add(m.quiet)))
	_, err := m.line.Write(binary.LittleEndian.AppendUint16(frame, sum(frame)))
	if err == nil {
		want, err = m.hear(want, function)
	}
	if errors.Is(err, ErrGarbled) {
		m.drain()
	}
	m.last = time.Now()
	if err != nil {
		return nil, err
	}
	switch body := want[2 : len(want)-2]; {
	case function == readInputs || function == readRegisters:
		if int(body[0]) != len(body)-1 {
			return nil, fmt.Errorf("%w: % x", ErrGarbled, want)
		}
		return body, nil
	case [4]byte(body) != [4]byte(frame[2:6]):
		return nil, fmt.Errorf("%w: % x", ErrGarbled, want)
	default:
		return body, nil
	}
}

// hear reads an answer into want, which is as long as it will be unless the slave refuses.
func (m *Master) hear(want []byte, function byte) ([]byte, error) {
	const refusal = 5 // unit, function, why, checksum
	late := time.Now().Add(m.patience)
	for n := 0; n < len(want); {
		more, err := m.line.Read(m.buffer[n:], max(time.Until(late), 0))
		if n += more; err != nil {
			return nil, err
		}
		switch {
		case n >= 2 && (m.buffer[0] != m.unit || m.buffer[1]&^refused != function), n > len(want):
			return nil, fmt.Errorf("%w: % x", ErrGarbled, m.buffer[:n])
		case n >= 2 && m.buffer[1] == function|refused:
			want = m.buffer[:refusal]
		}
		if more == 0 {
			return nil, ErrSilent
		}
	}
	end := len(want) - 2
	switch {
	case binary.LittleEndian.Uint16(want[end:]) != sum(want[:end]):
		return nil, fmt.Errorf("%w: % x", ErrGarbled, want)
	case want[1] != function:
		return nil, fmt.Errorf("%w: exception %d to function %d", ErrRefused, want[2], function)
	}
	return want, nil
}

// silence is how long nothing must come until nothing more does: longer than an adapter on
// USB keeps bytes back.
const silence = 20 * time.Millisecond

// drain takes the rest of what is not an answer off the line.
func (m *Master) drain() {
	for late := time.Now().Add(m.patience); time.Now().Before(late); {
		if n, err := m.line.Read(m.buffer[:], silence); n == 0 || err != nil {
			return
		}
	}
}

// sum is the checksum of a frame, sent low byte first (V1.02 section 6.2.2).
func sum(frame []byte) uint16 {
	s := uint16(0xffff)
	for _, b := range frame {
		s ^= uint16(b)
		for range 8 {
			if s&1 == 1 {
				s = s>>1 ^ 0xa001
			} else {
				s >>= 1
			}
		}
	}
	return s
}
