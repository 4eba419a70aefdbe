package symbol

import (
	"context"
	"math"
)

// mostPairs bounds the finder patterns whose pairs may lack a third.
const mostPairs = 8

// likelyFinder is the correlation with a finder pattern from which a place is taken for one that
// the rows did not show.
const likelyFinder = 0.5

// recover looks for the third finder pattern of a symbol where glare, dirt or blur hid it from
// the rows: with two known, it can only be in six places.
func (r *Reader) recover(ctx context.Context) {
	r.triples, r.guesses = r.guesses[:0], r.triples
	defer func() { r.triples, r.guesses = r.guesses, r.triples }()
	n := min(len(r.finders), mostPairs)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f, g := r.finders[i], r.finders[j]
			if !alike(&f, &g) || f.module > 1.6*g.module || g.module > 1.6*f.module {
				continue
			}
			u := point{g.x - f.x, g.y - f.y}
			v, ok := f.side(point{-u.y, u.x}, u)
			if !ok {
				v = point{-u.y, u.x}.times(1 / math.Hypot(u.x, u.y))
			}
			modules := math.Hypot(u.x, u.y) * 2 * darkEnd / (f.span(u.x, u.y) + g.span(u.x, u.y))
			if modules < leastModules-2*darkEnd-3 || modules > mostModules {
				continue
			}
			long := modules * f.span(v.x, v.y) / darkEnd
			for _, at := range []point{
				{f.x + v.x*long, f.y + v.y*long}, {f.x - v.x*long, f.y - v.y*long},
				{g.x + v.x*long, g.y + v.y*long}, {g.x - v.x*long, g.y - v.y*long},
				{f.x + u.x/2 + v.x*long/2, f.y + u.y/2 + v.y*long/2}, {f.x + u.x/2 - v.x*long/2, f.y + u.y/2 - v.y*long/2},
			} {
				if ctx.Err() != nil || r.left.Grids <= 0 || r.left.Decodes <= 0 {
					return
				}
				if r.base.contains(at.x, at.y) && r.third(&f, &g, i, j, at, modules) {
					return
				}
			}
		}
	}
}

// third looks around one place for the finder pattern that goes with f and g, and reads the
// symbol if it is there.
func (r *Reader) third(f, g *finder, i, j int, at point, modules float64) bool {
	r.left.Grids--
	r.spent.Grids++
	like, other := f, point{g.x, g.y}
	if at.dist(other) < at.dist(point{f.x, f.y}) {
		like = g
	}
	d := point{g.x - f.x, g.y - f.y}
	if diagonal := at.dist(point{f.x, f.y})*1.2 < math.Hypot(d.x, d.y) && at.dist(other)*1.2 < math.Hypot(d.x, d.y); diagonal {
		d = at.sub(point{f.x, f.y})
	}
	u, okU := like.side(d, point{-d.y, d.x})
	v, okV := like.side(point{-d.y, d.x}, d)
	if !okU || !okV {
		return false
	}
	u, v = u.times(like.span(u.x, u.y)/darkEnd), v.times(like.span(v.x, v.y)/darkEnd)
	p, score := r.base.seek(at, u, v, f.light, min(2+modules/8, 9))
	if score < likelyFinder {
		return false
	}
	r.finders = append(r.finders, *like)
	k := len(r.finders) - 1
	r.finders[k].x, r.finders[k].y = p.x, p.y
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
			r.areas = append(r.areas, r.grid.area())
			found = true
			break
		}
	}
	r.finders = r.finders[:k]
	return found
}

// seek finds the place around p, as far as radius modules, that is most like a finder pattern.
func (l *layer) seek(p, u, v point, light bool, radius float64) (point, float64) {
	best, score := p, -1.0
	look := func(du, dv float64) {
		q := point{p.x + du*u.x + dv*v.x, p.y + du*u.y + dv*v.y}
		if !l.contains(q.x, q.y) || !l.rings(q, u, v, light) {
			return
		}
		if s := l.correlateFinder(q, u, v, light); s > score {
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
func (l *layer) rings(p, u, v point, light bool) bool {
	var mean [4]float64
	for _, ring := range [...]float64{1, 2, 3} {
		for _, d := range [8]point{{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}} {
			mean[int(ring)] += l.value(p.x+ring*(d.x*u.x+d.y*v.x), p.y+ring*(d.x*u.y+d.y*v.y)) / 8
		}
	}
	inner, outer := mean[2]-mean[1], mean[2]-mean[3]
	if light {
		inner, outer = -inner, -outer
	}
	return inner > 0 && outer > 0 && inner+outer > leastContrast
}

// correlateFinder compares 9x9 modules with a finder pattern and its separator: from -1 to 1.
func (l *layer) correlateFinder(p, u, v point, light bool) float64 {
	var sum, squares, dark, lite float64
	for j := -4.0; j <= 4; j++ {
		for i := -4.0; i <= 4; i++ {
			s := l.value(p.x+i*u.x+j*v.x, p.y+i*u.y+j*v.y)
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
