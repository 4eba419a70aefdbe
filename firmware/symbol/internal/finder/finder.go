// Package finder finds the finder patterns of QR symbols (ISO/IEC 18004 section 6.3.3), dark on light
// and light on dark, and measures their place, size and shape.
package finder

import (
	"cmp"
	"context"
	"math"
	"slices"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// rays is the number of directions in which a finder pattern is measured.
const rays = 16

// Distances from the centre of a finder pattern to the ends of its square, light ring and dark
// ring, in modules along a side (section 6.3.3).
const (
	squareEnd = 1.5
	lightEnd  = 2.5
	DarkEnd   = 3.5
)

// Pattern is a finder pattern, in pixels of the frame.
type Pattern struct {
	X, Y     float64       // centre
	Module   float64       // mean size of a module over all directions
	Reach    [rays]float64 // from the centre to the outer edge, clockwise from the right
	Contrast float64       // light less dark
	Middle   float64       // shade between them
	Light    bool          // light on dark
	Score    float64
}

// direction of each ray.
var direction = func() (d [rays][2]float64) {
	for i := range d {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / rays)
		d[i] = [2]float64{cos, sin}
	}
	return
}()

// rowStep is how many rows lie between those that are scanned. The square of a finder pattern is
// three modules high.
const rowStep = 3

// rowOrder are the first rows of several passes over a picture, so that one part of it, however
// busy, cannot use up the candidates before all of it was looked at.
var rowOrder = [...]int{1, 1 + 2*rowStep, 1 + rowStep, 1 + 3*rowStep}

// Search collects the finder patterns of a picture and of the layers made from it. It keeps memory
// from one picture to the next.
type Search struct {
	Patterns     []Pattern
	Surface      plane.Surface // of the layer looked at last
	across, down int           // blocks of 8x8 pixels of the picture
	seen         []int32       // pattern of each block, from 1; 0 for none
	edges        []int32
	left         int // candidates
}

// Begin forgets all patterns: the next layer is that of a picture of w x h pixels.
func (s *Search) Begin(w, h int) {
	s.Patterns = s.Patterns[:0]
	s.across, s.down = (w+7)/8, (h+7)/8
	s.seen = plane.Grow(s.seen, s.across*s.down)
	clear(s.seen)
}

// Look looks for finder patterns in a layer of at least 8x8 pixels, at no more than so many places,
// and returns at how many it looked. The context is asked between rows.
func (s *Search) Look(ctx context.Context, l *plane.Layer, candidates int) (used int) {
	s.left = candidates
	s.Surface.Measure(l)
	for _, start := range rowOrder {
		for y := start; y < l.H; y += len(rowOrder) * rowStep {
			if s.left <= 0 || ctx.Err() != nil {
				return candidates - s.left
			}
			s.scan(l, y)
		}
	}
	return candidates - s.left
}

// scan looks for finder patterns along one row.
func (s *Search) scan(l *plane.Layer, y int) {
	var light bool
	s.edges, light = s.Surface.Runs(l, y, s.edges[:0])
	e := s.edges
	for i := 0; i+5 < len(e) && s.left > 0; i++ {
		if fits(e[i : i+6]) {
			s.consider(l, y, e[i:i+6], light != (i%2 == 1))
		}
	}
}

// fits reports whether five runs may be dark, light, dark, light, dark through the middle of a
// finder pattern: 1:1:3:1:1 modules. Ink and light bleed: dark runs may all be narrower by some
// part of a module and light ones wider by as much, or the other way, which leaves the square and
// one ring together four modules. Everything is in eighths of a module.
func fits(e []int32) bool {
	centre, in, out := e[3]-e[2], e[2]-e[1], e[4]-e[3]
	m := 2*centre + in + out
	if m < 11 || 8*centre < 2*m-4 || 8*centre > 4*m-m/4+4 {
		return false
	}
	slack := m*6/10 + 8
	return near(8*(in-out), slack) &&
		near(8*(e[1]-e[0])-2*m+4*(in+out), slack) && near(8*(e[5]-e[4])-2*m+4*(in+out), slack)
}

func near(d, slack int32) bool { return d <= slack && -d <= slack }

// mostSlant is the ratio of height and width of a finder pattern from which it is not taken for one.
const mostSlant = 4

// consider looks around a place on row y that has the runs of a finder pattern.
func (s *Search) consider(l *plane.Layer, y int, e []int32, light bool) {
	width := float64(e[5]-e[0]) / 7
	x, cy := float64(e[2]+e[3])/2, float64(y)+0.5
	if s.known(l, x, cy, width) {
		return
	}
	s.left--
	t := float64(s.Surface.Threshold(int(x), y))
	var up, down, left, right [3]float64
	reach := int(DarkEnd*width*mostSlant) + 2
	px := int(x)
	if !walk(l, px, y, 0, -1, t, light, reach, &up) || !walk(l, px, y, 0, 1, t, light, reach, &down) || !square(up, down) {
		return
	}
	cy += middle(up, down)
	py := int(cy)
	if !walk(l, px, py, -1, 0, t, light, reach, &left) || !walk(l, px, py, 1, 0, t, light, reach, &right) || !square(left, right) {
		return
	}
	x = float64(px) + 0.5 + middle(left, right)
	tall, wide := (up[2]+down[2])/7, (left[2]+right[2])/7
	if tall > mostSlant*wide || wide > mostSlant*tall {
		return
	}
	f, ok := measure(l, x, cy, t, light, max(tall, wide))
	if !ok {
		return
	}
	f.X, f.Y, f.Module = f.X*l.Scale, f.Y*l.Scale, f.Module*l.Scale
	for i := range f.Reach {
		f.Reach[i] *= l.Scale
	}
	s.keep(f)
}

// measure measures a finder pattern in all directions from about its centre.
func measure(l *plane.Layer, x, y, t float64, light bool, module float64) (Pattern, bool) {
	f := Pattern{Light: light}
	var ends [rays][3]float64
	var good [rays]bool
	for pass := range 2 {
		n := 0
		for i, d := range direction {
			e := &ends[i]
			ok := ray(l, x, y, d[0], d[1], t, light, module*DarkEnd*mostSlant, e)
			in, ring := e[0]/e[2], e[1]/e[2]
			good[i] = ok && in > 0.22 && in < 0.66 && ring > 0.5 && ring < 0.9
			if good[i] {
				n++
			}
		}
		if n < 12 {
			return f, false
		}
		f.Score = float64(n) / rays
		if pass == 0 {
			var mx, my, pairs float64
			for i := range rays / 2 {
				if j := i + rays/2; good[i] && good[j] {
					m := middle(ends[j], ends[i])
					mx, my, pairs = mx+m*direction[i][0], my+m*direction[i][1], pairs+1
				}
			}
			if pairs < 4 {
				return f, false
			}
			x, y = x+2*mx/pairs, y+2*my/pairs
		}
	}
	var sum, dark, lite, least, most float64
	least = math.Inf(1)
	n := 0.0
	for i, d := range direction {
		f.Reach[i] = edge(&ends[i])
		if !good[i] {
			j := (i + rays/2) % rays
			f.Reach[i] = edge(&ends[j])
			if !good[j] {
				f.Reach[i] = (edge(&ends[(i+1)%rays]) + edge(&ends[(i+rays-1)%rays])) / 2
			}
			continue
		}
		e := ends[i]
		n++
		sum += f.Reach[i]
		least, most = min(least, f.Reach[i]), max(most, f.Reach[i])
		ring, outer := (e[0]+e[1])/2, (e[1]+e[2])/2
		lite += l.Value(x+ring*d[0], y+ring*d[1])
		dark += l.Value(x+outer*d[0], y+outer*d[1]) / 2
		dark += l.Value(x+e[0]/2*d[0], y+e[0]/2*d[1]) / 2
	}
	f.Contrast, f.Middle = (lite-dark)/n, (lite+dark)/(2*n)
	if light {
		f.Contrast = -f.Contrast
	}
	if most > 1.5*mostSlant*least || f.Contrast < plane.LeastContrast/2 {
		return f, false
	}
	f.X, f.Y = x, y
	f.Module = sum / n / (DarkEnd * 1.1222) // mean distance from the centre to the edge of a square of side 2: 4/pi ln(1+sqrt 2)
	f.Score *= f.Score * f.Contrast
	return f, true
}

// edge is the outer edge of the dark ring if nothing bled: the middle of the ring lies three modules
// from the centre.
func edge(ends *[3]float64) float64 { return (ends[1] + ends[2]) / 2 * DarkEnd / 3 }

// Span is the distance from the centre to both outer edges along a direction, divided by two.
func (f *Pattern) Span(dx, dy float64) float64 {
	a := math.Atan2(dy, dx) / (2 * math.Pi) * rays
	if a < 0 {
		a += rays
	}
	i := int(a)
	part := a - float64(i)
	i %= rays
	j := (i + 1) % rays
	one := f.Reach[i] + part*(f.Reach[j]-f.Reach[i])
	i, j = (i+rays/2)%rays, (j+rays/2)%rays
	return (one + f.Reach[i] + part*(f.Reach[j]-f.Reach[i])) / 2
}

// known reports whether a hit lies in the middle of a finder pattern found before.
func (s *Search) known(l *plane.Layer, x, y, width float64) bool {
	x, y, width = x*l.Scale, y*l.Scale, width*l.Scale
	i := s.seen[min(int(y)/8, s.down-1)*s.across+min(int(x)/8, s.across-1)]
	if i == 0 {
		return false
	}
	f := &s.Patterns[i-1]
	return math.Abs(f.X-x) < 1.5*f.Module && math.Abs(f.Y-y) < 1.5*f.Module && width < 2*f.Module && f.Module < 2*width
}

// keep adds a finder pattern, unless it is a better or worse view of one already there.
func (s *Search) keep(f Pattern) {
	x0, x1 := max(int(f.X-1.5*f.Module)/8, 0), min(int(f.X+1.5*f.Module)/8, s.across-1)
	y0, y1 := max(int(f.Y-1.5*f.Module)/8, 0), min(int(f.Y+1.5*f.Module)/8, s.down-1)
	n := int32(len(s.Patterns) + 1)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			i := s.seen[y*s.across+x]
			if i == 0 {
				continue
			}
			g := &s.Patterns[i-1]
			if math.Hypot(g.X-f.X, g.Y-f.Y) < 1.5*min(g.Module, f.Module) && g.Module < 1.6*f.Module && f.Module < 1.6*g.Module {
				if g.Score < f.Score {
					*g = f
				}
				return
			}
		}
	}
	s.Patterns = append(s.Patterns, f)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			s.seen[y*s.across+x] = n
		}
	}
}

// Rank puts the finder patterns of most contrast first.
func (s *Search) Rank() {
	slices.SortStableFunc(s.Patterns, func(a, b Pattern) int { return cmp.Compare(b.Score, a.Score) })
	clear(s.seen)
	for i := len(s.Patterns) - 1; i >= 0; i-- {
		f := &s.Patterns[i]
		for y := max(int(f.Y-1.5*f.Module)/8, 0); y <= min(int(f.Y+1.5*f.Module)/8, s.down-1); y++ {
			for x := max(int(f.X-1.5*f.Module)/8, 0); x <= min(int(f.X+1.5*f.Module)/8, s.across-1); x++ {
				s.seen[y*s.across+x] = int32(i + 1)
			}
		}
	}
}
