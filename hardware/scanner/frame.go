package scanner

import (
	"bytes"
	"time"
)

// Frame is what shows where a code ends.
type Frame uint8

const (
	CR     Frame = iota // a code never contains one
	LF                  // a code never contains one
	CRLF                // a code never contains the two
	STXETX              // a code may contain anything: the ETX before a pause ends it
	Gap                 // a code may contain anything: a pause ends it
)

const (
	largest = 8192 // bytes of a code; the largest QR code holds 7,089 characters
	// gap is the pause after a code, longer than any within one.
	gap = 60 * time.Millisecond
	// tornAfter is how long the rest of a code may take.
	tornAfter = 500 * time.Millisecond

	stx, etx = 2, 3
)

// piece is one code with its prefix, or why what came is none as it was set up.
type piece struct {
	text []byte
	why  string
}

// framer cuts what comes into pieces.
type framer struct {
	frame  Frame
	text   []byte
	spoilt string // why what came since the last end is no code
}

// ends is what each frame ends a code with, where no pause does.
var ends = [...]string{CR: "\r", LF: "\n", CRLF: "\r\n", STXETX: "", Gap: ""}

// take adds one byte, and gives the piece that it ends.
func (f *framer) take(b byte) (piece, bool) {
	if len(f.text) == largest {
		f.spoil("codes come without an end")
		p := f.cut(nil)
		f.spoilt = p.why // up to the next end
		return p, true
	}
	f.text = append(f.text, b)
	end := ends[f.frame]
	if end == "" || !bytes.HasSuffix(f.text, []byte(end)) {
		return piece{}, false
	}
	text := bytes.TrimSuffix(f.text, []byte(end))
	switch {
	case f.frame == CR && bytes.HasPrefix(text, []byte("\n")), f.frame == LF && bytes.HasSuffix(text, []byte("\r")):
		f.spoil("codes end with CR LF")
	case len(text) == 0 && f.spoilt == "":
		f.text = nil
		return piece{}, false
	}
	return f.cut(text), true
}

// spoil has what comes up to the next end be no code.
func (f *framer) spoil(why string) {
	if f.spoilt == "" {
		f.spoilt = why
	}
}

// quiet gives the piece that a pause ends; it is asked once patience has passed.
func (f *framer) quiet() (piece, bool) {
	switch {
	case f.patience() == 0:
		return piece{}, false
	case f.framed():
		return f.cut(f.text[1 : len(f.text)-1]), true
	case f.frame != Gap:
		f.spoil("codes come without their end, or in part")
	}
	return f.cut(f.text), true
}

// patience is how long to wait for more, 0 for as long as it takes.
func (f *framer) patience() time.Duration {
	switch {
	case len(f.text) == 0 && f.spoilt == "", f.frame == CR && string(f.text) == "\n": // which the next code shows as its own
		return 0
	case f.frame == Gap || f.framed():
		return gap
	}
	return tornAfter
}

// framed reports whether what came may be a whole STX … ETX.
func (f *framer) framed() bool {
	n := len(f.text)
	return f.frame == STXETX && n > 2 && f.text[0] == stx && f.text[n-1] == etx
}

func (f *framer) cut(text []byte) piece {
	p := piece{text: text, why: f.spoilt}
	if p.why != "" {
		p.text = nil
	}
	f.text, f.spoilt = nil, ""
	return p
}
