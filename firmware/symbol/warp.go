package symbol

import "math"

// Steps of the search for where the modules of a region lie, in modules.
const (
	warpStep  = 0.2
	warpReach = 3 // steps to each side
	warpAside = 4 // modules to each side that are looked at together
)

// warp bends the grid region by region to where the modules are plainest: the middle of a module
// is dark or light, its edge is neither. It follows cloth and crumpled paper, for which three
// finder patterns and the alignment patterns are too few.
func (g *grid) warp(l *layer, s *sampler) {
	n := float64(g.modules)
	bent := mesh{n: 5}
	if g.modules > 60 {
		bent.n = 7
	}
	for i := range bent.n {
		bent.centre[i] = darkEnd + float64(i)*(n-2*darkEnd)/float64(bent.n-1)
	}
	for j := range bent.n {
		for i := range bent.n {
			x, y := bent.centre[i], bent.centre[j]
			p := g.at(x, y)
			u, v := g.at(x+1, y).sub(p), g.at(x, y+1).sub(p)
			best, plainest := point{}, 0.0
			for dv := -warpReach; dv <= warpReach; dv++ {
				for du := -warpReach; du <= warpReach; du++ {
					off := u.times(float64(du) * warpStep).add(v.times(float64(dv) * warpStep))
					plain := g.plain(l, s, int(x), int(y), off) * (1 - 0.02*math.Hypot(float64(du), float64(dv)))
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
				bent.off[j][i] = bent.off[j][i].add(g.mesh.at(bent.centre[i], bent.centre[j]))
			}
		}
	}
	g.mesh = bent
}

// plain is how far the modules around one are from the middle between dark and light, if they
// lie off pixels from where the grid has them.
func (g *grid) plain(l *layer, s *sampler, x, y int, off point) float64 {
	var sum, middle float64
	x0, x1 := max(x-warpAside, 0), min(x+warpAside, g.modules-1)
	y0, y1 := max(y-warpAside, 0), min(y+warpAside, g.modules-1)
	for j := y0; j <= y1; j++ {
		for i := x0; i <= x1; i++ {
			middle += float64(s.shade[j*s.n+i])
		}
	}
	middle /= float64((x1 - x0 + 1) * (y1 - y0 + 1))
	if g.light {
		middle = 255 - middle
	}
	for j := y0; j <= y1; j++ {
		for i := x0; i <= x1; i++ {
			p := g.at(float64(i)+0.5, float64(j)+0.5).add(off)
			sum += math.Abs(l.value(p.x, p.y) - middle)
		}
	}
	return sum
}

// smooth takes each offset half way to the mean of its neighbours.
func (m *mesh) smooth() {
	before := m.off
	for j := range m.n {
		for i := range m.n {
			var sum point
			n := 0.0
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				if x, y := i+d[0], j+d[1]; x >= 0 && y >= 0 && x < m.n && y < m.n {
					sum, n = sum.add(before[y][x]), n+1
				}
			}
			m.off[j][i] = before[j][i].add(sum.times(1 / n)).times(0.5)
		}
	}
}
