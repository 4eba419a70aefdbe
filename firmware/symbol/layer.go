package symbol

// layer is a picture to search: the frame itself, or one made from it. Positions are continuous:
// pixel i lies between i and i+1, so that a position times scale is the same position in the frame.
type layer struct {
	pix          []byte
	stride, w, h int
	scale        float64 // pixels of the frame for each of this layer
}

// value is the shade at a position, between the four nearest pixels.
func (l *layer) value(x, y float64) float64 {
	x, y = x-0.5, y-0.5
	x0, y0 := int(x), int(y)
	if x < 0 || y < 0 || x0 >= l.w-1 || y0 >= l.h-1 {
		return l.clamped(x, y)
	}
	fx, fy := x-float64(x0), y-float64(y0)
	p := y0*l.stride + x0
	top, bottom := l.pix[p:p+2:p+2], l.pix[p+l.stride:p+l.stride+2:p+l.stride+2]
	a := float64(top[0]) + fx*(float64(top[1])-float64(top[0]))
	b := float64(bottom[0]) + fx*(float64(bottom[1])-float64(bottom[0]))
	return a + fy*(b-a)
}

func (l *layer) clamped(x, y float64) float64 {
	return float64(l.pix[int(min(max(y+0.5, 0), float64(l.h-1)))*l.stride+int(min(max(x+0.5, 0), float64(l.w-1)))])
}

func (l *layer) contains(x, y float64) bool {
	return x >= 0 && y >= 0 && x < float64(l.w) && y < float64(l.h)
}

// What each layer is, in the order in which they are tried.
const (
	asIs = iota
	doubled
	halved
	sharpened
	quartered
	maxLayers
)

// Sizes, in pixels, between which a layer is worth making.
const (
	mostToDouble   = 1_100_000
	leastToHalve   = 120_000
	leastToQuarter = 700_000
)

// layer makes the n-th layer, unless the picture's size speaks against it.
func (r *Reader) layer(n int) (*layer, bool) {
	size := r.base.w * r.base.h
	switch n {
	case asIs:
		return &r.base, true
	case doubled:
		if size > mostToDouble || r.left.Pixels < 4*size {
			return nil, false
		}
		return r.double(&r.base, n), true
	case halved:
		if size < leastToHalve {
			return nil, false
		}
		return r.halve(&r.base, n), true
	case sharpened:
		return r.sharpen(&r.base, n), true
	case quartered:
		if size < leastToQuarter {
			return nil, false
		}
		half := r.halve(&r.base, halved)
		return r.halve(half, n), true
	}
	return nil, false
}

func (r *Reader) blank(n, w, h int, scale float64) *layer {
	r.scratch[n] = grow(r.scratch[n], w*h)
	r.layers[n] = layer{pix: r.scratch[n], stride: w, w: w, h: h, scale: scale}
	return &r.layers[n]
}

// halve averages 2x2 pixels.
func (r *Reader) halve(l *layer, n int) *layer {
	half := r.blank(n, l.w/2, l.h/2, l.scale*2)
	for y := range half.h {
		top, bottom := l.pix[2*y*l.stride:], l.pix[(2*y+1)*l.stride:]
		out := half.pix[y*half.w : (y+1)*half.w]
		for x := range out {
			out[x] = uint8((int(top[2*x]) + int(top[2*x+1]) + int(bottom[2*x]) + int(bottom[2*x+1]) + 2) / 4)
		}
	}
	return half
}

// double makes modules of one or two pixels wide enough to be counted along a row.
func (r *Reader) double(l *layer, n int) *layer {
	twice := r.blank(n, l.w*2, l.h*2, l.scale/2)
	for y := range twice.h {
		near, far := y/2, min(max(y/2+y%2*2-1, 0), l.h-1)
		a, b := l.pix[near*l.stride:near*l.stride+l.w], l.pix[far*l.stride:far*l.stride+l.w]
		out := twice.pix[y*twice.w : (y+1)*twice.w]
		for x := range a {
			here := 3*int(a[x]) + int(b[x])
			left, right := max(x-1, 0), min(x+1, l.w-1)
			out[2*x] = uint8((3*here + 3*int(a[left]) + int(b[left]) + 8) / 16)
			out[2*x+1] = uint8((3*here + 3*int(a[right]) + int(b[right]) + 8) / 16)
		}
	}
	return twice
}

// sharpen adds to each pixel what it differs from its neighbourhood of 5x5, twice: the narrow
// rings of a blurred finder pattern come out again.
func (r *Reader) sharpen(l *layer, n int) *layer {
	out := r.blank(n, l.w, l.h, l.scale)
	columns := r.columns(l.w)
	row := func(y int) []byte { y = min(max(y, 0), l.h-1); return l.pix[y*l.stride : y*l.stride+l.w] }
	for y := -2; y <= 2; y++ {
		for x, v := range row(y) {
			columns[x+2] += int32(v)
		}
	}
	for y := range l.h {
		columns[0], columns[1] = columns[2], columns[2]
		columns[l.w+2], columns[l.w+3] = columns[l.w+1], columns[l.w+1]
		sum := columns[0] + columns[1] + columns[2] + columns[3]
		src, dst := row(y), out.pix[y*l.w:(y+1)*l.w]
		for x, v := range src {
			sum += columns[x+4]
			dst[x] = uint8(min(max(int32(v)*3-sum*2/25, 0), 255))
			sum -= columns[x]
		}
		gone, come := row(y-2), row(y+3)
		for x := range gone {
			columns[x+2] += int32(come[x]) - int32(gone[x])
		}
	}
	return out
}

func (r *Reader) columns(w int) []int32 {
	if cap(r.edges) < w+4 {
		r.edges = make([]int32, w+4)
	}
	c := r.edges[:w+4]
	clear(c)
	return c
}
