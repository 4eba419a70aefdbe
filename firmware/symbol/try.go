package symbol

import (
	"image"
	"math"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
	"example.org/checkpoint/firmware/symbol/internal/lattice"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// attempts remembers which finder patterns were tried together at which side, so that a later
// layer does not repeat an earlier one.
type attempts struct{ keys map[[4]int32]bool }

func (a *attempts) clear() { clear(a.keys) }

// first reports whether the grid was not tried before.
func (a *attempts) first(g *lattice.Grid) bool {
	if a.keys == nil {
		a.keys = map[[4]int32]bool{}
	}
	key := func(p plane.Point) int32 { return int32(p.X)<<15 ^ int32(p.Y) }
	k := [4]int32{key(g.A), key(g.B), key(g.C), int32(g.Modules)}
	if a.keys[k] {
		return false
	}
	a.keys[k] = true
	return true
}

// leastTiming is the agreement of the timing patterns below which a grid is not tried.
const leastTiming = 0.25

// leastToWarp is the agreement from which a grid that cannot be read is bent and tried again.
const leastToWarp = 0.45

// sharpness are the ways in which the modules of a grid are sorted, in turn.
var sharpness = [...]float32{0.3, 0, 0.9}

// try reads the symbol of a triple.
func (r *Reader) try(t *triple) (Symbol, bool) {
	g := &r.grid
	for i, q := range t.guesses {
		if q.timing < leastTiming || i > 2 && q.timing < 0.6 || r.left.Grids <= 0 {
			break
		}
		if r.left.Modules < q.modules*q.modules {
			continue
		}
		r.place(t)
		g.Lay(q.modules)
		if !r.attempts.first(g) {
			continue
		}
		g.Align(&r.base)
		before := r.model1
		s, ok := r.decodeGrid(g)
		if !ok && r.model1 > before {
			g.Flatten()
			s, ok = r.decodeGrid(g)
		}
		if !ok && q.timing >= leastToWarp && r.left.Grids > 0 && r.pay(g.WarpCost()) {
			g.Warp(&r.base, &r.sampler)
			s, ok = r.decodeGrid(g)
		}
		if ok {
			return s, true
		}
	}
	return Symbol{}, false
}

// mostFormatErrors of the 30 modules that hold the format twice.
const mostFormatErrors = 8

// Symbols of model 1 are seldom seen and take many trials: few are tried, and only where the format
// leaves little doubt.
const (
	mostModel1Errors = 3
	mostModel1       = 6 // in a picture
)

// pay takes so many modules from the budget, if they are left.
func (r *Reader) pay(modules int) bool {
	if r.left.Modules < modules {
		return false
	}
	r.left.Modules -= modules
	r.spent.Modules += modules
	return true
}

// decodeGrid samples the picture under a grid and reads it.
func (r *Reader) decodeGrid(g *lattice.Grid) (Symbol, bool) {
	size := g.Modules * g.Modules
	if !r.pay(size) {
		return Symbol{}, false
	}
	r.left.Grids--
	r.spent.Grids++
	r.tried = append(r.tried, g.Area())
	r.sampler.Sample(g, &r.base)
	for _, sharp := range sharpness {
		if !r.pay(size) {
			break
		}
		r.sampler.Sort(sharp)
		modules := codewords.Modules{N: r.sampler.N, Dark: r.sampler.Dark}
		format, old := modules.Format()
		read := modules.Read
		switch {
		case old.Errors < min(format.Errors, mostModel1Errors+1) && r.model1 < mostModel1:
			format, read = old, modules.ReadModel1
			r.model1++
		case format.Errors > mostFormatErrors:
			continue
		}
		if r.left.Decodes <= 0 {
			return Symbol{}, false
		}
		r.left.Decodes--
		r.spent.Decodes++
		if text, err := read(format); err == nil {
			return Symbol{Text: text.Text, Bytes: text.Bytes, Format: FormatQR, Part: Part(text.Part), Corners: corners(g, format.Mirrored)}, true
		}
	}
	return Symbol{}, false
}

func corners(g *lattice.Grid, mirrored bool) (c [4]image.Point) {
	for i, p := range g.Area() {
		c[i] = image.Pt(int(math.Round(p.X)), int(math.Round(p.Y)))
	}
	if mirrored {
		c[1], c[3] = c[3], c[1]
	}
	return c
}
