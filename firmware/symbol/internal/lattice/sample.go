package lattice

import "example.org/checkpoint/firmware/symbol/internal/plane"

// Sampler holds the shades of the modules of a symbol and sorts them into dark and light.
type Sampler struct {
	N       int       // modules along a side
	shade   []float32 // light modules are high, whatever the polarity
	work    []float32 // the shades, sharpened
	Dark    []bool    // row by row
	sum     []float32 // of all, of the dark and of the light, from the top left
	darkSum []float32
	darkNum []float32
}

// Sample takes the shade of every module of g.
func (s *Sampler) Sample(g *Grid, l *plane.Layer) {
	n := g.Modules
	s.N = n
	s.shade, s.work = plane.Grow(s.shade, n*n), plane.Grow(s.work, n*n)
	p, q := g.At(float64(n)/2, float64(n)/2), g.At(float64(n)/2+1, float64(n)/2)
	size := p.Dist(q)
	for y := range n {
		for x := range n {
			p := g.At(float64(x)+0.5, float64(y)+0.5)
			var v float64
			if size < 2.2 {
				v = l.Value(p.X, p.Y)
			} else {
				d := 0.2 * size
				v = (l.Value(p.X, p.Y)*2 + l.Value(p.X-d, p.Y) + l.Value(p.X+d, p.Y) + l.Value(p.X, p.Y-d) + l.Value(p.X, p.Y+d)) / 6
			}
			if g.Light {
				v = 255 - v
			}
			s.shade[y*n+x] = float32(v)
		}
	}
}

// Windows of the local threshold, in modules to each side.
const (
	nearModules = 4
	farModules  = 7
)

// Sort tells dark from light modules: each against the middle of the mean dark and the mean
// light module around it. Before that, what a module differs from its four neighbours is
// multiplied by 1+sharp, which undoes blur.
func (s *Sampler) Sort(sharp float32) {
	n := s.N
	for y := range n {
		for x := range n {
			v := s.shade[y*n+x]
			around := s.near(x-1, y, v) + s.near(x+1, y, v) + s.near(x, y-1, v) + s.near(x, y+1, v)
			s.work[y*n+x] = v + sharp*(v-around/4)
		}
	}
	s.Dark = plane.Grow(s.Dark, n*n)
	w := n + 1
	s.sum, s.darkSum, s.darkNum = plane.Grow(s.sum, w*w), plane.Grow(s.darkSum, w*w), plane.Grow(s.darkNum, w*w)
	s.total()
	s.split(nearModules, false)
	for range 2 {
		s.totalDark()
		s.split(farModules, true)
	}
}

// total fills sum.
func (s *Sampler) total() {
	n, w := s.N, s.N+1
	clear(s.sum[:w])
	for y := range n {
		above, out := s.sum[y*w:(y+1)*w], s.sum[(y+1)*w:(y+2)*w]
		row := float32(0)
		out[0] = 0
		for x, v := range s.work[y*n : (y+1)*n] {
			row += v
			out[x+1] = above[x+1] + row
		}
	}
}

// totalDark fills darkSum and darkNum.
func (s *Sampler) totalDark() {
	n, w := s.N, s.N+1
	clear(s.darkSum[:w])
	clear(s.darkNum[:w])
	for y := range n {
		aboveSum, outSum := s.darkSum[y*w:(y+1)*w], s.darkSum[(y+1)*w:(y+2)*w]
		aboveNum, outNum := s.darkNum[y*w:(y+1)*w], s.darkNum[(y+1)*w:(y+2)*w]
		var sum, num float32
		outSum[0], outNum[0] = 0, 0
		dark := s.Dark[y*n : (y+1)*n]
		for x, v := range s.work[y*n : (y+1)*n] {
			if dark[x] {
				sum, num = sum+v, num+1
			}
			outSum[x+1], outNum[x+1] = aboveSum[x+1]+sum, aboveNum[x+1]+num
		}
	}
}

// split sorts each module against the mean of those around it, as far as reach, or against the middle
// of the mean dark and the mean light one, where both are there.
func (s *Sampler) split(reach int, two bool) {
	n, w := s.N, s.N+1
	for y := range n {
		y0, y1 := max(y-reach, 0)*w, min(y+reach+1, n)*w
		tall := float32((y1 - y0) / w)
		for x := range n {
			x0, x1 := max(x-reach, 0), min(x+reach+1, n)
			area := tall * float32(x1-x0)
			all := s.sum[y1+x1] - s.sum[y1+x0] - s.sum[y0+x1] + s.sum[y0+x0]
			middle := all / area
			if two {
				num := s.darkNum[y1+x1] - s.darkNum[y1+x0] - s.darkNum[y0+x1] + s.darkNum[y0+x0]
				if num >= 2 && area-num >= 2 {
					dark := s.darkSum[y1+x1] - s.darkSum[y1+x0] - s.darkSum[y0+x1] + s.darkSum[y0+x0]
					middle = (dark/num + (all-dark)/(area-num)) / 2
				}
			}
			s.Dark[y*n+x] = s.work[y*n+x] < middle
		}
	}
}

func (s *Sampler) near(x, y int, otherwise float32) float32 {
	if x < 0 || y < 0 || x >= s.N || y >= s.N {
		return otherwise
	}
	return s.shade[y*s.N+x]
}
