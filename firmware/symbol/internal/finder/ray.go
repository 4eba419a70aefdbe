package finder

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// square reports whether two opposite rays have the ends of a finder pattern, bleeding allowed for
// as in fits.
func square(a, b [3]float64) bool {
	centre, in, out := a[0]+b[0], a[1]-a[0], b[1]-b[0]
	m := (centre + (in+out)/2) / 4
	slack := 0.55*m + 0.7
	dark := 2*m - (in+out)/2
	return centre > 2*m-0.5 && centre < 3.75*m+0.5 && math.Abs(in-out) < slack &&
		math.Abs(a[2]-a[1]-dark) < slack+0.2*m && math.Abs(b[2]-b[1]-dark) < slack+0.2*m
}

// middle is how far the centre lies from the start of two opposite rays, towards the second.
func middle(a, b [3]float64) float64 { return (b[0] - a[0] + b[1] - a[1] + b[2] - a[2]) / 6 }

// ray walks from a centre until the shade has changed three times and notes where; at most limit
// pixels. The edge of the picture ends a dark ring.
func ray(l *plane.Layer, x, y, dx, dy, t float64, light bool, limit float64, ends *[3]float64) bool {
	n := 0
	before := l.Value(x, y)
	if (before >= t) != light {
		return false
	}
	const step = 0.75
	for s := step; s < limit; s += step {
		px, py := x+s*dx, y+s*dy
		if !l.Contains(px, py) {
			ends[2] = s - step
			return n == 2
		}
		v := l.Value(px, py)
		if (v >= t) != (before >= t) {
			ends[n] = s - step*(v-t)/(v-before)
			if n++; n == 3 {
				return true
			}
		}
		before = v
	}
	return false
}

// walk is ray along a row or a column, pixel by pixel from the middle of one; each pixel counts
// with its neighbours across.
func walk(l *plane.Layer, x, y, dx, dy int, t float64, light bool, limit int, ends *[3]float64) bool {
	room := l.H - 1 - y
	switch {
	case dx < 0:
		room = x
	case dx > 0:
		room = l.W - 1 - x
	case dy < 0:
		room = y
	}
	p, step := y*l.Stride+x, dy*l.Stride+dx
	side, other := min(x, 1), min(l.W-1-x, 1)
	if dx != 0 {
		side, other = min(y, 1)*l.Stride, min(l.H-1-y, 1)*l.Stride
	}
	level := int(4 * t)
	before := int(l.Pix[p-side]) + 2*int(l.Pix[p]) + int(l.Pix[p+other])
	if (before >= level) != light {
		return false
	}
	n := 0
	for s := 1; s <= min(limit, room); s++ {
		p += step
		v := int(l.Pix[p-side]) + 2*int(l.Pix[p]) + int(l.Pix[p+other])
		if (v >= level) != (before >= level) {
			ends[n] = float64(s) - float64(v-level)/float64(v-before)
			if n++; n == 3 {
				return true
			}
		}
		before = v
	}
	if room > limit {
		return false
	}
	ends[2] = float64(room) + 0.5
	return n == 2
}
