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
	s.integrate(s.sum, func(i int) float32 { return s.work[i] })
	s.each(nearModules, func(i int, b window) {
		s.dark[i] = s.work[i] < b.of(s.sum)/b.area
	})
	for range 2 {
		s.integrate(s.darkSum, func(i int) float32 {
			if s.dark[i] {
				return s.work[i]
			}
			return 0
		})
		s.integrate(s.darkNum, func(i int) float32 {
			if s.dark[i] {
				return 1
			}
			return 0
		})
		s.each(farModules, func(i int, b window) {
			all, dark, num := b.of(s.sum), b.of(s.darkSum), b.of(s.darkNum)
			if num < 2 || b.area-num < 2 {
				s.dark[i] = s.work[i] < all/b.area
				return
			}
			s.dark[i] = s.work[i] < (dark/num+(all-dark)/(b.area-num))/2
		})
	}
}

func (s *sampler) near(x, y int, otherwise float32) float32 {
	if x < 0 || y < 0 || x >= s.n || y >= s.n {
		return otherwise
	}
	return s.shade[y*s.n+x]
}

func (s *sampler) integrate(sum []float32, of func(i int) float32) {
	w := s.n + 1
	clear(sum[:w])
	for y := range s.n {
		row := float32(0)
		sum[(y+1)*w] = 0
		for x := range s.n {
			row += of(y*s.n + x)
			sum[(y+1)*w+x+1] = sum[y*w+x+1] + row
		}
	}
}

// window is a rectangle of modules, as its corners in an integrated table.
type window struct {
	nw, ne, sw, se int
	area           float32
}

func (b window) of(sum []float32) float32 { return sum[b.se] - sum[b.sw] - sum[b.ne] + sum[b.nw] }

func (s *sampler) each(reach int, do func(i int, b window)) {
	w := s.n + 1
	for y := range s.n {
		y0, y1 := max(y-reach, 0), min(y+reach+1, s.n)
		for x := range s.n {
			x0, x1 := max(x-reach, 0), min(x+reach+1, s.n)
			do(y*s.n+x, window{y0*w + x0, y0*w + x1, y1*w + x0, y1*w + x1, float32((y1 - y0) * (x1 - x0))})
		}
	}
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
