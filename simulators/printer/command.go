package printer

import "time"

// Bits of the answers that are always set.
const (
	fixedReport = 0x10
	fixedAnswer = 0x12
)

// status is what the printer reports by itself: four bytes (GS a).
func (p *Printer) status() []byte {
	b := []byte{fixedReport, 0, 0, 0}
	set := func(at int, bits byte, on bool) {
		if on {
			b[at] |= bits
		}
	}
	set(0, 0x08, p.stopped())
	set(0, 0x20, p.cover)
	set(1, 0x08, p.cutter)
	set(1, 0x40, p.hot)
	set(2, 0x03, p.low || p.out)
	set(2, 0x0c, p.out)
	return b
}

// answer is that to DLE EOT n.
func (p *Printer) answer(n byte) byte {
	b := byte(fixedAnswer)
	set := func(bits byte, on bool) {
		if on {
			b |= bits
		}
	}
	switch n {
	case 1:
		set(0x08, p.stopped())
	case 2:
		set(0x04, p.cover)
		set(0x20, p.out)
		set(0x40, p.cutter)
	case 3:
		set(0x08, p.cutter)
		set(0x40, p.hot)
	case 4:
		set(0x0c, p.low || p.out)
		set(0x60, p.out)
	}
	return b
}

// realTime obeys DLE EOT, DLE ENQ and DLE DC4 when their last byte arrives.
func (p *Printer) realTime(c byte) {
	p.real = append(p.real, c)
	n := len(p.real)
	if n > 3 {
		p.real, n = p.real[n-3:], 3
	}
	if n < 3 || p.real[0] != 0x10 {
		return
	}
	switch p.real[1] {
	case 0x04:
		if c < 1 || c > 4 {
			p.complain("DLE EOT %d", c)
			return
		}
		p.send(p.answer(c))
	case 0x05:
		if c != 1 {
			p.complain("DLE ENQ %d", c)
			return
		}
		if p.cutter && !p.jammed {
			p.cutter = false
			p.tell()
		}
	case 0x14:
		p.complain("DLE DC4 %d", c)
	}
}

// byte waits for the next byte and for the printer to be able to work on it. It is not
// there when the printer was switched off or has ended.
func (p *Printer) byte(power int) (byte, bool) {
	p.changed.Broadcast() // there is room, and perhaps nothing left to do
	for !p.closed && p.power == power && (len(p.buffer) == 0 || p.stopped()) {
		p.changed.Wait()
	}
	if p.closed || p.power != power {
		return 0, false
	}
	c := p.buffer[0]
	p.buffer = p.buffer[1:]
	return c, true
}

// several waits for n bytes.
func (p *Printer) several(n, power int) ([]byte, bool) {
	b := make([]byte, n)
	for i := range b {
		var ok bool
		if b[i], ok = p.byte(power); !ok {
			return nil, false
		}
	}
	return b, true
}

// work does what the bytes say, one command after the other.
func (p *Printer) work() {
	defer close(p.ended)
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		p.command(p.power)
	}
}

func (p *Printer) command(power int) {
	c, ok := p.byte(power)
	if !ok {
		return
	}
	switch c {
	case 0x00:
		if !p.fresh {
			p.complain("NUL between commands")
		}
	case 0x10: // was obeyed when it came
		p.several(2, power)
	case 0x1b:
		p.escape(power)
	case 0x1d:
		p.group(power)
	default:
		p.unknown(c)
	}
}

func (p *Printer) unknown(b ...byte) {
	if !p.fresh {
		p.complain("unknown command % x", b)
	}
}

func (p *Printer) escape(power int) {
	b, ok := p.several(1, power)
	switch {
	case !ok:
	case b[0] == '@':
		p.fresh = false
	default:
		p.unknown(0x1b, b[0])
	}
}

func (p *Printer) group(power int) {
	b, ok := p.several(1, power)
	if !ok {
		return
	}
	switch b[0] {
	case 'v':
		p.raster(power)
	case 'V':
		if b, ok := p.several(2, power); ok && b[0] == 66 {
			p.cut(int(b[1]), power)
		} else if ok {
			p.unknown(0x1d, 'V', b[0], b[1])
		}
	case 'a':
		if b, ok := p.several(1, power); ok && !p.o.NoReport {
			if b[0]&0x0e != 0x0e {
				p.complain("GS a %#x leaves something unreported", b[0])
			}
			p.reports = true
			p.send(p.status()...)
		}
	case 'r':
		if b, ok := p.several(1, power); ok && b[0] == 1 {
			paper := byte(0)
			if p.low {
				paper = 0x03
			}
			p.send(paper)
		} else if ok {
			p.unknown(0x1d, 'r', b[0])
		}
	case '(':
		p.mark(power)
	default:
		p.unknown(0x1d, b[0])
	}
}

// mark is GS ( H, function 48.
func (p *Printer) mark(power int) {
	b, ok := p.several(9, power)
	if !ok {
		return
	}
	if b[0] != 'H' || b[1] != 6 || b[2] != 0 || b[3] != 48 || b[4] != 48 || p.o.NoMarks {
		p.unknown(append([]byte{0x1d, '('}, b...)...)
		return
	}
	for _, c := range b[5:] {
		if c < 32 || c > 126 {
			p.unknown(b...)
		}
	}
	p.send(append(append([]byte{0x37, 0x22}, b[5:]...), 0)...)
}

// raster is GS v 0: rows are printed as they come.
func (p *Printer) raster(power int) {
	b, ok := p.several(6, power)
	if !ok {
		return
	}
	wide, tall := int(b[2])|int(b[3])<<8, int(b[4])|int(b[5])<<8
	if b[0] != '0' || b[1] != 0 || wide*8 > p.o.Dots+7 || (wide == 0 || tall == 0) && !p.fresh {
		p.unknown(append([]byte{0x1d, 'v'}, b...)...)
		return
	}
	for range tall {
		row, ok := p.several(wide, power)
		if !ok || !p.print(row, power) {
			return
		}
	}
}

// print prints a row as soon as it can.
func (p *Printer) print(row []byte, power int) bool {
	if p.o.Speed > 0 {
		p.mu.Unlock()
		time.Sleep(time.Second / time.Duration(p.o.Speed))
		p.mu.Lock()
	}
	for !p.closed && p.power == power && p.stopped() {
		p.changed.Wait()
	}
	if p.closed || p.power != power {
		return false
	}
	p.roll.print(row)
	p.due(p.plan)
	return true
}

// cut is GS V 66 n: it feeds what was printed past the knife, and n rows more.
func (p *Printer) cut(n, power int) {
	for range knife + n {
		if !p.print(nil, power) {
			return
		}
	}
	if p.jammed {
		p.cutter = true
		p.tell()
		for !p.closed && p.power == power && p.stopped() {
			p.changed.Wait()
		}
		if p.power != power {
			return
		}
	}
	p.roll.tear("cut")
}
