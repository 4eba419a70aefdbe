// Package lattice lays the modules of a QR symbol over a picture, bent by its alignment patterns or by
// the modules themselves, and sorts them into dark and light.
package lattice

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/finder"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// corner is the centre of a finder pattern in modules from the edges.
const corner = finder.DarkEnd

// Grid lays the modules of a symbol over the picture: a perspective through the three finder
// patterns and a fourth point, bent by what the alignment patterns say.
type Grid struct {
	A, B, C, D plane.Point // centres of the finder patterns, and where a fourth would be
	Modules    int         // along a side
	Light      bool        // light on dark
	h          homography
	mesh       mesh
}

// Place sets the corners of g from three finder patterns: top left, top right and bottom left. The
// fourth corner is where the sides that leave the latter two meet.
func (g *Grid) Place(fa, fb, fc *finder.Pattern) {
	g.A, g.B, g.C = plane.Pt(fa.X, fa.Y), plane.Pt(fb.X, fb.Y), plane.Pt(fc.X, fc.Y)
	g.Light = fa.Light
	u, v := g.B.Sub(g.A), g.C.Sub(g.A)
	flat := g.B.Add(v)
	g.D = flat
	down, okDown := fb.Side(v, u)
	right, okRight := fc.Side(u, v)
	if !okDown || !okRight {
		return
	}
	if p, ok := meet(g.B, down, g.C, right); ok && p.Dist(flat) < 0.35*(math.Hypot(u.X, u.Y)+math.Hypot(v.X, v.Y))/2 {
		g.D = p
	}
}

// meet is where the line from p along d crosses that from q along e.
func meet(p, d, q, e plane.Point) (plane.Point, bool) {
	det := d.X*e.Y - d.Y*e.X
	if math.Abs(det) < 0.2 {
		return plane.Point{}, false
	}
	w := q.Sub(p)
	return p.Add(d.Times((w.X*e.Y - w.Y*e.X) / det)), true
}

// Lay sets the perspective for a side of n modules.
func (g *Grid) Lay(n int) {
	g.Modules = n
	g.mesh.n = 0
	far := float64(n) - corner
	g.h = between([4]plane.Point{plane.Pt(corner, corner), plane.Pt(far, corner), plane.Pt(far, far), plane.Pt(corner, far)}, [4]plane.Point{g.A, g.B, g.D, g.C})
}

// Flatten lays the grid again as if the picture had been taken from straight above: where there is no
// alignment pattern, in a small symbol the estimate of the fourth corner may be the worse one.
func (g *Grid) Flatten() {
	g.D = g.B.Add(g.C).Sub(g.A)
	g.Lay(g.Modules)
}

// At is the position in the picture of a position in modules.
func (g *Grid) At(x, y float64) plane.Point {
	p := g.h.at(x, y)
	if g.mesh.n > 0 {
		p = p.Add(g.mesh.at(x, y))
	}
	return p
}

// Area is the outline of the symbol in the picture.
func (g *Grid) Area() [4]plane.Point {
	n := float64(g.Modules)
	return [4]plane.Point{g.At(0, 0), g.At(n, 0), g.At(n, n), g.At(0, n)}
}

// Timing is how well the two timing patterns agree (section 6.3.5): from -1 to 1.
func (g *Grid) Timing(l *plane.Layer) float64 {
	var row, column timer
	for i := 8; i < g.Modules-8; i++ {
		p, q := g.At(float64(i)+0.5, 6.5), g.At(6.5, float64(i)+0.5)
		if !l.Contains(p.X, p.Y) || !l.Contains(q.X, q.Y) {
			return -1
		}
		row.add(l.Value(p.X, p.Y), i)
		column.add(l.Value(q.X, q.Y), i)
	}
	s, t := row.score(g.Light), column.score(g.Light)
	return 0.7*min(s, t) + 0.3*max(s, t)
}

// timer correlates samples with dark and light in turn.
type timer struct {
	sum, squares, signed float64
	n                    int
}

func (t *timer) add(v float64, i int) {
	t.sum += v
	t.squares += v * v
	t.n++
	if i%2 == 1 {
		t.signed += v
	} else {
		t.signed -= v
	}
}

func (t *timer) score(light bool) float64 {
	n := float64(t.n)
	mean := t.sum / n
	variance := t.squares/n - mean*mean
	if variance < 1 {
		return 0
	}
	signed := t.signed / n
	if t.n%2 == 1 { // one dark module more than light ones
		signed += mean / n
	}
	if light {
		signed = -signed
	}
	return signed / math.Sqrt(variance)
}

// homography maps modules to pixels.
type homography [9]float64

func (h *homography) at(x, y float64) plane.Point {
	w := h[6]*x + h[7]*y + h[8]
	return plane.Pt((h[0]*x+h[1]*y+h[2])/w, (h[3]*x+h[4]*y+h[5])/w)
}

// between is the homography that takes four points to four others.
func between(from, to [4]plane.Point) homography {
	return toQuad(to).times(toQuad(from).adjoint())
}

// toQuad takes the unit square to a quadrilateral (Heckbert, "Fundamentals of Texture Mapping",
// 1989, section 2.2.3).
func toQuad(q [4]plane.Point) homography {
	dx1, dx2, sx := q[1].X-q[2].X, q[3].X-q[2].X, q[0].X-q[1].X+q[2].X-q[3].X
	dy1, dy2, sy := q[1].Y-q[2].Y, q[3].Y-q[2].Y, q[0].Y-q[1].Y+q[2].Y-q[3].Y
	det := dx1*dy2 - dx2*dy1
	if det == 0 {
		det = 1e-12
	}
	g, k := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	return homography{
		q[1].X - q[0].X + g*q[1].X, q[3].X - q[0].X + k*q[3].X, q[0].X,
		q[1].Y - q[0].Y + g*q[1].Y, q[3].Y - q[0].Y + k*q[3].Y, q[0].Y,
		g, k, 1}
}

func (h homography) adjoint() homography {
	return homography{
		h[4]*h[8] - h[5]*h[7], h[2]*h[7] - h[1]*h[8], h[1]*h[5] - h[2]*h[4],
		h[5]*h[6] - h[3]*h[8], h[0]*h[8] - h[2]*h[6], h[2]*h[3] - h[0]*h[5],
		h[3]*h[7] - h[4]*h[6], h[1]*h[6] - h[0]*h[7], h[0]*h[4] - h[1]*h[3]}
}

func (h homography) times(m homography) (out homography) {
	for i := range 3 {
		for j := range 3 {
			out[3*i+j] = h[3*i]*m[j] + h[3*i+1]*m[3+j] + h[3*i+2]*m[6+j]
		}
	}
	return out
}
