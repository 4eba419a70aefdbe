package symbol

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/finder"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// Guidance is one word about why nothing was read, for the person who holds up a code.
type Guidance uint8

const (
	GuidanceNone    Guidance = iota // a code was read, or nobody seems to show one
	GuidanceDark                    // too little light on the code
	GuidanceBright                  // the picture is washed out
	GuidanceFar                     // the modules are too small
	GuidanceNear                    // part of the code is outside the picture
	GuidanceMoving                  // the code is whole, but smeared: hold it still
	GuidanceGlare                   // a lamp is mirrored in the code
	GuidanceCovered                 // a finger, a fold or dirt hides part of the code
)

func (g Guidance) String() string {
	return [...]string{"", "dark", "bright", "far", "near", "moving", "glare", "covered"}[g]
}

// Bounds between what is said and what is not.
const (
	darkPicture  = 55   // the lightest twentieth of the blocks is darker
	darkCode     = 70   // the light modules of a code are darker
	whitePicture = 0.55 // part of the blocks that are white
	smallModule  = 2.3  // pixels
	largeFinder  = 0.22 // part of the height of the picture
	plainFinder  = 30   // score of what surely is a finder pattern
	sureFinder   = 60   // of one that needs no others beside it
	likelyTiming = 0.35
	glarePart    = 0.04 // of the blocks between the finder patterns that are white
	flatPart     = 0.12 // of those that are of one shade
	leastBusy    = 0.4  // of those of a code with a corner hidden, or outside, that are neither
	smearedPatch = 0.7  // as busy at most is a patch that is out of focus or moving
)

// Guidance says why the last Read found no symbol. It is made from what that Read saw: the light
// of the picture, the finder patterns and what lies between them. The zero Reader has none.
func (r *Reader) Guidance() Guidance {
	if len(r.symbols) > 0 || r.base.W == 0 || r.extremes.Empty() {
		return GuidanceNone
	}
	if r.extremes.Light() < darkPicture {
		return GuidanceDark
	}
	if r.extremes.White() > whitePicture {
		return GuidanceBright
	}
	if t := r.likeliest(); t != nil {
		return r.aboutThree(t)
	}
	return r.aboutFew()
}

// likeliest is the best choice of three finder patterns, if its timing patterns are there.
func (r *Reader) likeliest() *triple {
	for i := range r.triples {
		t := &r.triples[i]
		if t.timing >= likelyTiming && min(r.search.Patterns[t.a].Score, r.search.Patterns[t.b].Score, r.search.Patterns[t.c].Score) > plainFinder/2 {
			return t
		}
	}
	return nil
}

// aboutThree says what is wrong with a code whose corners are known.
func (r *Reader) aboutThree(t *triple) Guidance {
	a, b, c := &r.search.Patterns[t.a], &r.search.Patterns[t.b], &r.search.Patterns[t.c]
	if light(a) < darkCode {
		return GuidanceDark
	}
	if (a.Module+b.Module+c.Module)/3 < smallModule {
		return GuidanceFar
	}
	d := plane.Pt(b.X+c.X-a.X, b.Y+c.Y-a.Y)
	if !r.base.Contains(d.X, d.Y) {
		return GuidanceNear
	}
	r.place(t)
	r.grid.Lay(t.guesses[0].modules)
	white, flat, _ := r.extremes.Within(r.grid.Area())
	switch {
	case white > glarePart:
		return GuidanceGlare
	case flat > flatPart:
		return GuidanceCovered
	}
	return GuidanceMoving
}

// aboutFew says what is wrong where fewer than three finder patterns are seen.
func (r *Reader) aboutFew() Guidance {
	if side, sharp := r.extremes.Patch(); side > 0 && sharp < smearedPatch {
		return GuidanceMoving
	}
	var best, second *finder.Pattern
	for i := range r.search.Patterns {
		f := &r.search.Patterns[i]
		if f.Score > plainFinder && (best == nil || f.Score > best.Score) {
			best = f
		}
	}
	if best == nil {
		return r.aboutNone()
	}
	for i := range r.search.Patterns {
		f := &r.search.Patterns[i]
		if f != best && f.Score > plainFinder && alike(best, f) && paired(best, f) && (second == nil || f.Score > second.Score) {
			second = f
		}
	}
	if 7*best.Module > largeFinder*float64(r.base.H) && best.Score > sureFinder {
		return GuidanceNear
	}
	if second == nil {
		return r.aboutNone()
	}
	if light(best) < darkCode {
		return GuidanceDark
	}
	if (best.Module+second.Module)/2 < smallModule {
		return GuidanceFar
	}
	return r.aboutPair(best, second)
}

// aboutPair says where the third finder pattern is: outside the picture, under a glare or hidden. It
// belongs to the busier of the squares in which the two are corners.
func (r *Reader) aboutPair(f, g *finder.Pattern) Guidance {
	p, q := plane.Pt(f.X, f.Y), plane.Pt(g.X, g.Y)
	u := q.Sub(p)
	v := plane.Pt(-u.Y, u.X)
	squares := [][4]plane.Point{
		{p, q, q.Add(v), p.Add(v)},
		{p, q, q.Sub(v), p.Sub(v)},
	}
	if f.Diagonal(u) {
		middle, half := p.Add(q).Times(0.5), v.Times(0.5)
		squares = [][4]plane.Point{{p, middle.Add(half), q, middle.Sub(half)}}
	}
	var area [4]plane.Point
	most := -1.0
	for _, s := range squares {
		if _, _, busy := r.extremes.Within(turned(s)); busy > most {
			most, area = busy, s
		}
	}
	outside := 0
	for _, c := range area {
		if !r.base.Contains(c.X, c.Y) {
			outside++
		}
	}
	switch white, _, _ := r.extremes.Within(turned(area)); {
	case most < leastBusy:
		return GuidanceNone
	case outside > 0:
		return GuidanceNear
	case white > glarePart:
		return GuidanceGlare
	}
	return GuidanceCovered
}

// aboutNone looks for a patch as busy as a code, and as square: a small one is too far away, a large
// one is smeared so much that its finder patterns are gone.
func (r *Reader) aboutNone() Guidance {
	switch side, _ := r.extremes.Patch(); {
	case side == 0:
		return GuidanceNone
	case side*8 < r.base.H/4:
		return GuidanceFar
	}
	return GuidanceMoving
}

// paired reports whether two finder patterns lie as those of one symbol do: along a side of both, or
// along the diagonal, at a distance that a symbol may have.
func paired(f, g *finder.Pattern) bool {
	u := plane.Pt(g.X-f.X, g.Y-f.Y)
	modules := math.Hypot(u.X, u.Y) * 2 * finder.DarkEnd / (f.Span(u.X, u.Y) + g.Span(u.X, u.Y))
	return modules > leastModules-2*finder.DarkEnd-2 && modules < mostModules*1.5
}

// light is the shade of the light modules of a finder pattern.
func light(f *finder.Pattern) float64 { return f.Middle + f.Contrast/2 }

// turned gives an area the turn that within expects.
func turned(a [4]plane.Point) [4]plane.Point {
	if (a[1].X-a[0].X)*(a[2].Y-a[0].Y)-(a[1].Y-a[0].Y)*(a[2].X-a[0].X) < 0 {
		a[1], a[3] = a[3], a[1]
	}
	return a
}
