package printer

// status is what a printer says about itself.
type status struct {
	offline, cover, out, low        bool
	cutter, jam, broken, hot, known bool
}

// stopped reports that printing stops until somebody comes.
func (s status) stopped() bool { return s.cover || s.out || s.cutter || s.jam || s.broken }

// waits reports that the printer prints nothing now.
func (s status) waits() bool { return s.stopped() || s.hot || s.offline }

// fault is the first thing to do.
func (s status) fault() error {
	switch {
	case s.broken:
		return ErrBroken
	case s.cutter:
		return ErrCutter
	case s.cover:
		return ErrCover
	case s.out:
		return ErrPaper
	case s.jam:
		return ErrJam
	case s.hot:
		return ErrHot
	case s.offline:
		return ErrOffline
	}
	return nil
}

// report takes the four bytes that a printer sends by itself (GS a).
func (s *status) report(b []byte) {
	*s = status{
		known: true, offline: b[0]&0x08 != 0, cover: b[0]&0x20 != 0,
		jam: b[1]&0x04 != 0, cutter: b[1]&0x08 != 0, broken: b[1]&0x20 != 0, hot: b[1]&0x40 != 0,
		low: b[2]&0x03 != 0, out: b[2]&0x0c != 0,
	}
}

// answer takes the answer to DLE EOT n.
func (s *status) answer(n, b byte) {
	switch n {
	case 1:
		s.offline = b&0x08 != 0
	case 2:
		s.cover = b&0x04 != 0
	case 3:
		s.jam, s.cutter, s.broken, s.hot = b&0x04 != 0, b&0x08 != 0, b&0x20 != 0, b&0x40 != 0
	case 4:
		s.low, s.out = b&0x0c != 0, b&0x60 != 0
	}
}

// kind is that of something a printer sent.
type kind uint8

const (
	nothing kind = iota
	report       // four bytes, unasked (GS a)
	answer       // one byte, to DLE EOT
	paperIs      // one byte, to GS r
	marked       // four characters, to GS ( H
)

// ear takes apart what a printer sends. The bits that are fixed tell one kind from the
// other, also in the middle of something that was broken off.
type ear struct{ part []byte }

// take takes one byte, and gives what it completes. The bytes are good until the next take.
func (e *ear) take(b byte) (kind, []byte) {
	if b == 0x11 || b == 0x13 { // XON and XOFF may come between any two
		return nothing, nil
	}
	if len(e.part) > 0 && !e.fits(b) {
		e.part = e.part[:0]
	}
	begun := len(e.part) > 0
	e.part = append(e.part, b)
	switch {
	case !begun && b&0x93 == 0x12:
		return e.whole(answer)
	case !begun && b&0x90 == 0:
		return e.whole(paperIs)
	case !begun && b&0x93 != 0x10 && b != markHeader:
		return e.whole(nothing)
	case e.part[0] == markHeader && len(e.part) == 7:
		k, part := e.whole(marked)
		return k, part[2:6]
	case e.part[0] != markHeader && len(e.part) == 4:
		return e.whole(report)
	}
	return nothing, nil
}

// markHeader begins the answer to GS ( H: 37h 22h, four characters, 00h.
const markHeader = 0x37

// fits reports whether b goes on with what was begun.
func (e *ear) fits(b byte) bool {
	if e.part[0] != markHeader {
		return b&0x90 == 0
	}
	switch len(e.part) {
	case 1:
		return b == 0x22
	case 6:
		return b == 0
	}
	return b >= ' ' && b <= '~'
}

func (e *ear) whole(k kind) (kind, []byte) {
	part := e.part
	e.part = e.part[:0]
	return k, part
}
