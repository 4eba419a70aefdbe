package reading

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"example.org/checkpoint/firmware/symbol"
)

// Colours of what was tried.
var (
	darkFinder  = color.NRGBA{R: 230, G: 40, B: 40, A: 255}
	lightFinder = color.NRGBA{R: 40, G: 110, B: 255, A: 255}
	gridTried   = color.NRGBA{R: 250, G: 200, A: 255}
	codeRead    = color.NRGBA{G: 200, B: 60, A: 255}
)

// explain writes a picture with what was tried on it.
func explain(w io.Writer, img *image.Gray, symbols []symbol.Symbol, tried symbol.Tried) error {
	out := image.NewNRGBA(img.Rect)
	draw.Draw(out, out.Rect, img, img.Rect.Min, draw.Src)
	for _, g := range tried.Grids {
		outline(out, g, gridTried, 1)
	}
	for _, f := range tried.Finders {
		c := darkFinder
		if f.Light {
			c = lightFinder
		}
		r := int(3.5*f.Module + 0.5)
		p := f.Centre
		outline(out, [4]image.Point{p.Add(image.Pt(-r, -r)), p.Add(image.Pt(r, -r)), p.Add(image.Pt(r, r)), p.Add(image.Pt(-r, r))}, c, 2)
	}
	for _, s := range symbols {
		outline(out, s.Corners, codeRead, 3)
	}
	return png.Encode(w, out)
}

func outline(img *image.NRGBA, at [4]image.Point, c color.NRGBA, width int) {
	for i, p := range at {
		stroke(img, p, at[(i+1)%4], c, width)
	}
}

// mostLine bounds the length of a line in pixels: a grid may reach far out of the picture.
const mostLine = 1 << 15

func stroke(img *image.NRGBA, p, q image.Point, c color.NRGBA, width int) {
	d := q.Sub(p)
	n := max(d.X, -d.X, d.Y, -d.Y, 1)
	if n > mostLine {
		return
	}
	for i := range n + 1 {
		at := p.Add(d.Mul(i).Div(n))
		draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(width, width))}.Intersect(img.Rect), image.NewUniform(c), image.Point{}, draw.Src)
	}
}
