package plane

import "encoding/binary"

// blank gives l a size.
func (l *Layer) blank(w, h int, scale float64) {
	l.Pix = Grow(l.Pix, w*h)
	l.Stride, l.W, l.H, l.Scale = w, w, h, scale
}

// Halve makes l of the means of 2x2 pixels of another layer.
func (l *Layer) Halve(from *Layer) {
	l.blank(from.W/2, from.H/2, from.Scale*2)
	l.masked(nil, 1)
	for y := range l.H {
		top, bottom := from.Pix[2*y*from.Stride:], from.Pix[(2*y+1)*from.Stride:]
		out := l.Pix[y*l.W : (y+1)*l.W]
		x := 0
		for ; x+4 <= len(out) && 2*x+8 <= from.W; x += 4 {
			binary.LittleEndian.PutUint32(out[x:], quarters(binary.LittleEndian.Uint64(top[2*x:]), binary.LittleEndian.Uint64(bottom[2*x:])))
		}
		for ; x < len(out); x++ {
			out[x] = uint8((int(top[2*x]) + int(top[2*x+1]) + int(bottom[2*x]) + int(bottom[2*x+1]) + 2) / 4)
		}
	}
}

// Calm makes l of another layer, where the mask says so, each pixel the mean of 3x3, the nearer
// counting more (1:2:1 along rows and columns): noise falls by a factor of about 2.7, modules of three
// pixels stay. The mask may be nil.
func (l *Layer) Calm(from *Layer, m *Mask) {
	l.blank(from.W, from.H, from.Scale)
	l.masked(m, 1)
	l.columns = Grow(l.columns, l.W+2)
	l.parts(from, func(x0, x1, y0, y1 int) {
		columns := l.columns[:x1-x0+2]
		a0, b0 := max(x0-1, 0), min(x1+1, l.W)
		inside := columns[a0-x0+1 : b0-x0+1]
		for y := y0; y < y1; y++ {
			a := from.Pix[max(y-1, 0)*from.Stride:][a0:b0]
			b := from.Pix[y*from.Stride:][a0:b0]
			c := from.Pix[min(y+1, l.H-1)*from.Stride:][a0:b0]
			for i, v := range b {
				inside[i] = int32(a[i]) + 2*int32(v) + int32(c[i])
			}
			if x0 == 0 {
				columns[0] = columns[1]
			}
			if x1 == l.W {
				columns[len(columns)-1] = columns[len(columns)-2]
			}
			out := l.Pix[y*l.W+x0 : y*l.W+x1]
			for i := range out {
				out[i] = uint8((columns[i] + 2*columns[i+1] + columns[i+2] + 8) / 16)
			}
		}
	})
}

// quarters are the means of four squares of 2x2 pixels, of two rows of eight.
func quarters(top, bottom uint64) uint32 {
	const even, halves, pairs = 0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x0002000200020002
	v := (top&even + top>>8&even + bottom&even + bottom>>8&even + pairs) >> 2 & even
	v = (v | v>>8) & halves
	return uint32(v | v>>16)
}

// Double makes l twice as large as another layer, where the mask says so: modules of one or two
// pixels become wide enough to be counted along a row. The mask may be nil.
func (l *Layer) Double(from *Layer, m *Mask) {
	l.blank(from.W*2, from.H*2, from.Scale/2)
	l.masked(m, 2)
	l.parts(from, func(x0, x1, y0, y1 int) {
		for y := 2 * y0; y < 2*y1; y++ {
			near, far := y/2, min(max(y/2+y%2*2-1, 0), from.H-1)
			a, b := from.Pix[near*from.Stride:near*from.Stride+from.W], from.Pix[far*from.Stride:far*from.Stride+from.W]
			out := l.Pix[y*l.W : (y+1)*l.W]
			left := 3*int(a[max(x0-1, 0)]) + int(b[max(x0-1, 0)])
			here := 3*int(a[x0]) + int(b[x0])
			for x := x0; x < x1; x++ {
				next := min(x+1, from.W-1)
				right := 3*int(a[next]) + int(b[next])
				out[2*x] = uint8((3*here + left + 8) / 16)
				out[2*x+1] = uint8((3*here + right + 8) / 16)
				left, here = here, right
			}
		}
	})
}

// Sharpen makes l of another layer, where the mask says so, by adding to each pixel what it differs
// from its neighbourhood of 7x7, three times: modules and the narrow rings of finder patterns come out
// of a blur again. The mask may be nil.
func (l *Layer) Sharpen(from *Layer, m *Mask) {
	const reach, side = 3, 7
	l.blank(from.W, from.H, from.Scale)
	l.masked(m, 1)
	l.columns = Grow(l.columns, l.W+2*reach)
	row := func(y int) []byte {
		y = min(max(y, 0), l.H-1)
		return from.Pix[y*from.Stride : y*from.Stride+l.W]
	}
	l.parts(from, func(x0, x1, y0, y1 int) {
		columns := l.columns[:x1-x0+2*reach] // sums of seven rows, from three pixels before x0 on
		clear(columns)
		a, b := max(x0-reach, 0), min(x1+reach, l.W) // of those within the picture
		inside := columns[a-x0+reach : b-x0+reach]
		for y := y0 - reach; y <= y0+reach; y++ {
			for i, v := range row(y)[a:b] {
				inside[i] += int32(v)
			}
		}
		for y := y0; y < y1; y++ {
			for i := a - x0 + reach - 1; i >= 0; i-- {
				columns[i] = columns[i+1]
			}
			for i := b - x0 + reach; i < len(columns); i++ {
				columns[i] = columns[i-1]
			}
			sum := int32(0)
			for _, v := range columns[:side-1] {
				sum += v
			}
			dst := l.Pix[y*l.W+x0 : y*l.W+x1]
			for i, v := range row(y)[x0:x1] {
				sum += columns[i+side-1]
				dst[i] = uint8(min(max(int32(v)*4-sum*3/(side*side), 0), 255))
				sum -= columns[i]
			}
			gone, come := row(y - reach)[a:b], row(y + reach + 1)[a:b]
			for i := range inside {
				inside[i] += int32(come[i]) - int32(gone[i])
			}
		}
	})
}

// shade is that of what is not marked.
const shade = 128

// masked gives l its mask and makes what is not marked of one shade.
func (l *Layer) masked(m *Mask, zoom int) {
	l.mask, l.zoom = m, zoom
	if m != nil {
		l.Pix[0] = shade
		for n := 1; n < len(l.Pix); n *= 2 {
			copy(l.Pix[n:], l.Pix[:n])
		}
	}
}

// parts calls do with the rectangles of another layer, of the scale of the mask, that are to be
// done.
func (l *Layer) parts(from *Layer, do func(x0, x1, y0, y1 int)) {
	if l.mask == nil {
		do(0, from.W, 0, from.H)
		return
	}
	for by := range l.mask.h {
		l.mask.spans(by, func(bx0, bx1 int) {
			do(bx0*8, min(bx1*8, from.W), by*8, min(by*8+8, from.H))
		})
	}
}
