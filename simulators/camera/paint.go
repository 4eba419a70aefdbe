package camera

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// held is a card as the camera sees it: a piece of picture and how much of each pixel it covers.
type held struct {
	rect   image.Rectangle
	shade  []uint8
	cover  []uint8
	motion [phases]image.Point
}

// draw projects a card through the lens and blurs it.
func (c *Camera) draw(r *rand.Rand, card Card, i, of int) (held, error) {
	w, h := float64(c.o.Width), float64(c.o.Height)
	most := min(h, w/float64(max(of, 1)))
	f := face{}
	module := card.Module
	if card.Blank {
		f = newFace(r, card, nil)
		if module == 0 {
			module = 5
		}
	} else {
		k, m, err := code(card, most)
		if err != nil {
			return held{}, err
		}
		f, module = newFace(r, card, k), m
	}
	x, y := card.X, card.Y
	if x == 0 {
		x = (float64(i) + 0.5) / float64(of)
	}
	if y == 0 {
		y = 0.5
	}
	lens := pose(card, module, x*w, y*h, w)
	box := lens.bounds(f.wide, f.tall).Inset(-int(4*card.Blur) - 2).Intersect(c.background.Rect)
	back, ok := lens.invert()
	if !ok || box.Empty() {
		return held{}, errHidden
	}
	out := held{rect: box, shade: make([]uint8, box.Dx()*box.Dy()), cover: make([]uint8, box.Dx()*box.Dy())}
	shade, cover := make([]float32, len(out.shade)), make([]float32, len(out.shade))
	p := 0
	for py := box.Min.Y; py < box.Max.Y; py++ {
		for px := box.Min.X; px < box.Max.X; px++ {
			for _, s := range [4][2]float64{{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}} {
				mx, my := back.at(float64(px)+s[0], float64(py)+s[1])
				if v, there := f.shade(mx, my); there {
					shade[p] += float32(v) / 4
					cover[p] += 0.25
				}
			}
			p++
		}
	}
	if card.Blur > 0 {
		soften(shade, box.Dx(), box.Dy(), card.Blur)
		soften(cover, box.Dx(), box.Dy(), card.Blur)
	}
	for p, v := range cover {
		if v > 0 {
			out.shade[p] = uint8(min(max(shade[p]/v, 0), 255))
			out.cover[p] = uint8(v*255 + 0.5)
		}
	}
	for n := range out.motion {
		a := 2 * math.Pi * float64(n) / phases
		out.motion[n] = image.Pt(int(math.Round(card.Motion*math.Sin(a))), int(math.Round(card.Motion/2*math.Cos(2*a))))
	}
	return out, nil
}

// soften is a Gaussian, along rows and then columns.
func soften(v []float32, w, h int, sigma float64) {
	n := int(math.Ceil(3 * sigma))
	kernel := make([]float32, 2*n+1)
	sum := float32(0)
	for i := range kernel {
		d := float64(i - n)
		kernel[i] = float32(math.Exp(-d * d / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	line := make([]float32, max(w, h))
	along := func(start, step, length int) {
		for i := range length {
			line[i] = v[start+i*step]
		}
		for i := range length {
			s := float32(0)
			for k, weight := range kernel {
				if j := i + k - n; j >= 0 && j < length {
					s += weight * line[j]
				}
			}
			v[start+i*step] = s / sum
		}
	}
	for y := range h {
		along(y*w, 1, w)
	}
	for x := range w {
		along(x, w, h)
	}
}

// paint makes phase n of the scene.
func (c *Camera) paint(n int) []byte {
	copy(c.frame.Pix, c.background.Pix)
	for _, h := range c.scene {
		h.onto(c.frame, n)
	}
	if c.o.Noise > 0 {
		p := n * 7919 % len(c.noise)
		for i, v := range c.frame.Pix {
			c.frame.Pix[i] = uint8(min(max(int(v)+int(c.noise[p]), 0), 255))
			if p++; p == len(c.noise) {
				p = 0
			}
		}
	}
	var picture image.Image = c.frame
	if c.o.Colour {
		picture = tinted(c.frame)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: c.o.Quality}); err != nil {
		panic(err) // a picture of more than 65535 pixels a side, which New was asked for
	}
	return b.Bytes()
}

// tinted is a picture in the warm light of the hall, with its luminance unchanged.
func tinted(g *image.Gray) *image.YCbCr {
	img := image.NewYCbCr(g.Rect, image.YCbCrSubsampleRatio420)
	img.Y = g.Pix
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 122, 132
	}
	return img
}

func (h *held) onto(frame *image.Gray, n int) {
	shown := h.rect.Add(h.motion[n]).Intersect(frame.Rect)
	for y := shown.Min.Y; y < shown.Max.Y; y++ {
		at := (y-h.motion[n].Y-h.rect.Min.Y)*h.rect.Dx() + shown.Min.X - h.motion[n].X - h.rect.Min.X
		out := frame.Pix[y*frame.Stride+shown.Min.X : y*frame.Stride+shown.Max.X]
		for i, under := range out {
			switch cover := int(h.cover[at+i]); cover {
			case 0:
			case 255:
				out[i] = h.shade[at+i]
			default:
				out[i] = uint8((int(under)*(255-cover) + int(h.shade[at+i])*cover) / 255)
			}
		}
	}
}

// grain is noise of a sensor; its length is a prime, so that rows do not repeat.
func grain(r *rand.Rand, sigma float64) []int8 {
	const length = 104_729
	n := make([]int8, length)
	for i := range n {
		n[i] = int8(min(max(math.Round(r.NormFloat64()*sigma), -127), 127))
	}
	return n
}

// hall is what the camera sees when nobody is there: walls, doors, lamps, somebody waiting.
func hall(r *rand.Rand, o Options) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, o.Width, o.Height))
	w, h := float64(o.Width), float64(o.Height)
	base, slope := 90+40*r.Float64(), 50*r.Float64()
	for i := range img.Pix {
		img.Pix[i] = uint8(base + slope*float64(i/img.Stride)/h + 20*float64(i%img.Stride)/w)
	}
	if o.Empty {
		return img
	}
	rect := func(x, y, dx, dy, v float64) {
		for py := int(max(y, 0)); py < int(min(y+dy, h)); py++ {
			for px := int(max(x, 0)); px < int(min(x+dx, w)); px++ {
				img.Pix[py*img.Stride+px] = uint8(v)
			}
		}
	}
	for range 8 { // door frames, signs, panes
		rect(r.Float64()*w, r.Float64()*h*0.7, w*(0.01+0.08*r.Float64()), h*(0.1+0.5*r.Float64()), 40+160*r.Float64())
	}
	for range 4 { // lamps
		rect(r.Float64()*w, r.Float64()*h*0.15, w*(0.05+0.1*r.Float64()), h*0.02, 245)
	}
	x, skin := w*(0.2+0.6*r.Float64()), 110+70*r.Float64()
	ellipse(img, x, h*0.85, w*0.12, h*0.35, 50+40*r.Float64()) // shoulders
	ellipse(img, x, h*0.4, w*0.05, h*0.13, skin)               // head
	return img
}

func ellipse(img *image.Gray, cx, cy, rx, ry, v float64) {
	for y := int(max(cy-ry, 0)); y < int(min(cy+ry, float64(img.Rect.Dy()))); y++ {
		d := (float64(y) - cy) / ry
		half := rx * math.Sqrt(max(0, 1-d*d))
		for x := int(max(cx-half, 0)); x < int(min(cx+half, float64(img.Rect.Dx()))); x++ {
			img.Pix[y*img.Stride+x] = uint8(v - 20*(float64(x)-cx)/rx)
		}
	}
}
