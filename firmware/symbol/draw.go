package symbol

import (
	"errors"
	"fmt"
	"image"
	"strings"
	"unicode/utf8"

	"rsc.io/qr/coding"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
)

// Errors of Draw.
var (
	ErrTooLong = errors.New("symbol: the text does not fit; take a larger version or a lower level")
	ErrDrawing = errors.New("symbol: a drawing wants version 0 to 40, a level, and print gain below half a module")
)

// Level is how much of a symbol may be lost: about 7, 15, 25 or 30 per cent (section 7.5.1).
type Level uint8

const (
	LevelL Level = iota
	LevelM
	LevelQ
	LevelH
)

// Drawing says how a symbol is drawn.
type Drawing struct {
	Version int   // 1 to 40; 0 for the smallest that holds the text
	Level   Level // of error correction
	Module  int   // pixels a module; 0 is 4
	Quiet   int   // modules of quiet zone; 0 is 4, as section 6.3.8 wants, below 0 none
	Gain    int   // pixels by which the printer widens what is dark; dark modules are drawn as much narrower
	Light   bool  // light on dark, for a dark screen
}

// Draw draws a text as a symbol, black on white, upright. Digits and the alphanumeric set are packed;
// any other text is put as its bytes, named as UTF-8 where it is and goes beyond ASCII.
func Draw(text string, d Drawing) (*image.Gray, error) {
	if d.Module == 0 {
		d.Module = 4
	}
	switch {
	case d.Quiet == 0:
		d.Quiet = 4
	case d.Quiet < 0:
		d.Quiet = 0
	}
	if d.Version < 0 || d.Version > 40 || d.Level > LevelH || d.Gain < 0 || 2*d.Gain >= d.Module || d.Module > 64 || d.Quiet > 64 {
		return nil, ErrDrawing
	}
	code, err := encode(text, d.Version, d.Level)
	if err != nil {
		return nil, err
	}
	side := (code.Size + 2*d.Quiet) * d.Module
	img := image.NewGray(image.Rect(0, 0, side, side))
	paper, ink := uint8(255), uint8(0)
	if d.Light {
		paper, ink = ink, paper
	}
	for i := range img.Pix {
		img.Pix[i] = paper
	}
	for y := range code.Size {
		for x := range code.Size {
			if !code.Black(x, y) {
				continue
			}
			// Ink spreads to all sides: half of the gain is taken from each side that meets paper.
			left, right := inset(d.Gain, !code.Black(x-1, y), !code.Black(x+1, y))
			top, bottom := inset(d.Gain, !code.Black(x, y-1), !code.Black(x, y+1))
			for py := (y+d.Quiet)*d.Module + top; py < (y+d.Quiet+1)*d.Module-bottom; py++ {
				for px := (x+d.Quiet)*d.Module + left; px < (x+d.Quiet+1)*d.Module-right; px++ {
					img.Pix[py*img.Stride+px] = ink
				}
			}
		}
	}
	return img, nil
}

// inset shares out a gain between two sides; one that meets ink stays.
func inset(gain int, before, after bool) (int, int) {
	a, b := gain/2, gain-gain/2
	if !before {
		a = 0
	}
	if !after {
		b = 0
	}
	return a, b
}

// named is a text in UTF-8 that says so (section 7.4.2).
type named struct{ coding.String }

func (n named) Bits(v coding.Version) int { return 12 + n.String.Bits(v) }

func (n named) Encode(b *coding.Bits, v coding.Version) {
	b.Write(codewords.ModeECI, 4)
	b.Write(codewords.ECIUTF8, 8)
	n.String.Encode(b, v)
}

// encode makes the symbol, with the mask of the least penalty (section 7.8.3).
func encode(text string, version int, level Level) (*coding.Code, error) {
	var segment coding.Encoding
	switch {
	case coding.Num(text).Check() == nil:
		segment = coding.Num(text)
	case coding.Alpha(text).Check() == nil:
		segment = coding.Alpha(text)
	case utf8.ValidString(text) && strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }):
		segment = named{coding.String(text)}
	default:
		segment = coding.String(text)
	}
	l := coding.Level(level)
	v := coding.Version(version)
	if version == 0 {
		for v = 1; v < 40 && segment.Bits(v) > v.DataBytes(l)*8; v++ {
		}
	}
	if segment.Bits(v) > v.DataBytes(l)*8 {
		return nil, ErrTooLong
	}
	var best *coding.Code
	least := 0
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(v, l, mask)
		if err != nil {
			return nil, fmt.Errorf("symbol: %w", err)
		}
		code, err := plan.Encode(segment)
		if err != nil {
			return nil, fmt.Errorf("symbol: %w", err)
		}
		if p := penalty(code); best == nil || p < least {
			best, least = code, p
		}
	}
	return best, nil
}

// penalty of a masked symbol: runs, squares, what looks like a finder pattern, and imbalance
// (section 7.8.3.1, table 11).
func penalty(c *coding.Code) (sum int) {
	n, dark := c.Size, 0
	for _, at := range []func(i, j int) bool{
		func(i, j int) bool { return c.Black(j, i) },
		func(i, j int) bool { return c.Black(i, j) },
	} {
		for i := range n {
			run, recent := 0, uint32(0)
			for j := range n {
				b := at(i, j)
				if j > 0 && b == at(i, j-1) {
					run++
				} else {
					run = 1
				}
				if run == 5 {
					sum += 3
				} else if run > 5 {
					sum++
				}
				if recent <<= 1; b {
					recent |= 1
				}
				if j >= 10 && (recent&0x7ff == 0x5d0 || recent&0x7ff == 0x05d) { // 1:1:3:1:1 with four light modules
					sum += 40
				}
			}
		}
	}
	for y := range n {
		for x := range n {
			b := c.Black(x, y)
			if b {
				dark++
			}
			if x > 0 && y > 0 && b == c.Black(x-1, y) && b == c.Black(x, y-1) && b == c.Black(x-1, y-1) {
				sum += 3
			}
		}
	}
	off := 20*dark - 10*n*n // twentieths of the symbol beyond half
	return sum + 10*(max(off, -off)/(n*n))
}
