package symbol

import (
	"cmp"
	"context"
	"image"
	"slices"

	"example.org/checkpoint/firmware/symbol/internal/finder"
)

// Tracker reads the frames of one camera: first, at full effort, around where a code was, and the
// whole frame where it is no longer there. Its zero value is ready; it is not for concurrent use.
type Tracker struct {
	reader Reader
	near   image.Rectangle // around the codes of the last frame; empty for none
	count  int             // how many they were
	frames int             // read around there in a row
	whole  bool            // the last Read looked at the whole frame
	noise  int             // of the last whole frame
}

const (
	mostNear = 6 // frames in a row in which nobody looks elsewhere
	nearPart = 3 // of the frame at most is read at full effort: one in so many
)

// Read returns the symbols of a frame. The budget is for the whole frame.
func (t *Tracker) Read(ctx context.Context, img *image.Gray, b Budget) ([]Symbol, error) {
	near := t.near.Intersect(img.Rect)
	if small := near.Dx()*near.Dy()*nearPart <= img.Rect.Dx()*img.Rect.Dy(); !near.Empty() && small && t.frames < mostNear {
		t.reader.noise = t.noise
		symbols, err := t.reader.Read(ctx, img.SubImage(near).(*image.Gray), Thorough())
		t.reader.noise = 0
		if err != nil || len(symbols) >= t.count {
			t.frames, t.whole = t.frames+1, false
			t.Found(symbols)
			return symbols, err
		}
	}
	symbols, err := t.reader.Read(ctx, img, b)
	t.frames, t.whole, t.noise = 0, true, t.reader.extremes.Noise()
	t.Found(symbols)
	return symbols, err
}

// Found tells where codes were seen, by this tracker or another reader of the same camera.
func (t *Tracker) Found(symbols []Symbol) {
	var box image.Rectangle
	for _, s := range symbols {
		box = box.Union(s.bounds())
	}
	t.count, t.near = len(symbols), box
	if !box.Empty() { // a hand moves by about an eighth of a code between frames
		t.near = box.Inset(-max(box.Dx(), box.Dy())/8 - 8)
	}
}

// Promising reports whether the last Read saw something like a code and read none: more effort may
// read it.
func (t *Tracker) Promising() bool {
	return t.whole && len(t.reader.symbols) == 0 && t.reader.promising()
}

// Guidance is that of the last Read.
func (t *Tracker) Guidance() Guidance { return t.reader.Guidance() }

// promising reports whether a finder pattern stands out from the picture.
func (r *Reader) promising() bool {
	return len(r.search.Patterns) <= crowd && slices.ContainsFunc(r.search.Patterns, func(f finder.Pattern) bool { return f.Score > plainFinder })
}

func (s *Symbol) bounds() (box image.Rectangle) {
	for _, p := range s.Corners {
		box = box.Union(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))})
	}
	return box
}

// area is that of the symbol in pixels (the shoelace formula).
func (s *Symbol) area() int {
	sum := 0
	for i, p := range s.Corners {
		q := s.Corners[(i+1)%4]
		sum += p.X*q.Y - p.Y*q.X
	}
	return max(sum, -sum) / 2
}

// behind is how many times smaller a code is than the largest from which it is that of somebody
// further away.
const behind = 4

// Choose returns the symbols that the person at the lane shows, the likeliest first. Codes with less
// than a quarter of the area of the largest belong to those who wait and are left out. Of the rest,
// what was not among the texts before comes first; then what has at least three quarters of that
// area, then at least half, then the others; of those alike, the nearer to the middle of the frame.
func Choose(symbols []Symbol, frame image.Rectangle, before []string) []Symbol {
	largest := 0
	for i := range symbols {
		largest = max(largest, symbols[i].area())
	}
	var out []Symbol
	for _, s := range symbols {
		if s.area()*behind >= largest {
			out = append(out, s)
		}
	}
	middle := frame.Min.Add(frame.Max).Div(2)
	away := func(s *Symbol) int {
		b := s.bounds()
		d := b.Min.Add(b.Max).Div(2).Sub(middle)
		return d.X*d.X + d.Y*d.Y
	}
	// By distance, then stably by steps of size, then by novelty.
	slices.SortStableFunc(out, func(a, b Symbol) int { return cmp.Compare(away(&a), away(&b)) })
	step := func(s *Symbol) int {
		switch a := s.area(); {
		case 4*a >= 3*largest:
			return 2
		case 2*a >= largest:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b Symbol) int { return cmp.Compare(step(&b), step(&a)) })
	old := func(s Symbol) int {
		if slices.Contains(before, s.Text) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b Symbol) int { return cmp.Compare(old(a), old(b)) })
	return out
}
