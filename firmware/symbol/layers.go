package symbol

import "example.org/checkpoint/firmware/symbol/internal/plane"

// What each layer is, in the order in which they are tried.
const (
	asIs = iota
	calmed
	doubled
	halved
	sharpened
	quartered
	maxLayers
)

// Sizes, in pixels, between which a layer is worth making.
const (
	mostToDouble   = 1_100_000
	leastToHalve   = 120_000
	leastToQuarter = 700_000
	leastToMask    = 300_000
)

// Noise, as the range that quiet blocks of 8x8 have, between which a picture is worth calming: where
// it is less there is little to gain, where it is more there are no quiet blocks.
const (
	leastToCalm = 16
	mostToCalm  = 72
)

// layer makes the n-th layer, unless the picture's size speaks against it.
func (r *Reader) layer(n int) (*plane.Layer, bool) {
	size, l := r.base.W*r.base.H, &r.layers[n]
	switch n {
	case asIs:
		return &r.base, true
	case calmed:
		if n := r.noiseNow(); n < leastToCalm || n > mostToCalm {
			return nil, false
		}
		l.Calm(&r.base, nil)
		r.base = *l // all that follows is made of it
		r.attempts.clear()
	case doubled:
		if size > mostToDouble || r.left.Pixels < 4*size {
			return nil, false
		}
		l.Double(&r.base, r.marks())
	case halved:
		if size < leastToHalve {
			return nil, false
		}
		l.Halve(&r.base)
	case sharpened:
		from := &r.layers[calmed]
		if len(from.Pix) == 0 || &from.Pix[0] != &r.base.Pix[0] { // else the picture is calm
			from.Calm(&r.base, r.marks())
		}
		l.Sharpen(from, r.marks())
	case quartered:
		if size < leastToQuarter {
			return nil, false
		}
		l.Halve(&r.layers[halved])
	}
	return l, true
}

// marks is where a larger or a sharper layer may show more than the picture; nil for everywhere.
func (r *Reader) marks() *plane.Mask {
	if r.base.W*r.base.H < leastToMask || r.extremes.Empty() {
		return nil
	}
	if !r.marked {
		r.mask.Mark(&r.extremes)
		r.marked = true
	}
	return &r.mask
}

// noiseNow is the noise of the picture, or of the frame that it is a part of.
func (r *Reader) noiseNow() int {
	if r.noise > 0 {
		return r.noise
	}
	return r.extremes.Noise()
}
