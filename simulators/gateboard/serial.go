package gateboard

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"example.org/checkpoint/simulators/pty"
)

// What the board has.
const (
	coils     = 7 // outputs but the heartbeat
	registers = 2

	regHeartbeat = 0
	regWatchdog  = 1 // milliseconds
)

// pause between two bytes after which a frame is over. The standard's 1.75 ms are
// shorter than what a busy computer takes between two writes.
const pause = 50 * time.Millisecond

// Fault is what goes wrong with an answer.
type Fault int

const (
	Silence Fault = iota // the request is lost
	BadCRC               // the request is carried out, the answer is damaged
	Late                 // carried out, answered after 200 ms
	Noise                // carried out, with other bytes on the line before the answer
	Split                // carried out, the answer in two pieces, 20 ms apart
)

const none Fault = -1

const lateBy = 200 * time.Millisecond

// Serial is a board on a serial line: a Modbus RTU slave with coils 0 to 6,
// discrete inputs 0 to 4, of a door to 9, and holding registers 0 (heartbeat: a change is a beat)
// and 1 (the watchdog's time, 100 to 500 ms).
type Serial struct {
	board     *Board
	unit      byte
	link      string
	inputs    uint16
	registers [registers]uint16
	told      bool // the watchdog's time was written
	faults    []Fault

	port    *pty.Port
	serving sync.WaitGroup
}

// NewSerial wires a slave with the unit's number to the board and plugs it in. The
// symbolic link leads to the terminal; it is all that a driver knows.
func NewSerial(b *Board, unit byte, link string) (*Serial, error) {
	s := &Serial{board: b, unit: unit, link: link, inputs: plainInputs, registers: [...]uint16{0, uint16(b.watchdog.Milliseconds())}}
	if b.door {
		s.inputs = doorInputs
	}
	return s, s.Plug()
}

// Plug plugs the cable in, at another terminal than before.
func (s *Serial) Plug() error {
	port, err := pty.Open()
	if err != nil {
		return err
	}
	if err := port.Link(s.link); err != nil {
		port.Close()
		return err
	}
	s.port = port
	s.serving.Go(func() { s.Serve(port) }) // ends with Unplug
	return nil
}

// Unplug pulls the cable. The board's power stays on.
func (s *Serial) Unplug() error {
	defer s.serving.Wait()
	return s.port.Close()
}

// Inject has the next n answers go wrong.
func (s *Serial) Inject(f Fault, n int) {
	s.board.change(func() {
		for range n {
			s.faults = append(s.faults, f)
		}
	})
}

// Repair takes back faults that have not happened yet.
func (s *Serial) Repair() { s.board.change(func() { s.faults = nil }) }

// Serve answers requests on the line until it can no longer be read.
func (s *Serial) Serve(line io.ReadWriter) error {
	var pending []byte
	chunk := make([]byte, 256)
	for last := time.Now(); ; last = time.Now() {
		n, err := line.Read(chunk)
		if err != nil {
			return err
		}
		if time.Since(last) > pause {
			pending = nil // the rest never came
		}
		pending = append(pending, chunk[:n]...)
		for len(pending) > 0 {
			size := requestLen(pending)
			if size < 0 {
				size = len(pending)
			}
			if size == 0 || len(pending) < size {
				break
			}
			if !intact(pending[:size]) {
				s.board.change(func() { s.board.complain("Modbus: bad checksum in % x", pending) })
				pending = nil
				break
			}
			answer, fault := s.answer(pending[:size])
			pending = pending[size:]
			if err := send(line, answer, fault); err != nil {
				return err
			}
		}
	}
}

// send puts an answer on the line. Where there is none it is empty.
func send(line io.Writer, answer []byte, fault Fault) error {
	if len(answer) == 0 {
		return nil
	}
	switch fault {
	case Late:
		time.Sleep(lateBy)
	case Noise:
		if _, err := line.Write([]byte{0x00, 0xff, 0x81, 0x02}); err != nil {
			return err
		}
	case Split:
		if _, err := line.Write(answer[:2]); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
		answer = answer[2:]
	}
	_, err := line.Write(answer)
	return err
}

// intact reports whether the frame ends with its checksum.
func intact(frame []byte) bool {
	end := len(frame) - 2
	return end >= 2 && crc(frame[:end]) == binary.LittleEndian.Uint16(frame[end:])
}

// answer carries out a frame. Where there is none the answer is empty.
func (s *Serial) answer(frame []byte) (answer []byte, fault Fault) {
	s.board.change(func() {
		fault = none
		if frame[0] != s.unit {
			s.board.complain("Modbus: request to unit %d on the line of unit %d", frame[0], s.unit)
			return
		}
		if len(s.faults) > 0 {
			fault, s.faults = s.faults[0], s.faults[1:]
		}
		if fault == Silence {
			return
		}
		answer = s.respond(frame[1 : len(frame)-2])
		sum := crc(answer)
		if fault == BadCRC {
			sum++
		}
		answer = binary.LittleEndian.AppendUint16(answer, sum)
	})
	return answer, fault
}

func (s *Serial) respond(req []byte) []byte {
	res, exception := []byte(nil), byte(illegalFunction)
	if requestLen(append([]byte{s.unit}, req...)) > 0 {
		res, exception = s.execute(req)
	}
	if exception != 0 {
		s.board.complain("Modbus: exception %d to % x", exception, req)
		res = []byte{req[0] | 0x80, exception}
	}
	return append([]byte{s.unit}, res...)
}

func (s *Serial) coils(which, levels byte) {
	s.board.set(s.board.outputs&^which | levels&which)
}

// register writes a register and returns an exception code or 0.
func (s *Serial) register(at, v uint16) byte {
	switch {
	case at == regWatchdog && (v < 100 || v > 500):
		return illegalValue
	case at == regWatchdog:
		s.told = true
		s.board.watchdog = time.Duration(v) * time.Millisecond
	case v == s.registers[at]:
		s.board.complain("Modbus: heartbeat %d again", v)
	case !s.told:
		s.board.complain("Modbus: heartbeat before the watchdog's time")
		s.board.beat()
	default:
		s.board.beat()
	}
	s.registers[at] = v
	return 0
}
