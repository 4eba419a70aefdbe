package symbol

import "math"

// point is a position in pixels of the frame, or in modules of a symbol.
type point struct{ x, y float64 }

func (p point) add(q point) point     { return point{p.x + q.x, p.y + q.y} }
func (p point) sub(q point) point     { return point{p.x - q.x, p.y - q.y} }
func (p point) dist(q point) float64  { return math.Hypot(p.x-q.x, p.y-q.y) }
func (p point) times(f float64) point { return point{p.x * f, p.y * f} }

// grid lays the modules of a symbol over the picture: a perspective through the three finder
// patterns and a fourth point, bent by what the alignment patterns say.
type grid struct {
	a, b, c, d point // centres of the finder patterns, and where a fourth would be
	modules    int
	light      bool // light on dark
	h          homography
	mesh       mesh
	finder     [3]*finder
}

// place sets the corners of g from a triple; the fourth is where the sides that leave the other
// two finder patterns meet.
func (r *Reader) place(g *grid, t *triple) {
	fa, fb, fc := &r.finders[t.a], &r.finders[t.b], &r.finders[t.c]
	g.finder = [3]*finder{fa, fb, fc}
	g.a, g.b, g.c = point{fa.x, fa.y}, point{fb.x, fb.y}, point{fc.x, fc.y}
	g.light = fa.light
	u, v := g.b.sub(g.a), g.c.sub(g.a)
	flat := g.b.add(v)
	g.d = flat
	down, okDown := fb.side(v, u)
	right, okRight := fc.side(u, v)
	if !okDown || !okRight {
		return
	}
	if p, ok := meet(g.b, down, g.c, right); ok && p.dist(flat) < 0.35*(math.Hypot(u.x, u.y)+math.Hypot(v.x, v.y))/2 {
		g.d = p
	}
}

// side is the direction of those two edges of f that run about along v, across u.
func (f *finder) side(along, across point) (point, bool) {
	su, sv := f.span(across.x, across.y), f.span(along.x, along.y)
	lu, lv := math.Hypot(across.x, across.y), math.Hypot(along.x, along.y)
	u, v := across.times(su/lu), along.times(sv/lv)
	det := u.x*v.y - u.y*v.x
	if math.Abs(det) < 1e-9 {
		return point{}, false
	}
	var sum point
	for _, sign := range []float64{1, -1} {
		var n, mx, my float64
		var on [rays]point
		k := 0
		for i, d := range direction {
			p := point{d[0] * f.reach[i], d[1] * f.reach[i]}
			pu, pv := (p.x*v.y-p.y*v.x)/det, (u.x*p.y-u.y*p.x)/det
			if pu*sign > 0.75 && math.Abs(pv) < 0.8 {
				on[k] = p
				k++
				n, mx, my = n+1, mx+p.x, my+p.y
			}
		}
		if k < 2 {
			continue
		}
		mx, my = mx/n, my/n
		var xx, xy, yy float64
		for _, p := range on[:k] {
			dx, dy := p.x-mx, p.y-my
			xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
		}
		angle := math.Atan2(2*xy, xx-yy) / 2 // main axis of the points
		d := point{math.Cos(angle), math.Sin(angle)}
		if d.x*along.x+d.y*along.y < 0 {
			d = d.times(-1)
		}
		weight := math.Hypot(xx, yy)
		sum = sum.add(d.times(weight))
	}
	l := math.Hypot(sum.x, sum.y)
	if l < 1e-9 {
		return point{}, false
	}
	sum = sum.times(1 / l)
	return sum, (sum.x*along.x+sum.y*along.y)/lv > 0.8
}

// meet is where the line from p along d crosses that from q along e.
func meet(p, d, q, e point) (point, bool) {
	det := d.x*e.y - d.y*e.x
	if math.Abs(det) < 0.2 {
		return point{}, false
	}
	w := q.sub(p)
	return p.add(d.times((w.x*e.y - w.y*e.x) / det)), true
}

// lay sets the perspective for a side of n modules.
func (g *grid) lay(n int) {
	g.modules = n
	g.mesh.n = 0
	far := float64(n) - darkEnd
	g.h = between([4]point{{darkEnd, darkEnd}, {far, darkEnd}, {far, far}, {darkEnd, far}}, [4]point{g.a, g.b, g.d, g.c})
}

// at is the position in the picture of a position in modules.
func (g *grid) at(x, y float64) point {
	p := g.h.at(x, y)
	if g.mesh.n > 0 {
		p = p.add(g.mesh.at(x, y))
	}
	return p
}

// area is the outline of the symbol in the picture.
func (g *grid) area() [4]point {
	n := float64(g.modules)
	return [4]point{g.at(0, 0), g.at(n, 0), g.at(n, n), g.at(0, n)}
}

// within reports whether a place of the picture lies in an area.
func within(area [4]point, at point) bool {
	for i, p := range area {
		q := area[(i+1)%4]
		if (q.x-p.x)*(at.y-p.y)-(q.y-p.y)*(at.x-p.x) < 0 {
			return false
		}
	}
	return true
}

// timing is how well the two timing patterns agree (section 6.3.5): from -1 to 1.
func (g *grid) timing(l *layer) float64 {
	var row, column timer
	for i := 8; i < g.modules-8; i++ {
		p, q := g.at(float64(i)+0.5, 6.5), g.at(6.5, float64(i)+0.5)
		if !l.contains(p.x, p.y) || !l.contains(q.x, q.y) {
			return -1
		}
		row.add(l.value(p.x, p.y), i)
		column.add(l.value(q.x, q.y), i)
	}
	s, t := row.score(g.light), column.score(g.light)
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

func (h *homography) at(x, y float64) point {
	w := h[6]*x + h[7]*y + h[8]
	return point{(h[0]*x + h[1]*y + h[2]) / w, (h[3]*x + h[4]*y + h[5]) / w}
}

// between is the homography that takes four points to four others.
func between(from, to [4]point) homography {
	return toQuad(to).times(toQuad(from).adjoint())
}

// toQuad takes the unit square to a quadrilateral (Heckbert, "Fundamentals of Texture Mapping",
// 1989, section 2.2.3).
func toQuad(q [4]point) homography {
	dx1, dx2, sx := q[1].x-q[2].x, q[3].x-q[2].x, q[0].x-q[1].x+q[2].x-q[3].x
	dy1, dy2, sy := q[1].y-q[2].y, q[3].y-q[2].y, q[0].y-q[1].y+q[2].y-q[3].y
	det := dx1*dy2 - dx2*dy1
	if det == 0 {
		det = 1e-12
	}
	g, k := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	return homography{
		q[1].x - q[0].x + g*q[1].x, q[3].x - q[0].x + k*q[3].x, q[0].x,
		q[1].y - q[0].y + g*q[1].y, q[3].y - q[0].y + k*q[3].y, q[0].y,
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
