// Package symbol finds and reads QR symbols in grey pictures.
//
// One Read goes through five steps: a threshold for every block of 8x8 pixels (internal/plane),
// finder patterns along the rows (internal/finder), three of them that may be corners of one symbol
// (triple.go), a grid of modules laid over the symbol (internal/lattice), and the bits of the grid
// corrected and put into text (internal/codewords). It follows ISO/IEC 18004:2015. Every step is
// counted against a Budget, so that no picture can hold up a lane.
//
// Around it are a Tracker, which follows a code through the frames of a camera, Guidance, which says
// why nothing was read, Choose, which is the lane's choice between several codes, Parts, which joins
// a text of several symbols, and Draw.
package symbol

import (
	"context"
	"errors"
	"image"
	"slices"

	"example.org/checkpoint/firmware/symbol/internal/finder"
	"example.org/checkpoint/firmware/symbol/internal/lattice"
	"example.org/checkpoint/firmware/symbol/internal/plane"
)

// FormatQR is the Format of a QR symbol, model 1 or 2.
const FormatQR = "qr"

// MaxPixels is the largest picture that Read looks at.
const MaxPixels = 64 << 20

// ErrTooLarge is returned for a picture of more than MaxPixels.
var ErrTooLarge = errors.New("symbol: the picture has more than 64 megapixels; make it smaller")

// Symbol is one symbol of a picture.
type Symbol struct {
	Text    string         // by the character set named in the symbol, or the likeliest; white space is kept
	Bytes   []byte         // as encoded, before any character set
	Format  string         // FormatQR
	Part    Part           // of a text of several symbols
	Corners [4]image.Point // outer corners in pixels: top left, top right, bottom right, bottom left of the symbol itself
}

// Reader reads symbols. Its zero value is ready; it keeps memory between pictures and is not for
// concurrent use.
type Reader struct {
	base     plane.Layer // the picture
	layers   [maxLayers]plane.Layer
	extremes plane.Extremes // of the picture
	mask     plane.Mask     // of what may have small modules
	marked   bool
	noise    int // of the frame that the picture is a part of; 0 for a picture of its own
	search   finder.Search
	triples  []triple
	guesses  []triple         // with a third finder pattern that the rows did not show
	areas    [][4]plane.Point // of the symbols read
	used     []bool           // finder patterns within areas
	tried    [][4]plane.Point // areas of the grids sampled
	origin   image.Point      // of the picture
	grid     lattice.Grid
	sampler  lattice.Sampler
	model1   int // grids tried as symbols of model 1
	left     Budget
	spent    Budget
	symbols  []Symbol
	attempts attempts
}

// Spent tells what the last Read used of its budget.
func (r *Reader) Spent() Budget { return r.spent }

// Read returns the symbols of img within the budget, in no particular order; none is not an
// error. The context is asked between units of work; when it ends, Read returns what it has and
// the context's error.
func (r *Reader) Read(ctx context.Context, img *image.Gray, b Budget) ([]Symbol, error) {
	r.left, r.spent, r.symbols = b, Budget{}, nil
	w, h := img.Rect.Dx(), img.Rect.Dy()
	switch {
	case w > MaxPixels || h > MaxPixels || w*h > MaxPixels:
		return nil, ErrTooLarge
	case w < smallest || h < smallest:
		return nil, ctx.Err()
	}
	r.base = plane.Layer{Pix: img.Pix, Stride: img.Stride, W: w, H: h, Scale: 1}
	r.origin = img.Rect.Min
	r.reset()
	for n := range min(b.Layers, maxLayers) {
		if ctx.Err() != nil || len(r.symbols) > 0 && !r.more() {
			break
		}
		l, ok := r.layer(n)
		if !ok {
			continue
		}
		r.spent.Layers++
		before := len(r.search.Patterns)
		r.look(ctx, l)
		if n == asIs {
			r.extremes.Keep(&r.search.Surface)
		}
		if len(r.search.Patterns) > before || n == 0 {
			r.readAll(ctx)
		}
		if n == sharpened && len(r.symbols) == 0 {
			r.readSharp(ctx, l)
		}
		if len(r.search.Patterns) > crowd {
			break
		}
	}
	if b.Layers > 1 && len(r.symbols) == 0 && len(r.search.Patterns) <= crowd {
		r.recover(ctx)
	}
	for i := range r.symbols {
		for j := range r.symbols[i].Corners {
			r.symbols[i].Corners[j] = r.symbols[i].Corners[j].Add(img.Rect.Min)
		}
	}
	return r.symbols, ctx.Err()
}

// crowd is the number of finder patterns from which a picture is not searched any further: what was
// found is more than is combined.
const crowd = 3 * mostFinders

// smallest is the side of version 1 at one pixel a module (section 6.3.1).
const smallest = 21

func (r *Reader) reset() {
	r.triples = r.triples[:0]
	r.attempts.clear()
	r.model1 = 0
	r.extremes.Clear()
	r.marked = false
	r.areas, r.tried = r.areas[:0], r.tried[:0]
	r.search.Begin(r.base.W, r.base.H)
}

// look looks for finder patterns in a layer.
func (r *Reader) look(ctx context.Context, l *plane.Layer) {
	if l.W < smallest || l.H < smallest || r.left.Pixels < l.W*l.H {
		return
	}
	r.left.Pixels -= l.W * l.H
	r.spent.Pixels += l.W * l.H
	used := r.search.Look(ctx, l, r.left.Candidates)
	r.left.Candidates -= used
	r.spent.Candidates += used
}

// readAll reads symbols from the finder patterns found so far, best first.
func (r *Reader) readAll(ctx context.Context) {
	r.search.Rank()
	r.take()
	r.choose(ctx)
	for i := range r.triples {
		t := &r.triples[i]
		if ctx.Err() != nil || r.left.Grids <= 0 || r.left.Decodes <= 0 {
			return
		}
		if r.used[t.a] || r.used[t.b] || r.used[t.c] {
			continue
		}
		s, ok := r.try(t)
		if !ok {
			continue
		}
		r.symbols = append(r.symbols, s)
		r.areas = append(r.areas, r.grid.Area())
		r.take()
		r.used[t.a], r.used[t.b], r.used[t.c] = true, true, true
	}
}

// readSharp reads from the sharpened picture what could not be read from the picture.
func (r *Reader) readSharp(ctx context.Context, l *plane.Layer) {
	picture := r.base
	r.base = *l
	r.attempts.clear()
	r.readAll(ctx)
	r.base = picture
}

// take marks the finder patterns that lie within symbols read.
func (r *Reader) take() {
	r.used = r.used[:0]
	for _, f := range r.search.Patterns {
		r.used = append(r.used, slices.ContainsFunc(r.areas, func(a [4]plane.Point) bool { return plane.Within(a, plane.Pt(f.X, f.Y)) }))
	}
}

// more reports whether there may be another symbol: two finder patterns outside those read that
// are about as plain as theirs.
func (r *Reader) more() bool {
	r.take()
	best, n := 0.0, 0
	for i, f := range r.search.Patterns {
		if r.used[i] {
			best = max(best, f.Score)
		}
	}
	for i, f := range r.search.Patterns {
		if !r.used[i] && f.Score > best/2 {
			n++
		}
	}
	return n >= 2
}
