package lattice

import (
	"math"
	"math/rand/v2"
	"testing"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// field is a symbol of chance with alignment patterns, seen under a homography that may be bent.
func field(t *testing.T, n int, corners [4]plane.Point, bend float64) (*plane.Layer, []bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 7))
	dark := make([]bool, n*n)
	for i := range dark {
		dark[i] = r.IntN(2) == 0
	}
	ring := func(cx, cy, reach int, light ...int) {
		for y := cy - reach; y <= cy+reach; y++ {
			for x := cx - reach; x <= cx+reach; x++ {
				d := max(x-cx, cx-x, y-cy, cy-y)
				dark[y*n+x] = true
				for _, l := range light {
					if d == l {
						dark[y*n+x] = false
					}
				}
			}
		}
	}
	if n > 21 {
		ring(n-7, n-7, 2, 1)
	}
	side := float64(n)
	h := between([4]plane.Point{plane.Pt(0, 0), plane.Pt(side, 0), plane.Pt(side, side), plane.Pt(0, side)}, corners)
	l := &plane.Layer{Pix: make([]byte, 400*400), Stride: 400, W: 400, H: 400, Scale: 1}
	for i := range l.Pix {
		l.Pix[i] = 210
	}
	const fine = 14 // dots a module
	for y := range n * fine {
		for x := range n * fine {
			mx, my := (float64(x)+0.5)/fine, (float64(y)+0.5)/fine
			p := h.at(mx, my)
			p.Y += bend * math.Sin(mx/side*math.Pi)
			if dark[int(my)*n+int(mx)] {
				l.Pix[int(p.Y)*400+int(p.X)] = 40
			}
		}
	}
	return l, dark
}

// laid is a grid over the symbol with those corners; the fourth finder pattern may be off.
func laid(n int, corners [4]plane.Point, off plane.Point) *Grid {
	side := float64(n)
	h := between([4]plane.Point{plane.Pt(0, 0), plane.Pt(side, 0), plane.Pt(side, side), plane.Pt(0, side)}, corners)
	far := side - corner
	g := &Grid{A: h.at(corner, corner), B: h.at(far, corner), C: h.at(corner, far), D: h.at(far, far).Add(off)}
	g.Lay(n)
	return g
}

func wrong(s *Sampler, dark []bool) (n int) {
	for i := range dark {
		if s.Dark[i] != dark[i] {
			n++
		}
	}
	return n
}

var seen = [4]plane.Point{plane.Pt(60, 50), plane.Pt(330, 80), plane.Pt(350, 350), plane.Pt(40, 310)}

// TestSample reads the modules of a symbol seen from the side.
func TestSample(t *testing.T) {
	for _, n := range []int{21, 37, 57} {
		l, dark := field(t, n, seen, 0)
		var s Sampler
		s.Sample(laid(n, seen, plane.Point{}), l)
		s.Sort(0.3)
		if w := wrong(&s, dark); w > n*n/500 {
			t.Errorf("%d modules a side: %d wrong", n, w)
		}
	}
}

// TestAlign mends a grid whose fourth corner is off, by the alignment pattern.
func TestAlign(t *testing.T) {
	const n = 37
	l, dark := field(t, n, seen, 0)
	var before, after Sampler
	g := laid(n, seen, plane.Pt(9, -7))
	before.Sample(g, l)
	before.Sort(0.3)
	if like := g.Align(l); like < surelyAligned {
		t.Errorf("the alignment pattern is alike by %.2f only", like)
	}
	after.Sample(g, l)
	after.Sort(0.3)
	if b, a := wrong(&before, dark), wrong(&after, dark); a > n*n/100 || b < 10*a {
		t.Errorf("%d modules wrong before, %d after", b, a)
	}
	if p := g.Area(); p[2].Dist(seen[2]) > 3 {
		t.Errorf("the lower right corner is at %v", p[2])
	}
}

// TestWarp follows a symbol that is bent between its corners.
func TestWarp(t *testing.T) {
	const n = 33
	l, dark := field(t, n, seen, 3)
	var before, after Sampler
	g := laid(n, seen, plane.Point{})
	before.Sample(g, l)
	before.Sort(0.3)
	g.Warp(l, &before)
	b := wrong(&before, dark)
	after.Sample(g, l)
	after.Sort(0.3)
	if a := wrong(&after, dark); 2*a > b {
		t.Errorf("%d modules wrong before, %d after", b, a)
	}
}

// TestFlatten makes a parallelogram of a grid.
func TestFlatten(t *testing.T) {
	g := laid(25, seen, plane.Point{})
	g.Flatten()
	if m, d := g.B.Add(g.C).Times(0.5), g.A.Add(g.D).Times(0.5); m.Dist(d) > 1e-9 {
		t.Errorf("the diagonals meet at %v and %v", m, d)
	}
	if p := g.At(25-corner, 25-corner); p.Dist(g.D) > 1e-6 {
		t.Errorf("the fourth corner is at %v, not %v", p, g.D)
	}
}
