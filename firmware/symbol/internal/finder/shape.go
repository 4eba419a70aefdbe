package finder

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// Side is the direction of those two edges of f that run about along v, across u.
func (f *Pattern) Side(along, across plane.Point) (plane.Point, bool) {
	su, sv := f.Span(across.X, across.Y), f.Span(along.X, along.Y)
	lu, lv := math.Hypot(across.X, across.Y), math.Hypot(along.X, along.Y)
	u, v := across.Times(su/lu), along.Times(sv/lv)
	det := u.X*v.Y - u.Y*v.X
	if math.Abs(det) < 1e-9 {
		return plane.Point{}, false
	}
	var sum plane.Point
	for _, sign := range []float64{1, -1} {
		var n, mx, my float64
		var on [rays]plane.Point
		k := 0
		for i, d := range direction {
			p := plane.Pt(d[0]*f.Reach[i], d[1]*f.Reach[i])
			pu, pv := (p.X*v.Y-p.Y*v.X)/det, (u.X*p.Y-u.Y*p.X)/det
			if pu*sign > 0.75 && math.Abs(pv) < 0.8 {
				on[k] = p
				k++
				n, mx, my = n+1, mx+p.X, my+p.Y
			}
		}
		if k < 2 {
			continue
		}
		mx, my = mx/n, my/n
		var xx, xy, yy float64
		for _, p := range on[:k] {
			dx, dy := p.X-mx, p.Y-my
			xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
		}
		angle := math.Atan2(2*xy, xx-yy) / 2 // main axis of the points
		d := plane.Pt(math.Cos(angle), math.Sin(angle))
		if d.X*along.X+d.Y*along.Y < 0 {
			d = d.Times(-1)
		}
		weight := math.Hypot(xx, yy)
		sum = sum.Add(d.Times(weight))
	}
	l := math.Hypot(sum.X, sum.Y)
	if l < 1e-9 {
		return plane.Point{}, false
	}
	sum = sum.Times(1 / l)
	return sum, (sum.X*along.X+sum.Y*along.Y)/lv > 0.8
}

// Diagonal reports whether u leads to the opposite corner of a symbol rather than along a side.
func (f *Pattern) Diagonal(u plane.Point) bool {
	least := math.Inf(1)
	for i := range rays / 2 {
		least = min(least, (f.Reach[i]+f.Reach[i+rays/2])/2)
	}
	return f.Span(u.X, u.Y) > 1.25*least
}
