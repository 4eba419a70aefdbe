package camera

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"rsc.io/qr"
)

// Card is a code in somebody's hand. Its zero pose is in the middle, upright and square to the
// camera, five pixels a module, on the screen of a phone.
type Card struct {
	Text  string
	Blank bool // nothing to read: a phone that is off, a paper without print

	X, Y         float64 // centre, as parts of the picture; 0 is the middle, or side by side with others
	Module       float64 // pixels a module; 0 is 5, or as many as fit if fewer; at least 4
	Turn         float64 // degrees clockwise
	TiltX, TiltY float64 // degrees the top and the right side lean away
	Paper        bool    // paper, not a phone

	Blur       float64 // standard deviation in pixels
	Glare      float64 // of a lamp on it, 0 none to 1 white
	Brightness float64 // 1 (or 0) normal
	Motion     float64 // pixels a hand moves between frames
}

// leastModule is the smallest size at which the lab shows codes, in pixels.
const leastModule = 4

// quiet is the width of the quiet zone in modules.
const quiet = 4

// margins of a carrier around the quiet zone, in modules of the code.
const (
	paperMargin = 5.0
	phoneBezel  = 2.0
	phoneAspect = 1.6
)

// code makes the symbol: level Q for a European certificate where it fits, otherwise M. Text
// that has only characters of the alphanumeric set is encoded so.
func code(card Card, most float64) (*qr.Code, float64, error) {
	levels := []qr.Level{qr.M}
	if strings.HasPrefix(card.Text, "HC1:") {
		levels = []qr.Level{qr.Q, qr.M}
	}
	wanted := card.Module
	if wanted == 0 {
		wanted = 5
	}
	var largest error
	for _, level := range levels {
		k, err := qr.Encode(card.Text, level)
		if err != nil {
			largest = fmt.Errorf("no code holds %d bytes: %w", len(card.Text), err)
			continue
		}
		fits := most / float64(k.Size+2*quiet)
		if fits >= leastModule && (level == qr.M || fits >= wanted) {
			return k, max(min(wanted, fits), leastModule), nil
		}
		largest = fmt.Errorf("a code of %d modules does not fit %.0f pixels at %d pixels a module", k.Size, most, leastModule)
	}
	return nil, 0, largest
}

// face is what a card shows, in modules around its centre.
type face struct {
	code         *qr.Code // nil for none
	half         float64  // half the side of the code
	wide, tall   float64  // half the sides of the carrier
	paper        bool
	dark, lite   float64
	glare        float64
	glareX       float64
	glareY       float64
	glareReach   float64
	brightness   float64
	border, edge float64 // shade of the carrier around the screen, and half its inner height
}

func newFace(r *rand.Rand, card Card, k *qr.Code) face {
	f := face{code: k, paper: card.Paper, brightness: card.Brightness, glare: card.Glare}
	if f.brightness == 0 {
		f.brightness = 1
	}
	n := 41.0
	if k != nil {
		n = float64(k.Size)
	}
	f.half = n / 2
	inner := f.half + quiet
	if f.paper {
		f.dark, f.lite, f.border = 45, 205, 205
		f.wide, f.tall = inner+paperMargin, inner+2*paperMargin
	} else {
		f.dark, f.lite, f.border = 22, 232, 30
		f.wide = inner + phoneBezel
		f.tall = f.wide * phoneAspect
	}
	if card.Blank && !f.paper {
		f.lite = 34
	}
	f.edge = f.tall - 2*phoneBezel
	f.glareX, f.glareY = (r.Float64()*2-1)*f.half, (r.Float64()*2-1)*f.half
	f.glareReach = f.half * (0.25 + 0.25*r.Float64())
	return f
}

// shade is the grey at a place of the card, and whether the card is there.
func (f *face) shade(x, y float64) (float64, bool) {
	ax, ay := math.Abs(x), math.Abs(y)
	if ax > f.wide || ay > f.tall {
		return 0, false
	}
	v := f.lite
	switch {
	case !f.paper && (ax > f.wide-phoneBezel || ay > f.edge):
		v = f.border
	case f.code != nil && ax < f.half && ay < f.half && f.code.Black(int(x+f.half), int(y+f.half)):
		v = f.dark
	}
	v *= f.brightness
	if f.glare > 0 {
		d := ((x-f.glareX)*(x-f.glareX) + (y-f.glareY)*(y-f.glareY)) / (2 * f.glareReach * f.glareReach)
		if d < 6 {
			v += (255 - v) * f.glare * math.Exp(-d)
		}
	}
	return v, true
}
