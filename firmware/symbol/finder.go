package symbol

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// rays is the number of directions in which a finder pattern is measured.
const rays = 16

// Distances from the centre of a finder pattern to the ends of its square, light ring and dark
// ring, in modules along a side (section 6.3.3).
const (
	squareEnd = 1.5
	lightEnd  = 2.5
	darkEnd   = 3.5
)

// finder is a finder pattern, in pixels of the frame.
type finder struct {
	x, y     float64
	module   float64       // mean size of a module over all directions
	reach    [rays]float64 // from the centre to the outer edge
	contrast float64       // light less dark
	middle   float64       // shade between them
	light    bool          // light on dark
	score    float64
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

// search looks for finder patterns in a layer.
func (r *Reader) search(ctx context.Context, l *layer) {
	if l.w < smallest || l.h < smallest || r.left.Pixels < l.w*l.h {
		return
	}
	r.left.Pixels -= l.w * l.h
	r.spent.Pixels += l.w * l.h
	r.surface.measure(l)
	for _, start := range rowOrder {
		for y := start; y < l.h; y += len(rowOrder) * rowStep {
			if r.left.Candidates <= 0 || ctx.Err() != nil {
				return
			}
			r.scan(l, y)
		}
	}
}

// scan looks for finder patterns along one row.
func (r *Reader) scan(l *layer, y int) {
	var light bool
	r.edges, light = r.surface.runs(l, y, r.edges[:0])
	e := r.edges
	for i := 0; i+5 < len(e) && r.left.Candidates > 0; i++ {
		if pattern(e[i : i+6]) {
			r.consider(l, y, e[i:i+6], light != (i%2 == 1))
		}
	}
}

// pattern reports whether five runs may be dark, light, dark, light, dark through the middle of a
// finder pattern: 1:1:3:1:1 modules. Ink and light bleed: dark runs may all be narrower by some
// part of a module and light ones wider by as much, or the other way, which leaves the square and
// one ring together four modules. Everything is in eighths of a module.
func pattern(e []int32) bool {
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
func (r *Reader) consider(l *layer, y int, e []int32, light bool) {
	width := float64(e[5]-e[0]) / 7
	x, cy := float64(e[2]+e[3])/2, float64(y)+0.5
	if r.known(l, x, cy, width) {
		return
	}
	r.left.Candidates--
	r.spent.Candidates++
	t := float64(r.surface.threshold(int(x), y))
	var up, down, left, right [3]float64
	reach := int(darkEnd*width*mostSlant) + 2
	px := int(x)
	if !l.walk(px, y, 0, -1, t, light, reach, &up) || !l.walk(px, y, 0, 1, t, light, reach, &down) || !square(up, down) {
		return
	}
	cy += middle(up, down)
	py := int(cy)
	if !l.walk(px, py, -1, 0, t, light, reach, &left) || !l.walk(px, py, 1, 0, t, light, reach, &right) || !square(left, right) {
		return
	}
	x = float64(px) + 0.5 + middle(left, right)
	tall, wide := (up[2]+down[2])/7, (left[2]+right[2])/7
	if tall > mostSlant*wide || wide > mostSlant*tall {
		return
	}
	f, ok := l.finder(x, cy, t, light, max(tall, wide))
	if !ok {
		return
	}
	f.x, f.y, f.module = f.x*l.scale, f.y*l.scale, f.module*l.scale
	for i := range f.reach {
		f.reach[i] *= l.scale
	}
	r.keep(f)
}

// finder measures a finder pattern in all directions from about its centre.
func (l *layer) finder(x, y, t float64, light bool, module float64) (finder, bool) {
	f := finder{light: light}
	var ends [rays][3]float64
	var good [rays]bool
	for pass := range 2 {
		n := 0
		for i, d := range direction {
			e := &ends[i]
			ok := l.ray(x, y, d[0], d[1], t, light, module*darkEnd*mostSlant, e)
			in, ring := e[0]/e[2], e[1]/e[2]
			good[i] = ok && in > 0.22 && in < 0.66 && ring > 0.5 && ring < 0.9
			if good[i] {
				n++
			}
		}
		if n < 12 {
			return f, false
		}
		f.score = float64(n) / rays
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
		f.reach[i] = edge(&ends[i])
		if !good[i] {
			j := (i + rays/2) % rays
			f.reach[i] = edge(&ends[j])
			if !good[j] {
				f.reach[i] = (edge(&ends[(i+1)%rays]) + edge(&ends[(i+rays-1)%rays])) / 2
			}
			continue
		}
		e := ends[i]
		n++
		sum += f.reach[i]
		least, most = min(least, f.reach[i]), max(most, f.reach[i])
		ring, outer := (e[0]+e[1])/2, (e[1]+e[2])/2
		lite += l.value(x+ring*d[0], y+ring*d[1])
		dark += l.value(x+outer*d[0], y+outer*d[1]) / 2
		dark += l.value(x+e[0]/2*d[0], y+e[0]/2*d[1]) / 2
	}
	f.contrast, f.middle = (lite-dark)/n, (lite+dark)/(2*n)
	if light {
		f.contrast = -f.contrast
	}
	if most > 1.5*mostSlant*least || f.contrast < leastContrast/2 {
		return f, false
	}
	f.x, f.y = x, y
	f.module = sum / n / (darkEnd * 1.1222) // mean distance from the centre to the edge of a square of side 2: 4/pi ln(1+sqrt 2)
	f.score *= f.score * f.contrast
	return f, true
}

// edge is the outer edge of the dark ring if nothing bled: the middle of the ring lies three modules
// from the centre.
func edge(ends *[3]float64) float64 { return (ends[1] + ends[2]) / 2 * darkEnd / 3 }

// span is the distance from the centre to both outer edges along a direction, divided by two.
func (f *finder) span(dx, dy float64) float64 {
	a := math.Atan2(dy, dx) / (2 * math.Pi) * rays
	if a < 0 {
		a += rays
	}
	i := int(a)
	part := a - float64(i)
	i %= rays
	j := (i + 1) % rays
	one := f.reach[i] + part*(f.reach[j]-f.reach[i])
	i, j = (i+rays/2)%rays, (j+rays/2)%rays
	return (one + f.reach[i] + part*(f.reach[j]-f.reach[i])) / 2
}

// known reports whether a hit lies in the middle of a finder pattern found before.
func (r *Reader) known(l *layer, x, y, width float64) bool {
	x, y, width = x*l.scale, y*l.scale, width*l.scale
	blocks := (r.base.w + 7) / 8
	i := r.seen[min(int(y)/8, len(r.seen)/blocks-1)*blocks+min(int(x)/8, blocks-1)]
	if i == 0 {
		return false
	}
	f := &r.finders[i-1]
	return math.Abs(f.x-x) < 1.5*f.module && math.Abs(f.y-y) < 1.5*f.module && width < 2*f.module && f.module < 2*width
}

// keep adds a finder pattern, unless it is a better or worse view of one already there.
func (r *Reader) keep(f finder) {
	blocks := (r.base.w + 7) / 8
	x0, x1 := max(int(f.x-1.5*f.module)/8, 0), min(int(f.x+1.5*f.module)/8, blocks-1)
	y0, y1 := max(int(f.y-1.5*f.module)/8, 0), min(int(f.y+1.5*f.module)/8, len(r.seen)/blocks-1)
	n := int32(len(r.finders) + 1)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			i := r.seen[y*blocks+x]
			if i == 0 {
				continue
			}
			g := &r.finders[i-1]
			if math.Hypot(g.x-f.x, g.y-f.y) < 1.5*min(g.module, f.module) && g.module < 1.6*f.module && f.module < 1.6*g.module {
				if g.score < f.score {
					*g = f
				}
				return
			}
		}
	}
	r.finders = append(r.finders, f)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			r.seen[y*blocks+x] = n
		}
	}
}

// rank puts the finder patterns of most contrast first.
func (r *Reader) rank() {
	slices.SortStableFunc(r.finders, func(a, b finder) int { return cmp.Compare(b.score, a.score) })
	clear(r.seen)
	blocks := (r.base.w + 7) / 8
	for i := len(r.finders) - 1; i >= 0; i-- {
		f := &r.finders[i]
		for y := max(int(f.y-1.5*f.module)/8, 0); y <= min(int(f.y+1.5*f.module)/8, len(r.seen)/blocks-1); y++ {
			for x := max(int(f.x-1.5*f.module)/8, 0); x <= min(int(f.x+1.5*f.module)/8, blocks-1); x++ {
				r.seen[y*blocks+x] = int32(i + 1)
			}
		}
	}
}
