package codewords

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common"
)

// errContent says that the corrected codewords are no text after all.
var errContent = errors.New("codewords: they break the rules of segments")

// Text is what a symbol holds.
type Text struct {
	Text  string // by the character set named in the symbol, or the likeliest
	Bytes []byte // as encoded
	Part  Part   // of a text of several symbols
}

// Part is which of Of symbols, from 0, of a text of that parity one is (section 8); of none where Of
// is 0.
type Part struct {
	Index, Of int
	Parity    uint8
}

// Mode indicators (section 7.4.1, table 2; GB/T 18284 adds hanzi).
const (
	ModeEnd        = 0
	ModeNumeric    = 1
	ModeLetters    = 2
	ModePart       = 3
	ModeBytes      = 4
	ModeFirstFNC1  = 5
	ModeECI        = 7
	ModeKanji      = 8
	ModeSecondFNC1 = 9
	ModeHanzi      = 13
)

// letters are the characters of alphanumeric mode (table 5).
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// groupSeparator stands for FNC1 between the fields of a GS1 text (section 7.4.8).
const groupSeparator = 0x1d

// Character sets by their ECI designator (AIM ECI part 3).
const (
	eciNone     = -1
	eciLatin1   = 3
	eciShiftJIS = 20
	ECIUTF8     = 26
	eciGB18030  = 29
	eciBinary   = 899
)

// content collects what the segments of a symbol say.
type content struct {
	in   *common.BitSource
	raw  []byte // as encoded
	text []byte // UTF-8
	run  []byte // bytes of neighbouring segments whose character set is not known yet
	eci  int
	fnc1 bool
	part Part
}

// read takes the data codewords of a symbol apart (section 7.4), but for so many bits at the front.
func (t *Text) read(codewords []byte, version, lead int) error {
	c := content{in: common.NewBitSource(codewords), eci: eciNone, run: make([]byte, 0, 2*len(codewords))}
	if _, ok := c.bits(lead); lead > 0 && !ok || !c.segments(version) {
		return errContent
	}
	c.flush()
	t.Bytes, t.Part = c.raw, c.part
	if c.eci == eciNone && utf8.Valid(c.raw) {
		c.text = c.raw
	}
	t.Text = string(c.text)
	return nil
}

func (c *content) bits(n int) (int, bool) {
	v, err := c.in.ReadBits(n)
	return v, err == nil
}

func (c *content) segments(version int) bool {
	for c.in.Available() >= 4 {
		mode, _ := c.bits(4)
		ok := true
		switch mode {
		case ModeEnd:
			return true
		case ModeFirstFNC1:
			c.fnc1 = true
		case ModeSecondFNC1:
			c.fnc1 = true
			_, ok = c.bits(8) // application indicator
		case ModePart:
			ok = c.header()
		case ModeECI:
			ok = c.designator()
		case ModeNumeric, ModeLetters, ModeBytes, ModeKanji:
			var n int
			if n, ok = c.bits(countBits(mode, version)); ok {
				ok = c.segment(mode, n)
			}
		case ModeHanzi:
			subset, _ := c.bits(4)
			var n int
			if n, ok = c.bits(countBits(ModeKanji, version)); ok {
				ok = subset == 1 && c.pairs(n, 0x60, 0xa1a1, 0xa6a1, 0x0a00, eciGB18030)
			}
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return true
}

// countBits is the width of a character count (table 3).
func countBits(mode, version int) int {
	class := 0
	if version > 26 {
		class = 2
	} else if version > 9 {
		class = 1
	}
	switch mode {
	case ModeNumeric:
		return 10 + 2*class
	case ModeLetters:
		return 9 + 2*class
	case ModeBytes:
		return min(8+8*class, 16)
	}
	return 8 + 2*class
}

// header is that of a symbol that is part of several (section 8).
func (c *content) header() bool {
	v, ok := c.bits(16)
	c.part = Part{Index: v >> 12, Of: v>>8&15 + 1, Parity: uint8(v)}
	return ok && c.part.Index < c.part.Of
}

// designator is one to three bytes that name a character set (section 7.4.2.2).
func (c *content) designator() bool {
	v, ok := c.bits(8)
	more := 0
	switch {
	case v < 0x80:
	case v < 0xc0:
		v, more = v&0x3f, 8
	case v < 0xe0:
		v, more = v&0x1f, 16
	default:
		return false
	}
	if more > 0 {
		var rest int
		rest, ok = c.bits(more)
		v = v<<more | rest
	}
	c.flush()
	c.eci = v
	return ok
}

func (c *content) segment(mode, n int) bool {
	switch mode {
	case ModeBytes:
		return c.octets(n)
	case ModeKanji:
		return c.pairs(n, 0xc0, 0x8140, 0xc140, 0x1f00, eciShiftJIS)
	case ModeNumeric:
		return c.digits(n)
	}
	return c.alphanumeric(n)
}

func (c *content) octets(n int) bool {
	if c.in.Available() < 8*n {
		return false
	}
	for range n {
		b, _ := c.bits(8)
		c.run = append(c.run, byte(b))
	}
	return true
}

// digits are three in ten bits (section 7.4.3).
func (c *content) digits(n int) bool {
	for ; n > 0; n -= 3 {
		k := min(n, 3)
		v, ok := c.bits(3*k + 1)
		if !ok || v >= [...]int{1, 10, 100, 1000}[k] {
			return false
		}
		for i := k - 1; i >= 0; i-- {
			c.run = append(c.run, '0'+byte(v/[...]int{1, 10, 100}[i]%10))
		}
	}
	return true
}

// alphanumeric characters are two in eleven bits (section 7.4.4). After FNC1 a percent sign stands
// for a separator and two for itself.
func (c *content) alphanumeric(n int) bool {
	start := len(c.run)
	for ; n > 0; n -= 2 {
		width, most := 11, 45*45
		if n == 1 {
			width, most = 6, 45
		}
		v, ok := c.bits(width)
		if !ok || v >= most {
			return false
		}
		if n > 1 {
			c.run = append(c.run, letters[v/45])
		}
		c.run = append(c.run, letters[v%45])
	}
	if c.fnc1 {
		text := bytes.ReplaceAll(c.run[start:], []byte("%%"), []byte{0})
		text = bytes.ReplaceAll(text, []byte("%"), []byte{groupSeparator})
		c.run = append(c.run[:start], bytes.ReplaceAll(text, []byte{0}, []byte("%"))...)
	}
	return true
}

// pairs are characters of two bytes in thirteen bits (section 7.4.6; hanzi alike): a first byte
// times base and a second one, less an offset that differs from the value split on.
func (c *content) pairs(n, base, low, high, split, eci int) bool {
	if c.in.Available() < 13*n {
		return false
	}
	c.flush()
	for range n {
		v, _ := c.bits(13)
		v = v/base<<8 | v%base
		if v < split {
			v += low
		} else {
			v += high
		}
		c.run = append(c.run, byte(v>>8), byte(v))
	}
	before := c.eci
	c.eci = eci
	c.flush()
	c.eci = before
	return true
}

// flush puts the bytes collected into text, by the character set in force.
func (c *content) flush() {
	c.raw = append(c.raw, c.run...)
	c.text = append(c.text, inUTF8(c.run, c.eci)...)
	c.run = c.run[:0]
}

// inUTF8 is a text of a character set, or of the likeliest one. What cannot be understood is taken
// as Latin 1, which loses nothing.
func inUTF8(b []byte, eci int) []byte {
	if eci == eciNone {
		eci = likely(b)
	}
	if eci == ECIUTF8 && utf8.Valid(b) {
		return b
	}
	if eci == eciBinary {
		eci = eciLatin1
	}
	if set, err := common.GetCharacterSetECIByValue(eci); err == nil && set != nil {
		if text, err := set.GetCharset().NewDecoder().Bytes(b); err == nil {
			return text
		}
	}
	var text []byte
	for _, v := range b {
		text = utf8.AppendRune(text, rune(v))
	}
	return text
}

// likely guesses a character set where none is named: UTF-8 if it can be, then pairs that all are
// common Chinese characters or punctuation of GB 2312, then what the library takes for Shift-JIS.
func likely(b []byte) int {
	switch {
	case utf8.Valid(b):
		return ECIUTF8
	case chinese(b):
		return eciGB18030
	}
	if set, err := common.StringUtils_guessCharset(b, map[gozxing.DecodeHintType]interface{}{}); err == nil && set == common.StringUtils_SHIFT_JIS_CHARSET {
		return eciShiftJIS
	}
	return eciLatin1
}

// chinese reports whether all bytes beyond ASCII are pairs within the rows of GB 2312 that hold
// punctuation, kana and characters, at least one of them a character, and not all of them could be
// the narrow kana of Shift-JIS.
func chinese(b []byte) bool {
	characters, kana := 0, true
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if i+1 == len(b) || b[i] < 0xa1 || b[i] > 0xf7 || b[i+1] < 0xa1 || b[i+1] == 0xff || b[i] > 0xa9 && b[i] < 0xb0 {
			return false
		}
		if b[i] >= 0xb0 {
			characters++
		}
		kana = kana && b[i] >= 0xa6 && b[i] <= 0xdf && b[i+1] >= 0xa6 && b[i+1] <= 0xdf
		i++
	}
	return characters > 0 && !kana
}
