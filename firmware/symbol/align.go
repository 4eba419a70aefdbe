package symbol

import (
	"math"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// mesh holds, for each alignment pattern, how far from the perspective it was found, in pixels.
// Between them the distance changes evenly.
type mesh struct {
	n      int        // patterns along a side; 0 for none
	centre [7]float64 // in modules
	off    [7][7]point
	found  [7][7]bool
}

// at is how far the picture of a place, in modules, is from the perspective.
func (m *mesh) at(x, y float64) point {
	i, fx := m.cell(x)
	j, fy := m.cell(y)
	top := m.off[j][i].times(1 - fx).add(m.off[j][i+1].times(fx))
	bottom := m.off[j+1][i].times(1 - fx).add(m.off[j+1][i+1].times(fx))
	return top.times(1 - fy).add(bottom.times(fy))
}

// cell is the interval of a coordinate and the part of it; a little beyond the outer ones.
func (m *mesh) cell(x float64) (int, float64) {
	i := 0
	for i < m.n-2 && x > m.centre[i+1] {
		i++
	}
	f := (x - m.centre[i]) / (m.centre[i+1] - m.centre[i])
	return i, min(max(f, -0.35), 1.35)
}

// Correlation with the alignment pattern from which a place is taken for one.
const (
	surelyAligned = 0.55
	likelyAligned = 0.4
)

// align looks for the alignment patterns (section 6.3.6 and annex E): first the one at the bottom
// right, which makes the perspective exact, then all others. It returns the correlation of the
// first, or 0 for version 1.
func (g *grid) align(l *layer) float64 {
	version := (g.modules - 17) / 4
	if version < 2 {
		return 0
	}
	centres := decoder.VERSIONS[version-1].GetAlignmentPatternCenters()
	last := float64(centres[len(centres)-1]) + 0.5
	radius := 2.5 + float64(g.modules)/40
	p, score := g.pattern(l, last, last, point{}, radius)
	if flat := g.b.add(g.c).sub(g.a); score < 0.8 && flat.dist(g.d) > 1 {
		other := *g
		other.d = flat
		other.lay(g.modules)
		if q, s := other.pattern(l, last, last, point{}, radius); s > score {
			p, score = q, s
		}
	}
	if score < likelyAligned {
		return score
	}
	far := float64(g.modules) - darkEnd
	g.h = between([4]point{{darkEnd, darkEnd}, {far, darkEnd}, {last, last}, {darkEnd, far}}, [4]point{g.a, g.b, p, g.c})
	if len(centres) > 2 {
		g.bend(l, centres)
	}
	return score
}

// bend fills the mesh from the bottom right outwards, each pattern sought where those before it
// lead to.
func (g *grid) bend(l *layer, centres []int) {
	m := &g.mesh
	*m = mesh{}
	n := len(centres)
	for i, c := range centres {
		m.centre[i] = float64(c) + 0.5
	}
	m.off, m.found = [7][7]point{}, [7][7]bool{}
	m.found[0][0], m.found[0][n-1], m.found[n-1][0] = true, true, true
	for j := n - 1; j >= 0; j-- {
		for i := n - 1; i >= 0; i-- {
			if m.found[j][i] {
				continue
			}
			guess := m.guess(i, j, n)
			p, score := g.pattern(l, m.centre[i], m.centre[j], guess, 1.75)
			if m.found[j][i] = score >= surelyAligned; m.found[j][i] {
				m.off[j][i] = p.sub(g.h.at(m.centre[i], m.centre[j]))
			}
		}
	}
	for j := range n {
		for i := range n {
			if !m.found[j][i] {
				m.off[j][i] = m.guess(i, j, n)
			}
		}
	}
	m.n = n
}

// guess is the mean offset of the patterns found around one, near ones counting more.
func (m *mesh) guess(i, j, n int) (sum point) {
	weights := 0.0
	for y := max(j-2, 0); y <= min(j+2, n-1); y++ {
		for x := max(i-2, 0); x <= min(i+2, n-1); x++ {
			if m.found[y][x] && (x != i || y != j) {
				w := 1 / float64((x-i)*(x-i)+(y-j)*(y-j))
				sum, weights = sum.add(m.off[y][x].times(w)), weights+w
			}
		}
	}
	if weights == 0 {
		return point{}
	}
	return sum.times(1 / weights)
}

// pattern seeks an alignment pattern around a place in modules, moved by off pixels, as far as
// radius modules, and returns its centre in the picture and the correlation.
func (g *grid) pattern(l *layer, x, y float64, off point, radius float64) (point, float64) {
	p := g.h.at(x, y)
	u, v := g.h.at(x+1, y).sub(p), g.h.at(x, y+1).sub(p)
	p = p.add(off)
	best, score := p, math.Inf(-1)
	spread := []float64{0}
	look := func(du, dv float64) {
		q := point{p.x + du*u.x + dv*v.x, p.y + du*u.y + dv*v.y}
		s := 0.0
		for _, i := range spread {
			for _, j := range spread {
				s += l.correlate(point{q.x + i*u.x + j*v.x, q.y + i*u.y + j*v.y}, u, v, g.light)
			}
		}
		s /= float64(len(spread) * len(spread))
		if s -= 0.01 * math.Hypot(du, dv); s > score {
			best, score = q, s
		}
	}
	const coarse = 0.5
	for dv := -radius; dv <= radius; dv += coarse {
		for du := -radius; du <= radius; du += coarse {
			if l.ringed(point{p.x + du*u.x + dv*v.x, p.y + du*u.y + dv*v.y}, u, v, g.light) {
				look(du, dv)
			}
		}
	}
	if score < likelyAligned-0.15 {
		return best, score
	}
	// Near the centre all samples of the middles lie in the right modules; those near the corners
	// tell the centre better.
	whole := score
	spread, score = []float64{-0.3, 0.3}, math.Inf(-1)
	for step := coarse / 2; step > 0.05; step /= 2 {
		p = best
		for dv := -1.0; dv <= 1; dv++ {
			for du := -1.0; du <= 1; du++ {
				look(du*step, dv*step)
			}
		}
	}
	return best, max(score, whole)
}

// ringed is a quick look whether p may be the middle of an alignment pattern: the ring around it is
// lighter than what is next to it, on the whole.
func (l *layer) ringed(p, u, v point, light bool) bool {
	near := l.value(p.x+u.x, p.y+u.y) + l.value(p.x-u.x, p.y-u.y) + l.value(p.x+v.x, p.y+v.y) + l.value(p.x-v.x, p.y-v.y)
	far := l.value(p.x+2*u.x, p.y+2*u.y) + l.value(p.x-2*u.x, p.y-2*u.y) + l.value(p.x+2*v.x, p.y+2*v.y) + l.value(p.x-2*v.x, p.y-2*v.y)
	return (near > far) != light
}

// correlate compares 5x5 modules with an alignment pattern: from -1 to 1.
func (l *layer) correlate(p, u, v point, light bool) float64 {
	var sum, squares, signed float64
	for j := -2.0; j <= 2; j++ {
		for i := -2.0; i <= 2; i++ {
			s := l.value(p.x+i*u.x+j*v.x, p.y+i*u.y+j*v.y)
			sum += s
			squares += s * s
			if ring := max(math.Abs(i), math.Abs(j)); ring == 1 {
				signed += s / 8
			} else {
				signed -= s / 17
			}
		}
	}
	variance := squares/25 - sum*sum/625
	if variance < 4 {
		return 0
	}
	if light {
		signed = -signed
	}
	return signed / math.Sqrt(variance) * 0.4665 // deviation of the pattern itself, sqrt(8*17)/25
}
