package lattice

import (
	"math"

	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// Steps of the search for where the modules of a region lie, in modules.
const (
	warpStep  = 0.2
	warpReach = 3 // steps to each side
	warpAside = 4 // modules to each side that are looked at together
)

// WarpCost is the work of Warp, in modules that could be sampled instead.
func (g *Grid) WarpCost() int {
	if g.Modules > 60 {
		return 40_000
	}
	return 20_000
}

// Warp bends the Grid region by region to where the modules are plainest: the middle of a module
// is dark or light, its edge is neither. It follows cloth and crumpled paper, for which three
// finder patterns and the alignment patterns are too few.
func (g *Grid) Warp(l *plane.Layer, s *Sampler) {
	n := float64(g.Modules)
	bent := mesh{n: 5}
	if g.Modules > 60 {
		bent.n = 7
	}
	for i := range bent.n {
		bent.centre[i] = corner + float64(i)*(n-2*corner)/float64(bent.n-1)
	}
	for j := range bent.n {
		for i := range bent.n {
			x, y := bent.centre[i], bent.centre[j]
			p := g.At(x, y)
			u, v := g.At(x+1, y).Sub(p), g.At(x, y+1).Sub(p)
			best, plainest := plane.Point{}, 0.0
			w := g.around(s, int(x), int(y))
			for dv := -warpReach; dv <= warpReach; dv++ {
				for du := -warpReach; du <= warpReach; du++ {
					off := u.Times(float64(du) * warpStep).Add(v.Times(float64(dv) * warpStep))
					plain := w.plain(l, off) * (1 - 0.02*math.Hypot(float64(du), float64(dv)))
					if plain > plainest {
						best, plainest = off, plain
					}
				}
			}
			bent.off[j][i] = best
		}
	}
	bent.smooth()
	for j := range bent.n {
		for i := range bent.n {
			if g.mesh.n > 0 {
				bent.off[j][i] = bent.off[j][i].Add(g.mesh.at(bent.centre[i], bent.centre[j]))
			}
		}
	}
	g.mesh = bent
}

// window is where the modules around one are in the picture, and their middle shade.
type window struct {
	at     [(2*warpAside + 1) * (2*warpAside + 1)]plane.Point
	n      int
	middle float64
}

func (g *Grid) around(s *Sampler, x, y int) (w window) {
	for j := max(y-warpAside, 0); j <= min(y+warpAside, g.Modules-1); j++ {
		for i := max(x-warpAside, 0); i <= min(x+warpAside, g.Modules-1); i++ {
			w.middle += float64(s.shade[j*s.N+i])
			w.at[w.n] = g.At(float64(i)+0.5, float64(j)+0.5)
			w.n++
		}
	}
	w.middle /= float64(w.n)
	if g.Light {
		w.middle = 255 - w.middle
	}
	return w
}

// plain is how far the modules are from the middle between dark and light, if they lie off pixels from
// where the grid has them.
func (w *window) plain(l *plane.Layer, off plane.Point) (sum float64) {
	for _, p := range w.at[:w.n] {
		sum += math.Abs(l.Value(p.X+off.X, p.Y+off.Y) - w.middle)
	}
	return sum
}

// smooth takes each offset half way to the mean of its neighbours.
func (m *mesh) smooth() {
	before := m.off
	for j := range m.n {
		for i := range m.n {
			var sum plane.Point
			n := 0.0
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				if x, y := i+d[0], j+d[1]; x >= 0 && y >= 0 && x < m.n && y < m.n {
					sum, n = sum.Add(before[y][x]), n+1
				}
			}
			m.off[j][i] = before[j][i].Add(sum.Times(1 / n)).Times(0.5)
		}
	}
}
