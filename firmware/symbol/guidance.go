package symbol

import "math"

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
	whiteBlock   = 248  // all of a block is at least this light
	whitePicture = 0.55 // part of the blocks that are white
	smallModule  = 2.3  // pixels
	largeFinder  = 0.22 // part of the height of the picture
	plainFinder  = 30   // score of what surely is a finder pattern
	sureFinder   = 60   // of one that needs no others beside it
	likelyTiming = 0.35
	glarePart    = 0.04 // of the blocks between the finder patterns that are white
	flatPart     = 0.12 // of those that are of one shade
	leastBusy    = 0.4  // of those of a code with a corner hidden, or outside, that are neither
)

// Guidance says why the last Read found no symbol. It is made from what that Read saw: the light
// of the picture, the finder patterns and what lies between them. The zero Reader has none.
func (r *Reader) Guidance() Guidance {
	if len(r.symbols) > 0 || r.base.w == 0 || len(r.extremes.lo) == 0 {
		return GuidanceNone
	}
	if r.extremes.light() < darkPicture {
		return GuidanceDark
	}
	if r.extremes.white() > whitePicture {
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
		if t.timing >= likelyTiming && min(r.finders[t.a].score, r.finders[t.b].score, r.finders[t.c].score) > plainFinder/2 {
			return t
		}
	}
	return nil
}

// aboutThree says what is wrong with a code whose corners are known.
func (r *Reader) aboutThree(t *triple) Guidance {
	a, b, c := &r.finders[t.a], &r.finders[t.b], &r.finders[t.c]
	if light(a) < darkCode {
		return GuidanceDark
	}
	if (a.module+b.module+c.module)/3 < smallModule {
		return GuidanceFar
	}
	d := point{b.x + c.x - a.x, b.y + c.y - a.y}
	if !r.base.contains(d.x, d.y) {
		return GuidanceNear
	}
	r.place(&r.grid, t)
	r.grid.lay(t.guesses[0].modules)
	white, flat, _ := r.extremes.within(r.grid.area())
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
	if side, sharp := r.extremes.patch(); side > 0 && sharp < smearedPatch {
		return GuidanceMoving
	}
	var best, second *finder
	for i := range r.finders {
		f := &r.finders[i]
		if f.score > plainFinder && (best == nil || f.score > best.score) {
			best = f
		}
	}
	if best == nil {
		return r.aboutNone()
	}
	for i := range r.finders {
		f := &r.finders[i]
		if f != best && f.score > plainFinder && alike(best, f) && paired(best, f) && (second == nil || f.score > second.score) {
			second = f
		}
	}
	if 7*best.module > largeFinder*float64(r.base.h) && best.score > sureFinder {
		return GuidanceNear
	}
	if second == nil {
		return r.aboutNone()
	}
	if light(best) < darkCode {
		return GuidanceDark
	}
	if (best.module+second.module)/2 < smallModule {
		return GuidanceFar
	}
	return r.aboutPair(best, second)
}

// aboutPair says where the third finder pattern is: outside the picture, under a glare or hidden. It
// belongs to the busier of the squares in which the two are corners.
func (r *Reader) aboutPair(f, g *finder) Guidance {
	p, q := point{f.x, f.y}, point{g.x, g.y}
	u := q.sub(p)
	v := point{-u.y, u.x}
	squares := [][4]point{
		{p, q, q.add(v), p.add(v)},
		{p, q, q.sub(v), p.sub(v)},
	}
	if f.diagonal(u) {
		middle, half := p.add(q).times(0.5), v.times(0.5)
		squares = [][4]point{{p, middle.add(half), q, middle.sub(half)}}
	}
	var area [4]point
	most := -1.0
	for _, s := range squares {
		if _, _, busy := r.extremes.within(turned(s)); busy > most {
			most, area = busy, s
		}
	}
	outside := 0
	for _, c := range area {
		if !r.base.contains(c.x, c.y) {
			outside++
		}
	}
	switch white, _, _ := r.extremes.within(turned(area)); {
	case most < leastBusy:
		return GuidanceNone
	case outside > 0:
		return GuidanceNear
	case white > glarePart:
		return GuidanceGlare
	}
	return GuidanceCovered
}

// diagonal reports whether u leads to the opposite corner of a symbol rather than along a side.
func (f *finder) diagonal(u point) bool {
	least := math.Inf(1)
	for i := range rays / 2 {
		least = min(least, (f.reach[i]+f.reach[i+rays/2])/2)
	}
	return f.span(u.x, u.y) > 1.25*least
}

// aboutNone looks for a patch as busy as a code, and as square: a small one is too far away, a large
// one is smeared so much that its finder patterns are gone.
func (r *Reader) aboutNone() Guidance {
	switch side, _ := r.extremes.patch(); {
	case side == 0:
		return GuidanceNone
	case side*8 < r.base.h/4:
		return GuidanceFar
	}
	return GuidanceMoving
}

// paired reports whether two finder patterns lie as those of one symbol do: along a side of both, or
// along the diagonal, at a distance that a symbol may have.
func paired(f, g *finder) bool {
	u := point{g.x - f.x, g.y - f.y}
	modules := math.Hypot(u.x, u.y) * 2 * darkEnd / (f.span(u.x, u.y) + g.span(u.x, u.y))
	return modules > leastModules-2*darkEnd-2 && modules < mostModules*1.5
}

// light is the shade of the light modules of a finder pattern.
func light(f *finder) float64 { return f.middle + f.contrast/2 }

// turned gives an area the turn that within expects.
func turned(a [4]point) [4]point {
	if (a[1].x-a[0].x)*(a[2].y-a[0].y)-(a[1].y-a[0].y)*(a[2].x-a[0].x) < 0 {
		a[1], a[3] = a[3], a[1]
	}
	return a
}

// extremes are the darkest and lightest pixel of each block of 8x8 of the frame.
type extremes struct {
	w, h   int
	lo, hi []uint8
	busy   []bool // yet to be visited by patch
	before []bool
	stack  []int32
}

func (e *extremes) keep(s *surface) {
	e.w, e.h = s.w, s.h
	e.lo, e.hi = append(e.lo[:0], s.lo...), append(e.hi[:0], s.hi...)
}

// light is the shade above which a twentieth of the blocks are at their lightest.
func (e *extremes) light() float64 {
	var histogram [256]int
	for _, v := range e.hi {
		histogram[v]++
	}
	rest := len(e.hi) / 20
	for v := 255; v > 0; v-- {
		if rest -= histogram[v]; rest < 0 {
			return float64(v)
		}
	}
	return 0
}

// white is the part of the blocks that are all white.
func (e *extremes) white() float64 {
	n := 0
	for _, v := range e.lo {
		if v >= whiteBlock {
			n++
		}
	}
	return float64(n) / float64(len(e.lo))
}

// within tells of the blocks within an area which part is all white, which is of one other shade and
// which is neither.
func (e *extremes) within(area [4]point) (white, flat, busy float64) {
	n := 0.0
	for y := range e.h {
		for x := range e.w {
			if !within(area, point{float64(x)*8 + 4, float64(y)*8 + 4}) {
				continue
			}
			n++
			lo, hi := e.lo[y*e.w+x], e.hi[y*e.w+x]
			switch {
			case lo >= whiteBlock:
				white++
			case hi-lo < 2*leastContrast:
				flat++
			}
		}
	}
	if n == 0 {
		return 0, 0, 0
	}
	return white / n, flat / n, 1 - (white+flat)/n
}

// What a patch of blocks must have to be taken for a code.
const (
	patchContrast = 40
	patchSide     = 7   // blocks, at least
	patchFilled   = 0.7 // part of its box
	patchSlant    = 1.8 // of its sides at most
	smearedPatch  = 0.7 // as busy at most is one that is out of focus or moving
	patchEdge     = 2   // blocks that the edge of a phone is wide, to each side
)

// patch is the side, in blocks, of the largest square patch of blocks that are all busy, 0 for none,
// and how busy they are: 1 if every block has the darkest and the lightest shade of the patch.
func (e *extremes) patch() (largest int, sharp float64) {
	e.busy = growBools(e.busy, len(e.lo))
	for i, lo := range e.lo {
		e.busy[i] = e.hi[i]-lo >= patchContrast
	}
	for range patchEdge {
		e.erode()
	}
	for i := range e.busy {
		if !e.busy[i] {
			continue
		}
		n, x0, x1, y0, y1 := 0, e.w, 0, e.h, 0
		sum, least, most := 0, uint8(255), uint8(0)
		e.busy[i] = false
		for e.stack = append(e.stack[:0], int32(i)); len(e.stack) > 0; {
			at := int(e.stack[len(e.stack)-1])
			e.stack = e.stack[:len(e.stack)-1]
			x, y := at%e.w, at/e.w
			n, x0, x1, y0, y1 = n+1, min(x0, x), max(x1, x), min(y0, y), max(y1, y)
			sum, least, most = sum+int(e.hi[at]-e.lo[at]), min(least, e.lo[at]), max(most, e.hi[at])
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				if px, py := x+d[0], y+d[1]; px >= 0 && py >= 0 && px < e.w && py < e.h && e.busy[py*e.w+px] {
					e.busy[py*e.w+px] = false
					e.stack = append(e.stack, int32(py*e.w+px))
				}
			}
		}
		w, h := x1-x0+1, y1-y0+1
		side := min(w, h) + 2*patchEdge
		if side > largest && side >= patchSide && float64(n) > patchFilled*float64(w*h) && float64(max(w, h)) < patchSlant*float64(min(w, h)) {
			largest, sharp = side, float64(sum)/float64(n*int(most-least))
		}
	}
	return largest, sharp
}

// erode leaves the busy blocks whose neighbours are busy too.
func (e *extremes) erode() {
	e.before = append(e.before[:0], e.busy...)
	b := e.before
	for i := range e.busy {
		x, y := i%e.w, i/e.w
		e.busy[i] = b[i] && x > 0 && y > 0 && x < e.w-1 && y < e.h-1 && b[i-1] && b[i+1] && b[i-e.w] && b[i+e.w]
	}
}
