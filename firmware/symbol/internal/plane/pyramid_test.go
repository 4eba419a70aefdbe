package plane

import (
	"math/rand/v2"
	"testing"
)

// noise is a picture of chance.
func noise(w, h int) *Layer {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	l := &Layer{Pix: make([]byte, w*h), Stride: w, W: w, H: h, Scale: 1}
	for i := range l.Pix {
		l.Pix[i] = uint8(r.IntN(256))
	}
	return l
}

// at is a pixel; beyond the edge the nearest one.
func (l *Layer) at(x, y int) int {
	return int(l.Pix[min(max(y, 0), l.H-1)*l.Stride+min(max(x, 0), l.W-1)])
}

// TestPyramid compares the layers made of a picture with their definition, pixel by pixel.
func TestPyramid(t *testing.T) {
	for _, size := range [][2]int{{64, 40}, {37, 29}, {8, 8}, {51, 22}} {
		l := noise(size[0], size[1])
		var half, twice, sharp, calm Layer
		half.Halve(l)
		twice.Double(l, nil)
		sharp.Sharpen(l, nil)
		calm.Calm(l, nil)
		for y := range half.H {
			for x := range half.W {
				if want := (l.at(2*x, 2*y) + l.at(2*x+1, 2*y) + l.at(2*x, 2*y+1) + l.at(2*x+1, 2*y+1) + 2) / 4; half.at(x, y) != want {
					t.Fatalf("%v: half %d,%d is %d, not %d", size, x, y, half.at(x, y), want)
				}
			}
		}
		for y := range twice.H {
			for x := range twice.W {
				px, py := x/2+x%2*2-1, y/2+y%2*2-1
				if want := (9*l.at(x/2, y/2) + 3*l.at(px, y/2) + 3*l.at(x/2, py) + l.at(px, py) + 8) / 16; twice.at(x, y) != want {
					t.Fatalf("%v: twice %d,%d is %d, not %d", size, x, y, twice.at(x, y), want)
				}
			}
		}
		for y := range l.H {
			for x := range l.W {
				sum := 0
				for dy := -3; dy <= 3; dy++ {
					for dx := -3; dx <= 3; dx++ {
						sum += l.at(x+dx, y+dy)
					}
				}
				sum9 := 0
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						sum9 += l.at(x+dx, y+dy) * (2 - dx*dx) * (2 - dy*dy)
					}
				}
				if calm.at(x, y) != (sum9+8)/16 {
					t.Fatalf("%v: calm %d,%d is %d, not %d", size, x, y, calm.at(x, y), (sum9+8)/16)
				}
				if want := min(max(4*l.at(x, y)-3*sum/49, 0), 255); sharp.at(x, y) != want {
					t.Fatalf("%v: sharp %d,%d is %d, not %d", size, x, y, sharp.at(x, y), want)
				}
			}
		}
	}
}

// TestMask marks a busy square and makes layers that are as without the mask there, and of one shade
// elsewhere.
func TestMask(t *testing.T) {
	const w, h = 640, 400
	l := noise(w, h)
	for y := range h {
		for x := range w {
			if x < 200 || x >= 360 || y < 120 || y >= 280 {
				l.Pix[y*w+x] = 100
			}
		}
	}
	var s Surface
	var e Extremes
	var m Mask
	s.Measure(l)
	e.Keep(&s)
	m.Mark(&e)
	if part := m.Part(); part < 0.15 || part > 0.18 { // of the square and two blocks around it 0.144, and one block in 64
		t.Errorf("%.2f of the picture are marked", part)
	}
	var twice, twiceAll, sharp, sharpAll Layer
	twice.Double(l, &m)
	twiceAll.Double(l, nil)
	sharp.Sharpen(l, &m)
	sharpAll.Sharpen(l, nil)
	for y := range h {
		for x := range w {
			live := m.live[y/8*m.w+x/8]
			if x >= 200 && x < 360 && y >= 120 && y < 280 && !live {
				t.Fatalf("%d,%d is not marked", x, y)
			}
			a, b, c, d := sharp.at(x, y), twice.at(2*x, 2*y+1), sharpAll.at(x, y), twiceAll.at(2*x, 2*y+1)
			if live && (a != c || b != d) || !live && (a != shade || b != shade) {
				t.Fatalf("%d,%d: %d and %d with the mask, %d and %d without; marked: %v", x, y, a, b, c, d, live)
			}
		}
	}
	var masked, all Surface
	masked.Measure(&sharp)
	all.Measure(&sharpAll)
	if masked.Threshold(280, 200) != all.Threshold(280, 200) {
		t.Error("another threshold under the mask")
	}
}
