package symbol

// sampler holds the shades of the modules of a symbol and sorts them into dark and light.
type sampler struct {
	n       int
	shade   []float32 // light modules are high, whatever the polarity
	work    []float32 // the shades, sharpened
	dark    []bool
	sum     []float32 // of all, of the dark and of the light, from the top left
	darkSum []float32
	darkNum []float32
}

// sample takes the shade of every module of g.
func (s *sampler) sample(g *grid, l *layer) {
	n := g.modules
	s.n = n
	s.shade, s.work = growFloats(s.shade, n*n), growFloats(s.work, n*n)
	p, q := g.at(float64(n)/2, float64(n)/2), g.at(float64(n)/2+1, float64(n)/2)
	size := p.dist(q)
	for y := range n {
		for x := range n {
			p := g.at(float64(x)+0.5, float64(y)+0.5)
			var v float64
			if size < 2.2 {
				v = l.value(p.x, p.y)
			} else {
				d := 0.2 * size
				v = (l.value(p.x, p.y)*2 + l.value(p.x-d, p.y) + l.value(p.x+d, p.y) + l.value(p.x, p.y-d) + l.value(p.x, p.y+d)) / 6
			}
			if g.light {
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

// sort tells dark from light modules: each against the middle of the mean dark and the mean
// light module around it. Before that, what a module differs from its four neighbours is
// multiplied by 1+sharp, which undoes blur.
func (s *sampler) sort(sharp float32) {
	n := s.n
	for y := range n {
		for x := range n {
			v := s.shade[y*n+x]
			around := s.near(x-1, y, v) + s.near(x+1, y, v) + s.near(x, y-1, v) + s.near(x, y+1, v)
			s.work[y*n+x] = v + sharp*(v-around/4)
		}
	}
	s.dark = growBools(s.dark, n*n)
	w := n + 1
	s.sum, s.darkSum, s.darkNum = growFloats(s.sum, w*w), growFloats(s.darkSum, w*w), growFloats(s.darkNum, w*w)
	s.total()
	s.split(nearModules, false)
	for range 2 {
		s.totalDark()
		s.split(farModules, true)
	}
}

// total fills sum.
func (s *sampler) total() {
	n, w := s.n, s.n+1
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
func (s *sampler) totalDark() {
	n, w := s.n, s.n+1
	clear(s.darkSum[:w])
	clear(s.darkNum[:w])
	for y := range n {
		aboveSum, outSum := s.darkSum[y*w:(y+1)*w], s.darkSum[(y+1)*w:(y+2)*w]
		aboveNum, outNum := s.darkNum[y*w:(y+1)*w], s.darkNum[(y+1)*w:(y+2)*w]
		var sum, num float32
		outSum[0], outNum[0] = 0, 0
		dark := s.dark[y*n : (y+1)*n]
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
func (s *sampler) split(reach int, two bool) {
	n, w := s.n, s.n+1
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
			s.dark[y*n+x] = s.work[y*n+x] < middle
		}
	}
}

func (s *sampler) near(x, y int, otherwise float32) float32 {
	if x < 0 || y < 0 || x >= s.n || y >= s.n {
		return otherwise
	}
	return s.shade[y*s.n+x]
}

func growFloats(f []float32, n int) []float32 {
	if cap(f) < n {
		return make([]float32, n)
	}
	return f[:n]
}

func growBools(b []bool, n int) []bool {
	if cap(b) < n {
		return make([]bool, n)
	}
	return b[:n]
}
