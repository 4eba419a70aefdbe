package finder

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// Seek finds the place around p, as far as radius modules, that is most like a finder
// pattern with modules of u and v, and how like it is: from -1 to 1.
func Seek(l *plane.Layer, p, u, v plane.Point, light bool, radius float64) (plane.Point, float64) {
	best, score := p, -1.0
	look := func(du, dv float64) {
		q := plane.Pt(p.X+du*u.X+dv*v.X, p.Y+du*u.Y+dv*v.Y)
		if !l.Contains(q.X, q.Y) || !rings(l, q, u, v, light) {
			return
		}
		if s := correlate(l, q, u, v, light); s > score {
			best, score = q, s
		}
	}
	for dv := -radius; dv <= radius; dv++ {
		for du := -radius; du <= radius; du++ {
			look(du, dv)
		}
	}
	for step := 0.5; step > 0.1; step /= 2 {
		p = best
		for dv := -1.0; dv <= 1; dv++ {
			for du := -1.0; du <= 1; du++ {
				look(du*step, dv*step)
			}
		}
	}
	return best, score
}

// rings is a quick look whether p may be the middle of a finder pattern: the light ring is lighter
// than the square and the dark ring, each on the whole.
func rings(l *plane.Layer, p, u, v plane.Point, light bool) bool {
	var mean [4]float64
	for _, ring := range [...]float64{1, 2, 3} {
		for _, d := range [8][2]float64{{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}} {
			mean[int(ring)] += l.Value(p.X+ring*(d[0]*u.X+d[1]*v.X), p.Y+ring*(d[0]*u.Y+d[1]*v.Y)) / 8
		}
	}
	inner, outer := mean[2]-mean[1], mean[2]-mean[3]
	if light {
		inner, outer = -inner, -outer
	}
	return inner > 0 && outer > 0 && inner+outer > plane.LeastContrast
}

// correlate compares 9x9 modules with a finder pattern and its separator: from -1 to 1.
func correlate(l *plane.Layer, p, u, v plane.Point, light bool) float64 {
	var sum, squares, dark, lite float64
	for j := -4.0; j <= 4; j++ {
		for i := -4.0; i <= 4; i++ {
			s := l.Value(p.X+i*u.X+j*v.X, p.Y+i*u.Y+j*v.Y)
			sum += s
			squares += s * s
			if ring := max(math.Abs(i), math.Abs(j)); ring == 2 || ring == 4 {
				lite += s
			} else {
				dark += s
			}
		}
	}
	variance := squares/81 - sum*sum/(81*81)
	if variance < 4 {
		return 0
	}
	signed := lite/48 - dark/33
	if light {
		signed = -signed
	}
	return signed / math.Sqrt(variance) * 0.4914 // sqrt(48*33)/81
}
