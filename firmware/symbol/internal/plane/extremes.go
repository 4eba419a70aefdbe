package plane

// whiteBlock is the shade from which a pixel is white.
const whiteBlock = 248

// Extremes are the darkest and lightest pixel of each block of 8x8 of the frame.
type Extremes struct {
	w, h   int
	lo, hi []uint8
	busy   []bool // yet to be visited by Patch
	before []bool
	stack  []int32
}

// Keep takes the extremes of the layer that s has measured.
func (e *Extremes) Keep(s *Surface) {
	e.w, e.h = s.w, s.h
	e.lo, e.hi = append(e.lo[:0], s.lo...), append(e.hi[:0], s.hi...)
}

// Clear forgets them.
func (e *Extremes) Clear() { e.lo, e.hi = e.lo[:0], e.hi[:0] }

// Empty reports whether no picture was kept.
func (e *Extremes) Empty() bool { return len(e.lo) == 0 }

// Noise is the range that the quieter quarter of the blocks has at most.
func (e *Extremes) Noise() int { return quiet(e.lo, e.hi, nil) }

// Light is the shade above which a twentieth of the blocks are at their lightest.
func (e *Extremes) Light() float64 {
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

// White is the part of the blocks that are all white.
func (e *Extremes) White() float64 {
	n := 0
	for _, v := range e.lo {
		if v >= whiteBlock {
			n++
		}
	}
	return float64(n) / float64(len(e.lo))
}

// Within tells of the blocks within an area which part is all white, which is of one other shade and
// which is neither.
func (e *Extremes) Within(area [4]Point) (white, flat, busy float64) {
	n := 0.0
	for y := range e.h {
		for x := range e.w {
			if !Within(area, Point{float64(x)*8 + 4, float64(y)*8 + 4}) {
				continue
			}
			n++
			lo, hi := e.lo[y*e.w+x], e.hi[y*e.w+x]
			switch {
			case lo >= whiteBlock:
				white++
			case hi-lo < 2*LeastContrast:
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
	patchEdge     = 2   // blocks that the edge of a phone is wide, to each side
)

// Patch is the side, in blocks, of the largest square patch of blocks that are all busy, 0 for none,
// and how busy they are: 1 if every block has the darkest and the lightest shade of the patch.
func (e *Extremes) Patch() (largest int, sharp float64) {
	e.busy = Grow(e.busy, len(e.lo))
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
func (e *Extremes) erode() {
	e.before = append(e.before[:0], e.busy...)
	b := e.before
	for i := range e.busy {
		x, y := i%e.w, i/e.w
		e.busy[i] = b[i] && x > 0 && y > 0 && x < e.w-1 && y < e.h-1 && b[i-1] && b[i+1] && b[i-e.w] && b[i+e.w]
	}
}
