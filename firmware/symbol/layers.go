package symbol

import "example.org/checkpoint/firmware/symbol/internal/plane"

// What each layer is, in the order in which they are tried.
const (
	asIs = iota
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

// layer makes the n-th layer, unless the picture's size speaks against it.
func (r *Reader) layer(n int) (*plane.Layer, bool) {
	size, l := r.base.W*r.base.H, &r.layers[n]
	switch n {
	case asIs:
		return &r.base, true
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
		l.Sharpen(&r.base, r.marks())
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
