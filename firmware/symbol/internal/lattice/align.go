package lattice

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// mesh holds, for each alignment pattern, how far from the perspective it was found, in pixels.
// Between them the distance changes evenly.
type mesh struct {
	n      int        // patterns along a side; 0 for none
	centre [7]float64 // in modules
	off    [7][7]plane.Point
	found  [7][7]bool
}

// at is how far the picture of a place, in modules, is from the perspective.
func (m *mesh) at(x, y float64) plane.Point {
	i, fx := m.cell(x)
	j, fy := m.cell(y)
	top := m.off[j][i].Times(1 - fx).Add(m.off[j][i+1].Times(fx))
	bottom := m.off[j+1][i].Times(1 - fx).Add(m.off[j+1][i+1].Times(fx))
	return top.Times(1 - fy).Add(bottom.Times(fy))
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

// Align looks for the alignment patterns (section 6.3.6 and annex E): first the one at the bottom
// right, which makes the perspective exact, then all others. It returns the correlation of the
// first, or 0 for version 1.
func (g *Grid) Align(l *plane.Layer) float64 {
	version := (g.Modules - 17) / 4
	if version < 2 {
		return 0
	}
	centres := codewords.AlignmentCentres(version)
	last := float64(centres[len(centres)-1]) + 0.5
	radius := 2.5 + float64(g.Modules)/40
	p, score := g.pattern(l, last, last, plane.Point{}, radius)
	if flat := g.B.Add(g.C).Sub(g.A); score < 0.8 && flat.Dist(g.D) > 1 {
		other := *g
		other.D = flat
		other.Lay(g.Modules)
		if q, s := other.pattern(l, last, last, plane.Point{}, radius); s > score {
			p, score = q, s
		}
	}
	if score < likelyAligned {
		return score
	}
	far := float64(g.Modules) - corner
	g.h = between([4]plane.Point{plane.Pt(corner, corner), plane.Pt(far, corner), plane.Pt(last, last), plane.Pt(corner, far)}, [4]plane.Point{g.A, g.B, p, g.C})
	if len(centres) > 2 {
		g.bend(l, centres)
	}
	return score
}

// bend fills the mesh from the bottom right outwards, each pattern sought where those before it
// lead to.
func (g *Grid) bend(l *plane.Layer, centres []int) {
	m := &g.mesh
	*m = mesh{}
	n := len(centres)
	for i, c := range centres {
		m.centre[i] = float64(c) + 0.5
	}
	m.off, m.found = [7][7]plane.Point{}, [7][7]bool{}
	m.found[0][0], m.found[0][n-1], m.found[n-1][0] = true, true, true
	for j := n - 1; j >= 0; j-- {
		for i := n - 1; i >= 0; i-- {
			if m.found[j][i] {
				continue
			}
			guess := m.guess(i, j, n)
			p, score := g.pattern(l, m.centre[i], m.centre[j], guess, 1.75)
			if m.found[j][i] = score >= surelyAligned; m.found[j][i] {
				m.off[j][i] = p.Sub(g.h.at(m.centre[i], m.centre[j]))
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
func (m *mesh) guess(i, j, n int) (sum plane.Point) {
	weights := 0.0
	for y := max(j-2, 0); y <= min(j+2, n-1); y++ {
		for x := max(i-2, 0); x <= min(i+2, n-1); x++ {
			if m.found[y][x] && (x != i || y != j) {
				w := 1 / float64((x-i)*(x-i)+(y-j)*(y-j))
				sum, weights = sum.Add(m.off[y][x].Times(w)), weights+w
			}
		}
	}
	if weights == 0 {
		return plane.Point{}
	}
	return sum.Times(1 / weights)
}

// pattern seeks an alignment pattern around a place in modules, moved by off pixels, as far as
// radius modules, and returns its centre in the picture and the correlation.
func (g *Grid) pattern(l *plane.Layer, x, y float64, off plane.Point, radius float64) (plane.Point, float64) {
	p := g.h.at(x, y)
	u, v := g.h.at(x+1, y).Sub(p), g.h.at(x, y+1).Sub(p)
	p = p.Add(off)
	best, score := p, math.Inf(-1)
	spread := []float64{0}
	look := func(du, dv float64) {
		q := plane.Pt(p.X+du*u.X+dv*v.X, p.Y+du*u.Y+dv*v.Y)
		s := 0.0
		for _, i := range spread {
			for _, j := range spread {
				s += correlate(l, plane.Pt(q.X+i*u.X+j*v.X, q.Y+i*u.Y+j*v.Y), u, v, g.Light)
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
			if ringed(l, plane.Pt(p.X+du*u.X+dv*v.X, p.Y+du*u.Y+dv*v.Y), u, v, g.Light) {
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
func ringed(l *plane.Layer, p, u, v plane.Point, light bool) bool {
	near := l.Value(p.X+u.X, p.Y+u.Y) + l.Value(p.X-u.X, p.Y-u.Y) + l.Value(p.X+v.X, p.Y+v.Y) + l.Value(p.X-v.X, p.Y-v.Y)
	far := l.Value(p.X+2*u.X, p.Y+2*u.Y) + l.Value(p.X-2*u.X, p.Y-2*u.Y) + l.Value(p.X+2*v.X, p.Y+2*v.Y) + l.Value(p.X-2*v.X, p.Y-2*v.Y)
	return (near > far) != light
}

// correlate compares 5x5 modules with an alignment pattern: from -1 to 1.
func correlate(l *plane.Layer, p, u, v plane.Point, light bool) float64 {
	var sum, squares, signed float64
	for j := -2.0; j <= 2; j++ {
		for i := -2.0; i <= 2; i++ {
			s := l.Value(p.X+i*u.X+j*v.X, p.Y+i*u.Y+j*v.Y)
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
