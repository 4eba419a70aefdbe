package symbol

import (
	"context"
	"math"

	"example.org/checkpoint/firmware/symbol/internal/finder"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// likelyFinder is the correlation with a finder pattern from which a place is taken for one that
// the rows did not show.
const likelyFinder = 0.5

// mostPairs bounds the finder patterns whose pairs may lack a third.
const mostPairs = 8

// recover looks for the third finder pattern of a symbol where glare, dirt or blur hid it from
// the rows: with two known, it can only be in six places.
func (r *Reader) recover(ctx context.Context) {
	r.triples, r.guesses = r.guesses[:0], r.triples
	defer func() { r.triples, r.guesses = r.guesses, r.triples }()
	n := min(len(r.search.Patterns), mostPairs)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f, g := r.search.Patterns[i], r.search.Patterns[j]
			if !alike(&f, &g) || f.Module > 1.6*g.Module || g.Module > 1.6*f.Module {
				continue
			}
			u := plane.Pt(g.X-f.X, g.Y-f.Y)
			v, ok := f.Side(plane.Pt(-u.Y, u.X), u)
			if !ok {
				v = plane.Pt(-u.Y, u.X).Times(1 / math.Hypot(u.X, u.Y))
			}
			modules := math.Hypot(u.X, u.Y) * 2 * finder.DarkEnd / (f.Span(u.X, u.Y) + g.Span(u.X, u.Y))
			if modules < leastModules-2*finder.DarkEnd-3 || modules > mostModules {
				continue
			}
			long := modules * f.Span(v.X, v.Y) / finder.DarkEnd
			for _, at := range []plane.Point{
				plane.Pt(f.X+v.X*long, f.Y+v.Y*long), plane.Pt(f.X-v.X*long, f.Y-v.Y*long),
				plane.Pt(g.X+v.X*long, g.Y+v.Y*long), plane.Pt(g.X-v.X*long, g.Y-v.Y*long),
				plane.Pt(f.X+u.X/2+v.X*long/2, f.Y+u.Y/2+v.Y*long/2), plane.Pt(f.X+u.X/2-v.X*long/2, f.Y+u.Y/2-v.Y*long/2),
			} {
				if ctx.Err() != nil || r.left.Grids <= 0 || r.left.Decodes <= 0 {
					return
				}
				if r.base.Contains(at.X, at.Y) && r.third(&f, &g, i, j, at, modules) {
					return
				}
			}
		}
	}
}

// third looks around one place for the finder pattern that goes with f and g, and reads the
// symbol if it is there.
func (r *Reader) third(f, g *finder.Pattern, i, j int, at plane.Point, modules float64) bool {
	r.left.Grids--
	r.spent.Grids++
	like, other := f, plane.Pt(g.X, g.Y)
	if at.Dist(other) < at.Dist(plane.Pt(f.X, f.Y)) {
		like = g
	}
	d := plane.Pt(g.X-f.X, g.Y-f.Y)
	if diagonal := at.Dist(plane.Pt(f.X, f.Y))*1.2 < math.Hypot(d.X, d.Y) && at.Dist(other)*1.2 < math.Hypot(d.X, d.Y); diagonal {
		d = at.Sub(plane.Pt(f.X, f.Y))
	}
	u, okU := like.Side(d, plane.Pt(-d.Y, d.X))
	v, okV := like.Side(plane.Pt(-d.Y, d.X), d)
	if !okU || !okV {
		return false
	}
	u, v = u.Times(like.Span(u.X, u.Y)/finder.DarkEnd), v.Times(like.Span(v.X, v.Y)/finder.DarkEnd)
	p, score := finder.Seek(&r.base, at, u, v, f.Light, min(2+modules/8, 9))
	if score < likelyFinder {
		return false
	}
	r.search.Patterns = append(r.search.Patterns, *like)
	k := len(r.search.Patterns) - 1
	r.search.Patterns[k].X, r.search.Patterns[k].Y = p.X, p.Y
	r.triples = r.triples[:0]
	r.corner(i, j, k)
	r.corner(j, i, k)
	r.corner(k, i, j)
	found := false
	for n := range r.triples {
		t := &r.triples[n]
		r.time(t)
		s, ok := r.try(t)
		if ok {
			r.symbols = append(r.symbols, s)
			r.areas = append(r.areas, r.grid.Area())
			found = true
			break
		}
	}
	r.search.Patterns = r.search.Patterns[:k]
	return found
}
