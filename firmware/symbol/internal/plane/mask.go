package plane

// Mask marks blocks of 8x8 pixels of the frame: those of a layer that are worth making and searching.
type Mask struct {
	w, h   int
	live   []bool
	before []bool
}

// What makes a block worth it: so much contrast, in it and in most of the blocks around it. The
// blocks as near as maskMargin to such a one are marked too.
const (
	maskContrast = 16
	maskNoise    = 1.2 // times the range of the quieter blocks
	maskErode    = 2   // times
	maskFull     = 8   // of nine blocks
	maskMargin   = 4
)

// sampled tells of the blocks that are always marked: what they show stands for the noise of the
// frame.
func sampled(bx, by int) bool { return bx%8 == 4 && by%8 == 4 }

// Mark marks what may be part of a code whose modules are not much larger than half a block.
func (m *Mask) Mark(e *Extremes) {
	m.w, m.h = e.w, e.h
	m.live, m.before = Grow(m.live, len(e.lo)), Grow(m.before, len(e.lo))
	least := uint8(max(maskContrast, min(maskNoise*float64(quiet(e.lo, e.hi, nil)), 255)))
	for i, lo := range e.lo {
		m.live[i] = e.hi[i]-lo >= least
	}
	for range maskErode {
		m.erode()
	}
	m.widen()
	for by := 4; by < m.h; by += 8 {
		for bx := 4; bx < m.w; bx += 8 {
			m.live[by*m.w+bx] = true
		}
	}
}

// erode leaves the blocks that have most blocks around them marked.
func (m *Mask) erode() {
	m.live, m.before = m.before, m.live
	clear(m.live)
	n := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	for y := 1; y < m.h-1; y++ {
		a, b, c := m.before[(y-1)*m.w:y*m.w], m.before[y*m.w:(y+1)*m.w], m.before[(y+1)*m.w:(y+2)*m.w]
		left, middle := n(a[0])+n(b[0])+n(c[0]), 0
		if m.w > 1 {
			middle = n(a[1]) + n(b[1]) + n(c[1])
		}
		for x := 1; x < m.w-1; x++ {
			right := n(a[x+1]) + n(b[x+1]) + n(c[x+1])
			m.live[y*m.w+x] = left+middle+right >= maskFull
			left, middle = middle, right
		}
	}
}

// widen marks the blocks near those marked.
func (m *Mask) widen() {
	spread := func(start, step, n int) {
		last := -maskMargin - 1
		for i := range n {
			if m.before[start+i*step] {
				for j := max(last+1, i-maskMargin, 0); j <= i; j++ {
					m.live[start+j*step] = true
				}
				last = i
			} else if i-last <= maskMargin {
				m.live[start+i*step] = true
			}
		}
	}
	copy(m.before, m.live)
	for y := range m.h {
		spread(y*m.w, 1, m.w)
	}
	copy(m.before, m.live)
	for x := range m.w {
		spread(x, m.w, m.h)
	}
}

// spans calls do with each run of marked blocks of a row: from the first to behind the last.
func (m *Mask) spans(by int, do func(bx0, bx1 int)) {
	row := m.live[by*m.w : (by+1)*m.w]
	for bx := 0; bx < len(row); bx++ {
		if row[bx] {
			first := bx
			for bx < len(row) && row[bx] {
				bx++
			}
			do(first, bx)
		}
	}
}

// Part is how much of the frame is marked.
func (m *Mask) Part() float64 {
	n := 0
	for _, b := range m.live {
		if b {
			n++
		}
	}
	return float64(n) / float64(max(len(m.live), 1))
}
