package plane

// blank gives l a size.
func (l *Layer) blank(w, h int, scale float64) {
	l.Pix = Grow(l.Pix, w*h)
	l.Stride, l.W, l.H, l.Scale = w, w, h, scale
}

// Halve makes l of the means of 2x2 pixels of another layer.
func (l *Layer) Halve(from *Layer) {
	l.blank(from.W/2, from.H/2, from.Scale*2)
	for y := range l.H {
		top, bottom := from.Pix[2*y*from.Stride:], from.Pix[(2*y+1)*from.Stride:]
		out := l.Pix[y*l.W : (y+1)*l.W]
		for x := range out {
			out[x] = uint8((int(top[2*x]) + int(top[2*x+1]) + int(bottom[2*x]) + int(bottom[2*x+1]) + 2) / 4)
		}
	}
}

// Double makes l twice as large as another layer: modules of one or two pixels become wide
// enough to be counted along a row.
func (l *Layer) Double(from *Layer) {
	l.blank(from.W*2, from.H*2, from.Scale/2)
	for y := range l.H {
		near, far := y/2, min(max(y/2+y%2*2-1, 0), from.H-1)
		a, b := from.Pix[near*from.Stride:near*from.Stride+from.W], from.Pix[far*from.Stride:far*from.Stride+from.W]
		out := l.Pix[y*l.W : (y+1)*l.W]
		for x := range a {
			here := 3*int(a[x]) + int(b[x])
			left, right := max(x-1, 0), min(x+1, from.W-1)
			out[2*x] = uint8((3*here + 3*int(a[left]) + int(b[left]) + 8) / 16)
			out[2*x+1] = uint8((3*here + 3*int(a[right]) + int(b[right]) + 8) / 16)
		}
	}
}

// Sharpen makes l of another layer by adding to each pixel what it differs from its neighbourhood
// of 5x5, twice: the narrow rings of a blurred finder pattern come out again.
func (l *Layer) Sharpen(from *Layer) {
	l.blank(from.W, from.H, from.Scale)
	l.columns = Grow(l.columns, l.W+4)
	columns := l.columns
	clear(columns)
	row := func(y int) []byte {
		y = min(max(y, 0), l.H-1)
		return from.Pix[y*from.Stride : y*from.Stride+l.W]
	}
	for y := -2; y <= 2; y++ {
		for x, v := range row(y) {
			columns[x+2] += int32(v)
		}
	}
	for y := range l.H {
		columns[0], columns[1] = columns[2], columns[2]
		columns[l.W+2], columns[l.W+3] = columns[l.W+1], columns[l.W+1]
		sum := columns[0] + columns[1] + columns[2] + columns[3]
		src, dst := row(y), l.Pix[y*l.W:(y+1)*l.W]
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
}
