package gateboard

import "encoding/binary"

// Function and exception codes (Modbus Application Protocol V1.1b3, sections 6, 7).
const (
	readCoils      = 1
	readInputs     = 2
	readRegisters  = 3
	writeCoil      = 5
	writeRegister  = 6
	writeCoils     = 15
	writeRegisters = 16

	illegalFunction = 1
	illegalAddress  = 2
	illegalValue    = 3
)

// crc is the checksum of a frame, sent low byte first (Modbus over Serial Line
// V1.02, section 6.2.2).
func crc(frame []byte) uint16 {
	c := uint16(0xffff)
	for _, b := range frame {
		c ^= uint16(b)
		for range 8 {
			odd := c&1 == 1
			c >>= 1
			if odd {
				c ^= 0xa001
			}
		}
	}
	return c
}

// requestLen is the length of the request that begins with head, with unit and
// checksum: 0 while that cannot be said yet, -1 for a function unknown here.
func requestLen(head []byte) int {
	if len(head) < 2 {
		return 0
	}
	switch head[1] {
	case readCoils, readInputs, readRegisters, writeCoil, writeRegister:
		return 8
	case writeCoils, writeRegisters:
		if len(head) < 7 {
			return 0
		}
		return 9 + int(head[6])
	}
	return -1
}

// execute carries out a request, function code and data, and returns the response,
// or an exception code.
func (s *Serial) execute(req []byte) (res []byte, exception byte) {
	at, n := binary.BigEndian.Uint16(req[1:]), binary.BigEndian.Uint16(req[3:])
	within := func(size uint16) bool { return n >= 1 && at < size && n <= size-at }
	switch b := s.board; req[0] {
	case readCoils:
		if !within(coils) {
			return nil, illegalAddress
		}
		return []byte{readCoils, 1, b.outputs >> at & (1<<n - 1)}, 0
	case readInputs:
		if !within(s.inputs) {
			return nil, illegalAddress
		}
		b.counts.Polls++
		levels := b.levels() >> at & (1<<n - 1)
		return []byte{readInputs, byte(n+7) / 8, byte(levels), byte(levels >> 8)}[:2+(n+7)/8], 0
	case readRegisters:
		if !within(registers) {
			return nil, illegalAddress
		}
		res = []byte{readRegisters, byte(2 * n)}
		for i := range n {
			res = binary.BigEndian.AppendUint16(res, s.registers[at+i])
		}
		return res, 0
	case writeCoil:
		if at >= coils {
			return nil, illegalAddress
		}
		if n != 0 && n != 0xff00 {
			return nil, illegalValue
		}
		s.coils(1<<at, byte(n>>8)&(1<<at))
		return req, 0
	case writeRegister:
		if at >= registers {
			return nil, illegalAddress
		}
		return req, s.register(at, n)
	case writeCoils:
		if !within(coils) {
			return nil, illegalAddress
		}
		if req[5] != 1 {
			return nil, illegalValue
		}
		s.coils((1<<n-1)<<at, req[6]<<at)
		return req[:5], 0
	case writeRegisters:
		if !within(registers) {
			return nil, illegalAddress
		}
		if int(req[5]) != 2*int(n) {
			return nil, illegalValue
		}
		for i := range n {
			if e := s.register(at+i, binary.BigEndian.Uint16(req[6+2*i:])); e != 0 {
				return nil, e
			}
		}
		return req[:5], 0
	}
	return nil, illegalFunction
}
