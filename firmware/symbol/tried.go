package symbol

import (
	"image"
	"math"
)

// Tried is what a Read looked at more closely, in pixels of the picture, for those who want to see
// why a code was read or not.
type Tried struct {
	Finders []Finder
	Grids   [][4]image.Point // outer corners of the grids that were sampled
}

// Finder is a finder pattern, or what was taken for one.
type Finder struct {
	Centre image.Point
	Module float64 // size of a module
	Light  bool    // light on dark
}

// Tried tells what the last Read tried.
func (r *Reader) Tried() Tried {
	var t Tried
	for _, f := range r.search.Patterns {
		t.Finders = append(t.Finders, Finder{image.Pt(int(math.Round(f.X)), int(math.Round(f.Y))).Add(r.origin), f.Module, f.Light})
	}
	for _, area := range r.tried {
		var g [4]image.Point
		for i, p := range area {
			g[i] = image.Pt(int(math.Round(p.X)), int(math.Round(p.Y))).Add(r.origin)
		}
		t.Grids = append(t.Grids, g)
	}
	return t
}

// Tried tells what the last Read tried.
func (t *Tracker) Tried() Tried { return t.reader.Tried() }
