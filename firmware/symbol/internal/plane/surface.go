package plane

import (
	"encoding/binary"
	"math/bits"
)

// Bytes of a word side by side.
const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// Surface holds a threshold for each block of 8x8 pixels of a layer. It favours neither
// polarity: halfway between the darkest and the lightest pixel of the smallest neighbourhood
// that shows contrast.
type Surface struct {
	w, h   int // blocks
	levels []level
	at     []uint8 // a pixel at least this light is light
	cut    []uint8 // the same for the row scan: 0 where the whole block is light, 255 where it is dark
	lo, hi []uint8 // of the blocks themselves
	rowTmp []uint8
}

// level is the darkest and lightest pixel of blocks of 8<<n pixels and their eight neighbours.
type level struct {
	w, h         int
	lo, hi       []uint8
	nearLo, near []uint8
}

// LeastContrast is that below which a neighbourhood is one shade.
const LeastContrast = 12

// mostNoise is the contrast that is never taken for noise.
const mostNoise = 48

// Measure fills s from a layer of at least 8x8 pixels.
func (s *Surface) Measure(l *Layer) {
	w, h := (l.W+7)/8, (l.H+7)/8
	s.w, s.h = w, h
	n := 0
	for bw, bh := w, h; ; bw, bh = (bw+1)/2, (bh+1)/2 {
		if n == len(s.levels) {
			s.levels = append(s.levels, level{})
		}
		s.levels[n].size(bw, bh)
		n++
		if bw <= 2 && bh <= 2 || n == 6 {
			break
		}
	}
	s.at, s.cut = Grow(s.at, w*h), Grow(s.cut, w*h)
	s.extremes(l)
	contrast := s.contrast(l)
	for i := range n {
		if i > 0 {
			s.levels[i].halve(&s.levels[i-1])
		}
		s.rowTmp = s.levels[i].spread(s.rowTmp)
	}
	s.lo, s.hi = s.levels[0].lo, s.levels[0].hi
	if l.mask != nil {
		clear(s.at)
		clear(s.cut)
	}
	s.live(l, func(by, bx, end int) {
		for ; bx < end; bx++ {
			s.split(by, bx, n, contrast)
		}
	})
}

// split sets the threshold of a block, by the first of n levels that shows contrast.
func (s *Surface) split(by, bx, n, contrast int) {
	t := uint8(0)
	for i := range n {
		v := &s.levels[i]
		j := by>>i*v.w + bx>>i
		if lo, hi := int(v.nearLo[j]), int(v.near[j]); hi-lo >= contrast+i*contrast/8 {
			t = uint8((lo + hi + 1) / 2)
			break
		}
	}
	i := by*s.w + bx
	s.at[i] = t
	switch {
	case s.lo[i] >= t:
		t = 0
	case s.hi[i] < t:
		t = 255
	}
	s.cut[i] = t
}

// live calls do with each run of blocks of the layer that are not of one shade.
func (s *Surface) live(l *Layer, do func(by, bx, end int)) {
	for by := range s.h {
		if l.mask == nil {
			do(by, 0, s.w)
			continue
		}
		l.mask.spans(min(by/l.zoom, l.mask.h-1), func(bx0, bx1 int) {
			do(by, bx0*l.zoom, min(bx1*l.zoom, s.w))
		})
	}
}

// extremes fills the first level from every other row, eight pixels at a time.
func (s *Surface) extremes(l *Layer) {
	first := &s.levels[0]
	if l.mask != nil {
		for i := range first.lo {
			first.lo[i], first.hi[i] = shade, shade
		}
	}
	s.live(l, func(by, bx, end int) { s.across(l, by, bx, end) })
	scalarAgain()
}

// across fills the blocks of a row of them, from bx to behind the last.
func (s *Surface) across(l *Layer, by, bx, end int) {
	first := &s.levels[0]
	y0, y1 := by*8, min(by*8+8, l.H)
	if y1-y0 == 8 && bx < end {
		bx += extremesAcross(l.Pix[y0*l.Stride+bx*8:], l.Stride, min(end*8, l.W)-bx*8, first.lo[by*s.w+bx:by*s.w+end], first.hi[by*s.w+bx:by*s.w+end])
	}
	for ; bx < end; bx++ {
		x := min(bx*8, l.W-8)
		lo, hi := ^uint64(0), uint64(0)
		for p := y0*l.Stride + x; p < y1*l.Stride; p += 2 * l.Stride {
			v := binary.LittleEndian.Uint64(l.Pix[p : p+8 : p+8])
			m := notLess(v, hi)
			hi = v&m | hi&^m
			m = notLess(v, lo)
			lo = lo&m | v&^m
		}
		first.lo[by*s.w+bx], first.hi[by*s.w+bx] = leastByte(lo), mostByte(hi)
	}
}

// notLess has 0xff in every byte in which a is at least b.
func notLess(a, b uint64) uint64 {
	g := atLeast(a, b)
	return g | (g - g>>7)
}

// atLeast has the high bit of every byte in which a is at least b.
func atLeast(a, b uint64) uint64 {
	return (a&^b | ^(a^b)&((a|high)-(b&^high))) & high
}

func leastByte(v uint64) uint8 { return ^mostByte(^v) }

func mostByte(v uint64) uint8 {
	for shift := 32; shift >= 8; shift /= 2 {
		w := v >> shift
		m := notLess(v, w)
		v = v&m | w&^m
	}
	return uint8(v)
}

// contrast is what a neighbourhood must show to be more than noise: somewhat above the range
// that the quieter blocks of the picture have.
func (s *Surface) contrast(l *Layer) int {
	first := &s.levels[0]
	var of func(i int) bool
	if l.mask != nil {
		of = func(i int) bool { return sampled(i%s.w/l.zoom, i/s.w/l.zoom) }
	}
	return max(LeastContrast, min(quiet(first.lo, first.hi, of)*2, mostNoise))
}

// quiet is the range that the quieter quarter of blocks has at most, of all or of some of them.
func quiet(lo, hi []uint8, of func(i int) bool) int {
	var histogram [256]int
	rest := 0
	for i, v := range hi {
		if of == nil || of(i) {
			histogram[v-lo[i]]++
			rest++
		}
	}
	rest /= 4
	for v, n := range histogram {
		if rest -= n; rest <= 0 {
			return v
		}
	}
	return 0
}

func (v *level) size(w, h int) {
	v.w, v.h = w, h
	v.lo, v.hi = Grow(v.lo, w*h), Grow(v.hi, w*h)
	v.nearLo, v.near = Grow(v.nearLo, w*h), Grow(v.near, w*h)
}

// halve makes v from the next finer level.
func (v *level) halve(fine *level) {
	for y := range v.h {
		for x := range v.w {
			lo, hi := uint8(255), uint8(0)
			for fy := 2 * y; fy < min(2*y+2, fine.h); fy++ {
				for fx := 2 * x; fx < min(2*x+2, fine.w); fx++ {
					lo, hi = min(lo, fine.lo[fy*fine.w+fx]), max(hi, fine.hi[fy*fine.w+fx])
				}
			}
			v.lo[y*v.w+x], v.hi[y*v.w+x] = lo, hi
		}
	}
}

// spread takes the extremes over each block and its neighbours, along rows and then columns.
func (v *level) spread(tmp []uint8) []uint8 {
	tmp = Grow(tmp, 2*v.w*v.h)
	lo, hi := tmp[:v.w*v.h], tmp[v.w*v.h:]
	for y := range v.h {
		i := y * v.w
		spreadRow(lo[i:i+v.w], hi[i:i+v.w], v.lo[i:i+v.w], v.hi[i:i+v.w])
	}
	for y := range v.h {
		i, above, below := y*v.w, max(y-1, 0)*v.w, min(y+1, v.h-1)*v.w
		a, b, c := lo[above:above+v.w], lo[i:i+v.w], lo[below:below+v.w]
		for x := range v.nearLo[i : i+v.w] {
			v.nearLo[i+x] = min(a[x], b[x], c[x])
		}
		a, b, c = hi[above:above+v.w], hi[i:i+v.w], hi[below:below+v.w]
		for x := range v.near[i : i+v.w] {
			v.near[i+x] = max(a[x], b[x], c[x])
		}
	}
	return tmp
}

func spreadRow(lo, hi, fromLo, fromHi []uint8) {
	a, b := fromLo[0], fromHi[0]
	for x := range lo {
		c, d := fromLo[x], fromHi[x]
		next := min(x+1, len(fromLo)-1)
		lo[x], hi[x] = min(a, c, fromLo[next]), max(b, d, fromHi[next])
		a, b = c, d
	}
}

// Runs appends to edges the places of row y where the shade changes, with 0 before and the width
// behind them, and reports whether the first run is light.
func (s *Surface) Runs(l *Layer, y int, edges []int32) ([]int32, bool) {
	row := l.Pix[y*l.Stride : y*l.Stride+l.W]
	blocks := s.w * (y / 8)
	cut := s.cut[blocks : blocks+s.w]
	first := row[0] >= cut[0]
	edges = append(edges, 0)
	var before uint64
	if first {
		before = 1
	}
	for start := 0; start < s.w; start += 8 {
		word, n := lightWord(row, cut, start)
		for i := n; i < min(8, s.w-start); i++ {
			b := start + i
			m := uint64(0xff)
			switch {
			case cut[b] == 0:
			case b*8+8 <= l.W:
				m = lightBits(binary.LittleEndian.Uint64(row[b*8:]), cut[b])
			default:
				m = lightBits(binary.LittleEndian.Uint64(row[l.W-8:]), cut[b]) >> (b*8 + 8 - l.W)
			}
			word |= m << (8 * i)
		}
		valid := min(64, l.W-start*8)
		change := word ^ (word<<1 | before)
		if valid < 64 {
			change &= 1<<valid - 1
		}
		for ; change != 0; change &= change - 1 {
			edges = append(edges, int32(start*8+bits.TrailingZeros64(change)))
		}
		before = word >> 63
	}
	scalarAgain()
	return append(edges, int32(l.W)), first
}

// lightBits has bit i set where byte i of v is at least t.
func lightBits(v uint64, t uint8) uint64 {
	return (atLeast(v, uint64(t)*ones) >> 7) * 0x0102040810204080 >> 56
}

// Threshold is that of the block of a pixel.
func (s *Surface) Threshold(x, y int) uint8 { return s.at[y/8*s.w+x/8] }

// Grow gives b a length, and new memory where it has too little; what it holds is not kept.
func Grow[T any](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n)
	}
	return b[:n]
}
