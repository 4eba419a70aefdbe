// Package plane holds grey pictures and what is made of them to search them: larger, smaller and
// sharper ones, a threshold for every block of 8x8 pixels, the rows as runs of dark and light, and
// the extremes of the blocks.
package plane

// Layer is a picture to search: the frame itself, or one made from it, whose memory it keeps. Positions are continuous:
// pixel i lies between i and i+1, so that a position times Scale is the same position in the frame.
type Layer struct {
	Pix          []byte
	Stride, W, H int
	Scale        float64 // pixels of the frame for each of this layer
	columns      []int32 // for Sharpen
	mask         *Mask   // nil for all; what is not marked is of one shade
	zoom         int     // blocks of the layer along the side of one of the mask
}

// Value is the shade at a position, between the four nearest pixels.
func (l *Layer) Value(x, y float64) float64 {
	x, y = x-0.5, y-0.5
	x0, y0 := int(x), int(y)
	if x < 0 || y < 0 || x0 >= l.W-1 || y0 >= l.H-1 {
		return l.clamped(x, y)
	}
	fx, fy := x-float64(x0), y-float64(y0)
	p := y0*l.Stride + x0
	top, bottom := l.Pix[p:p+2:p+2], l.Pix[p+l.Stride:p+l.Stride+2:p+l.Stride+2]
	a := float64(top[0]) + fx*(float64(top[1])-float64(top[0]))
	b := float64(bottom[0]) + fx*(float64(bottom[1])-float64(bottom[0]))
	return a + fy*(b-a)
}

func (l *Layer) clamped(x, y float64) float64 {
	return float64(l.Pix[int(min(max(y+0.5, 0), float64(l.H-1)))*l.Stride+int(min(max(x+0.5, 0), float64(l.W-1)))])
}

// Contains reports whether a position lies within the picture.
func (l *Layer) Contains(x, y float64) bool {
	return x >= 0 && y >= 0 && x < float64(l.W) && y < float64(l.H)
}
