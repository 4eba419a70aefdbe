package finder

import (
	"context"
	"math"
	"testing"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// page draws finder patterns, turned by an angle, with modules of so many pixels.
func page(w, h int, module, angle float64, light bool, at ...plane.Point) *plane.Layer {
	l := &plane.Layer{Pix: make([]byte, w*h), Stride: w, W: w, H: h, Scale: 1}
	sin, cos := math.Sincos(angle)
	dark, lite := 30.0, 220.0
	if light {
		dark, lite = lite, dark
	}
	for y := range h {
		for x := range w {
			v := 0.0
			for i := range 16 { // samples a pixel
				px, py := float64(x)+float64(i%4)/4+0.125, float64(y)+float64(i/4)/4+0.125
				shade := lite
				for _, c := range at {
					dx, dy := px-c.X, py-c.Y
					u, w := (dx*cos+dy*sin)/module, (dy*cos-dx*sin)/module
					if ring := max(math.Abs(u), math.Abs(w)); ring < squareEnd || ring > lightEnd && ring < DarkEnd {
						shade = dark
					}
				}
				v += shade / 16
			}
			l.Pix[y*w+x] = uint8(v)
		}
	}
	return l
}

// TestLook finds patterns of all sizes and turns, and tells where and how large they are.
func TestLook(t *testing.T) {
	for _, module := range []float64{2.3, 3, 5.5, 11} {
		for _, angle := range []float64{0, 0.2, math.Pi / 4, 1.3} {
			for _, light := range []bool{false, true} {
				at := []plane.Point{plane.Pt(101.3, 98.6), plane.Pt(300.2, 140.9)}
				l := page(400, 240, module, angle, light, at...)
				var s Search
				s.Begin(l.W, l.H)
				if used := s.Look(context.Background(), l, 1000); used < 2 || used > 1000 {
					t.Errorf("looked at %d places", used)
				}
				s.Rank()
				if len(s.Patterns) != 2 {
					t.Fatalf("module %v, angle %v: %d patterns", module, angle, len(s.Patterns))
				}
				for _, p := range s.Patterns {
					off := min(math.Hypot(p.X-at[0].X, p.Y-at[0].Y), math.Hypot(p.X-at[1].X, p.Y-at[1].Y))
					if off > 0.35 || math.Abs(p.Module/module-1) > 0.08 || p.Light != light {
						t.Errorf("module %v, angle %v: %.2f pixels off, module %.2f, light %v", module, angle, off, p.Module, p.Light)
					}
					// Along a side the edge is 3.5 modules from the centre, along the diagonal farther.
					sin, cos := math.Sincos(angle)
					if side, far := p.Span(cos, sin), p.Span(cos-sin, sin+cos); math.Abs(side/(DarkEnd*module)-1) > 0.1 || far < 1.15*side {
						t.Errorf("module %v, angle %v: edges at %.2f and %.2f", module, angle, side, far)
					}
				}
			}
		}
	}
}

// TestCandidates looks at no more places than it may, nor after the context has ended.
func TestCandidates(t *testing.T) {
	var at []plane.Point
	for i := range 60 {
		at = append(at, plane.Pt(float64(20+i%10*38), float64(20+i/10*38)))
	}
	l := page(400, 240, 3, 0, false, at...)
	var s Search
	s.Begin(l.W, l.H)
	if used := s.Look(context.Background(), l, 7); used > 7 || len(s.Patterns) > 7 {
		t.Errorf("%d places, %d patterns", used, len(s.Patterns))
	}
	ended, stop := context.WithCancel(context.Background())
	stop()
	s.Begin(l.W, l.H)
	if used := s.Look(ended, l, 1000); used > 0 {
		t.Errorf("%d places after the end", used)
	}
	if s.Look(context.Background(), l, 1000); len(s.Patterns) != len(at) {
		t.Errorf("%d of %d patterns", len(s.Patterns), len(at))
	}
}

// TestSeek finds a pattern near where it should be, and none where there is none.
func TestSeek(t *testing.T) {
	l := page(200, 200, 4, 0, false, plane.Pt(103, 97))
	u, v := plane.Pt(4, 0), plane.Pt(0, 4)
	if p, like := Seek(l, plane.Pt(90, 105), u, v, false, 5); p.Dist(plane.Pt(103, 97)) > 1 || like < 0.8 {
		t.Errorf("found at %v, like %.2f", p, like)
	}
	if _, like := Seek(l, plane.Pt(40, 40), u, v, false, 3); like > 0.5 {
		t.Errorf("found one where there is none: %.2f", like)
	}
}
