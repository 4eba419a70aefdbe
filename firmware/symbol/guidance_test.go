package symbol

import (
	"context"
	"image"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/checkpoint/simulators/camera"
)

var longText = "HC1:" + strings.Repeat("6BFOXN*TS0BI$ZD-PHQ7I9AD66V5B22", 9)

// heldUp is a frame of a hall with a code in the middle.
func heldUp(t testing.TB, seed uint64, card camera.Card) *image.Gray {
	t.Helper()
	c := camera.New(camera.Options{Seed: seed})
	if card.Text == "" {
		card.Text = longText
	}
	if err := c.Hold(card); err != nil {
		t.Fatal(err)
	}
	return fromJPEG(t, c.JPEG(0))
}

// changed applies f to the shade of every pixel.
func changed(img *image.Gray, f func(x, y int, v float64) float64) *image.Gray {
	out := image.NewGray(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.Pix[y*out.Stride+x] = uint8(min(max(f(x, y, float64(img.Pix[y*img.Stride+x])), 0), 255))
		}
	}
	return out
}

// smeared moves a picture by so many pixels to the right and half as many down.
func smeared(img *image.Gray, by int) *image.Gray {
	return changed(img, func(x, y int, _ float64) float64 {
		sum := 0
		for i := range by {
			sum += int(img.GrayAt(min(x+i, img.Rect.Max.X-1), min(y+i/2, img.Rect.Max.Y-1)).Y)
		}
		return float64(sum) / float64(by)
	})
}

// smaller is a picture at a part of its size, in the middle of a grey one.
func smaller(img *image.Gray, by int) *image.Gray {
	out := grey(img.Rect.Dx(), img.Rect.Dy(), 120)
	for y := range img.Rect.Dy() / by {
		for x := range img.Rect.Dx() / by {
			sum := 0
			for i := range by * by {
				sum += int(img.Pix[(y*by+i/by)*img.Stride+x*by+i%by])
			}
			out.Pix[(y+img.Rect.Dy()/2-img.Rect.Dy()/by/2)*out.Stride+x+out.Stride/2-out.Stride/by/2] = uint8(sum / (by * by))
		}
	}
	return out
}

func disc(x, y, cx, cy, r int) bool { return (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r }

// TestGuidance shows scenes that cannot be read and one that can.
func TestGuidance(t *testing.T) {
	plain := camera.Card{Module: 5}
	for _, tt := range []struct {
		want  Guidance
		scene func(seed uint64) *image.Gray
	}{
		{GuidanceNone, func(n uint64) *image.Gray { return heldUp(t, n, plain) }},
		{GuidanceDark, func(n uint64) *image.Gray {
			r := rand.New(rand.NewPCG(n, 1))
			return changed(heldUp(t, n, plain), func(_, _ int, v float64) float64 { return v*0.05 + 8 + 6*r.NormFloat64() })
		}},
		{GuidanceBright, func(n uint64) *image.Gray {
			return changed(heldUp(t, n, plain), func(_, _ int, v float64) float64 { return 4*v + 220 })
		}},
		{GuidanceFar, func(n uint64) *image.Gray { return smaller(heldUp(t, n, plain), 4) }},
		{GuidanceNear, func(n uint64) *image.Gray {
			img := heldUp(t, n, camera.Card{Module: 7, X: 0.8})
			return img.SubImage(image.Rect(0, 0, 1000, 720)).(*image.Gray)
		}},
		{GuidanceMoving, func(n uint64) *image.Gray { return smeared(heldUp(t, n, plain), 13) }},
		{GuidanceGlare, func(n uint64) *image.Gray {
			return changed(heldUp(t, n, plain), func(x, y int, v float64) float64 {
				d := math.Hypot(float64(x-650), float64(y-380))
				return v + 600*math.Exp(-d*d/(2*70*70))
			})
		}},
		{GuidanceCovered, func(n uint64) *image.Gray {
			return changed(heldUp(t, n, plain), func(x, y int, v float64) float64 {
				if disc(x, y, 480, 520, 100) { // a thumb over a corner
					return 130 + float64(x%7)
				}
				return v
			})
		}},
		{GuidanceCovered, func(n uint64) *image.Gray {
			return changed(heldUp(t, n, plain), func(x, y int, v float64) float64 {
				if disc(x, y, 650, 370, 90) { // a sticker in the middle
					return 90
				}
				return v
			})
		}},
	} {
		right := 0
		const scenes = 8
		for n := range uint64(scenes) {
			var r Reader
			symbols, err := r.Read(context.Background(), tt.scene(n), Glance())
			if err != nil {
				t.Fatal(err)
			}
			if (tt.want == GuidanceNone) != (len(symbols) == 1) {
				t.Errorf("%v: scene %d has %d symbols", tt.want, n, len(symbols))
			}
			if got := r.Guidance(); got == tt.want {
				right++
			} else {
				t.Logf("scene %d of %q: %q", n, tt.want, got)
			}
		}
		if right < scenes-1 {
			t.Errorf("%q: right in %d of %d scenes", tt.want, right, scenes)
		}
	}
	for n := range uint64(12) { // nobody there, or a phone that is off
		c := camera.New(camera.Options{Seed: n})
		if n%2 == 1 {
			if err := c.Hold(camera.Card{Blank: true, Paper: n%4 == 1}); err != nil {
				t.Fatal(err)
			}
		}
		var r Reader
		if _, err := r.Read(context.Background(), fromJPEG(t, c.JPEG(0)), Glance()); err != nil || r.Guidance() != GuidanceNone {
			t.Errorf("hall %d: %q %v", n, r.Guidance(), err)
		}
	}
	var fresh Reader
	if fresh.Guidance() != GuidanceNone {
		t.Error("a reader that saw nothing gives guidance")
	}
}
