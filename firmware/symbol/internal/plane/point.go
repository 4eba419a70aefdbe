package plane

import "math"

// Point is a position in pixels of the frame, or in modules of a symbol.
type Point struct{ X, Y float64 }

// Pt is the point at x, y.
func Pt(x, y float64) Point { return Point{x, y} }

func (p Point) Add(q Point) Point     { return Point{p.X + q.X, p.Y + q.Y} }
func (p Point) Sub(q Point) Point     { return Point{p.X - q.X, p.Y - q.Y} }
func (p Point) Dist(q Point) float64  { return math.Hypot(p.X-q.X, p.Y-q.Y) }
func (p Point) Times(f float64) Point { return Point{p.X * f, p.Y * f} }

// Within reports whether a place of the picture lies in an area.
func Within(area [4]Point, at Point) bool {
	for i, p := range area {
		q := area[(i+1)%4]
		if (q.X-p.X)*(at.Y-p.Y)-(q.Y-p.Y)*(at.X-p.X) < 0 {
			return false
		}
	}
	return true
}
