package symbol

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
	"example.org/checkpoint/firmware/symbol/internal/finder"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// Bounds of the choice of three finder patterns.
const (
	mostFinders = 40   // of the best contrast are combined
	mostTriples = 4096 // kept for a look at their timing patterns
	mostTimed   = 160  // looked at
)

// Sizes of a symbol in modules (section 6.3.1).
const (
	leastModules = 21
	mostModules  = 177
)

// triple is three finder patterns as the corners of a symbol: a top left, b top right, c bottom
// left, unless the symbol is mirrored.
type triple struct {
	a, b, c int
	modules float64 // estimated side of the symbol
	misfit  float64 // of the geometry; 0 is perfect
	timing  float64 // of the best guess of the side; 1 is perfect
	guesses [guesses]guess
}

// guess is a side of the symbol and how well the timing patterns agree.
type guess struct {
	modules int
	timing  float64
}

const guesses = 7

// choose fills r.triples, the likeliest first.
func (r *Reader) choose(ctx context.Context) {
	r.triples = r.triples[:0]
	n := min(len(r.search.Patterns), mostFinders)
	for i := range n {
		for j := i + 1; j < n; j++ {
			if !alike(&r.search.Patterns[i], &r.search.Patterns[j]) {
				continue
			}
			if ctx.Err() != nil {
				return
			}
			for k := j + 1; k < n; k++ {
				if r.left.Triples <= 0 {
					break
				}
				if !alike(&r.search.Patterns[i], &r.search.Patterns[k]) || !alike(&r.search.Patterns[j], &r.search.Patterns[k]) {
					continue
				}
				r.left.Triples--
				r.spent.Triples++
				r.corner(i, j, k)
				r.corner(j, i, k)
				r.corner(k, i, j)
			}
		}
	}
	slices.SortFunc(r.triples, func(s, t triple) int { return cmp.Compare(s.misfit, t.misfit) })
	if len(r.triples) > mostTimed {
		r.triples = r.triples[:mostTimed]
	}
	for i := range r.triples {
		if ctx.Err() != nil {
			return
		}
		r.time(&r.triples[i])
	}
	slices.SortFunc(r.triples, func(s, t triple) int {
		return cmp.Compare(t.timing-t.misfit/4, s.timing-s.misfit/4)
	})
}

// mostUnlike is the ratio of the modules of two finder patterns of a symbol seen from close by.
const mostUnlike = 2.4

// alike reports whether two finder patterns may belong to one symbol, seen from the side.
func alike(f, g *finder.Pattern) bool {
	return f.Light == g.Light && f.Module < mostUnlike*g.Module && g.Module < mostUnlike*f.Module &&
		f.Contrast < 4*g.Contrast && g.Contrast < 4*f.Contrast
}

// corner adds the triple with a between b and c, if its shape allows.
func (r *Reader) corner(a, b, c int) {
	if len(r.triples) == mostTriples {
		return
	}
	fa, fb, fc := &r.search.Patterns[a], &r.search.Patterns[b], &r.search.Patterns[c]
	ux, uy, vx, vy := fb.X-fa.X, fb.Y-fa.Y, fc.X-fa.X, fc.Y-fa.Y
	cross := ux*vy - uy*vx
	if cross < 0 {
		b, c, fb, fc = c, b, fc, fb
		ux, uy, vx, vy = vx, vy, ux, uy
		cross = -cross
	}
	lu, lv := math.Hypot(ux, uy), math.Hypot(vx, vy)
	if cross < 0.6*lu*lv { // more than 53 degrees off the right angle
		return
	}
	mu := (fa.Span(ux, uy) + fb.Span(ux, uy)) / (2 * finder.DarkEnd)
	mv := (fa.Span(vx, vy) + fc.Span(vx, vy)) / (2 * finder.DarkEnd)
	nu, nv := lu/mu, lv/mv
	n := (nu+nv)/2 + 2*finder.DarkEnd
	if n < leastModules-4 || n > mostModules*1.15 {
		return
	}
	uneven := math.Abs(nu-nv) / (nu + nv)
	if uneven > 0.2 {
		return
	}
	cos := math.Abs(ux*vx+uy*vy) / (lu * lv)
	misfit := 2*uneven + 0.3*cos + 0.3*math.Abs(math.Log(lu/lv)) + 0.2*math.Abs(math.Log(mu/mv))
	misfit += 0.2 * (1 - min(fa.Score, fb.Score, fc.Score)/max(fa.Score, fb.Score, fc.Score))
	r.triples = append(r.triples, triple{a: a, b: b, c: c, modules: n, misfit: misfit})
}

// place sets the corners of r.grid.
func (r *Reader) place(t *triple) {
	p := r.search.Patterns
	r.grid.Place(&p[t.a], &p[t.b], &p[t.c])
}

// time guesses the side of a symbol and looks at the timing patterns for each guess.
func (r *Reader) time(t *triple) {
	nearest := int(math.Round((t.modules-17)/4))*4 + 17
	g := &r.grid
	r.place(t)
	t.timing = -1
	steps := 1
	if nearest > 37 {
		steps = 2
	}
	if nearest > 77 {
		steps = 3
	}
	for i := range t.guesses {
		q := &t.guesses[i]
		q.modules, q.timing = nearest+4*(i-guesses/2), -1
		if d := i - guesses/2; d > steps || -d > steps || q.modules < leastModules || q.modules > mostModules {
			continue
		}
		g.Lay(q.modules)
		q.timing = g.Timing(&r.base)
	}
	if n, ok := r.version(t); ok && math.Abs(float64(n)-t.modules) < 0.3*t.modules {
		told := guess{modules: n}
		i := slices.IndexFunc(t.guesses[:], func(q guess) bool { return q.modules == n })
		if i < 0 {
			i = 0
			g.Lay(n)
			t.guesses[i].timing = g.Timing(&r.base)
		}
		told.timing = (1 + max(t.guesses[i].timing, 0)) / 2
		t.guesses[i] = told
	}
	for _, q := range t.guesses {
		t.timing = max(t.timing, q.timing)
	}
	slices.SortFunc(t.guesses[:], func(p, q guess) int { return cmp.Compare(q.timing, p.timing) })
}

// version reads the version information beside the finder patterns b and c (section 7.10), which
// versions 7 and above have, from those patterns alone: it holds where the symbol is bent or its
// perspective unknown. It returns the side in modules.
func (r *Reader) version(t *triple) (int, bool) {
	if t.modules < 36 {
		return 0, false
	}
	a, b, c := &r.search.Patterns[t.a], &r.search.Patterns[t.b], &r.search.Patterns[t.c]
	u, v := plane.Pt(b.X-a.X, b.Y-a.Y), plane.Pt(c.X-a.X, c.Y-a.Y)
	first, far := r.versionAt(b, u, v)
	second, far2 := r.versionAt(c, v, u)
	switch {
	case first == second && far <= 3 && far2 <= 3, far <= 2 && far < far2:
		return 17 + 4*first, true
	case far2 <= 2:
		return 17 + 4*second, true
	}
	return 0, false
}

// versionAt reads the version information before f along u and returns it with the number of its
// modules that differ.
func (r *Reader) versionAt(f *finder.Pattern, u, v plane.Point) (version, distance int) {
	du, okU := f.Side(u, v)
	dv, okV := f.Side(v, u)
	if !okU || !okV {
		return 0, 18
	}
	du, dv = du.Times(f.Span(du.X, du.Y)/finder.DarkEnd), dv.Times(f.Span(dv.X, dv.Y)/finder.DarkEnd)
	var read uint32
	for i := range 18 {
		x, y := float64(i%3)-7, float64(i/3)-3
		p := plane.Pt(f.X, f.Y).Add(du.Times(x)).Add(dv.Times(y))
		if (r.base.Value(p.X, p.Y) < f.Middle) != f.Light {
			read |= 1 << i
		}
	}
	distance = 18
	for n := 7; n <= 40; n++ {
		if d := bits.OnesCount32(read ^ codewords.VersionBits(uint32(n))); d < distance {
			version, distance = n, d
		}
	}
	return version, distance
}
