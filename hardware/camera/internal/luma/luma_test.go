package luma

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

const mostPixels = 1 << 24

// colour is a picture of smooth shades, edges and noise, in colour.
func colour(w, h int, ratio image.YCbCrSubsampleRatio, seed uint64) *image.YCbCr {
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	for i := range img.Y {
		x, y := i%img.YStride, i/img.YStride
		v := 128 + 90*math.Sin(float64(x)/17)*math.Cos(float64(y)/23) + 10*r.NormFloat64()
		if x/24%2 == y/24%2 {
			v = 255 - v
		}
		img.Y[i] = uint8(min(max(v, 0), 255))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(60+i%130), uint8(200-i%90)
	}
	return img
}

func encoded(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLuma compares what is decoded with what image/jpeg makes of the same bytes: rounding apart, the
// same.
func TestDecode(t *testing.T) {
	for _, size := range [][2]int{{640, 480}, {37, 61}, {8, 8}, {1, 1}, {100, 33}} {
		for _, quality := range []int{20, 75, 98, 100} {
			rgb := image.NewNRGBA(image.Rect(0, 0, size[0], size[1]))
			for i := range rgb.Pix {
				rgb.Pix[i] = uint8(i * i / 7)
			}
			grey := &image.Gray{Pix: colour(size[0], size[1], image.YCbCrSubsampleRatio444, 5).Y, Stride: size[0], Rect: image.Rect(0, 0, size[0], size[1])}
			for i, img := range []image.Image{colour(size[0], size[1], image.YCbCrSubsampleRatio420, 3), rgb, grey} {
				b := encoded(t, img, quality)
				got, err := Decode(b, mostPixels)
				if err != nil {
					t.Fatalf("%v, quality %d, picture %d: %v", size, quality, i, err)
				}
				whole, err := jpeg.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				var want *image.Gray
				switch whole := whole.(type) {
				case *image.Gray:
					want = whole
				case *image.YCbCr:
					want = &image.Gray{Pix: whole.Y, Stride: whole.YStride, Rect: whole.Rect}
				}
				if got.Rect != want.Rect {
					t.Fatalf("%v is not %v", got.Rect, want.Rect)
				}
				for y := range size[1] {
					for x := range size[0] {
						if a, b := int(got.GrayAt(x, y).Y), int(want.GrayAt(x, y).Y); a-b > 2 || b-a > 2 {
							t.Fatalf("%v, quality %d, picture %d: %d,%d is %d, not %d", size, quality, i, x, y, a, b)
						}
					}
				}
			}
		}
	}
}

// TestCut gives pictures that end early: none is taken for whole.
func TestCut(t *testing.T) {
	b := encoded(t, colour(160, 120, image.YCbCrSubsampleRatio420, 3), 80)
	for n := range len(b) {
		if _, err := Decode(b[:n], mostPixels); err == nil {
			t.Fatalf("%d of %d bytes are a picture", n, len(b))
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, colour(48, 40, image.YCbCrSubsampleRatio420, 3), 60))
	f.Add(encoded(f, image.NewGray(image.Rect(0, 0, 30, 30)), 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := Decode(b, mostPixels)
		if err != nil {
			return
		}
		if n := img.Rect.Dx() * img.Rect.Dy(); n == 0 || n > mostPixels || len(img.Pix) < img.Stride*(img.Rect.Dy()-1)+img.Rect.Dx() {
			t.Fatal(img.Rect, len(img.Pix))
		}
	})
}

// BenchmarkDecode decodes a 1080p frame of a colour camera, beside image/jpeg.
func BenchmarkDecode(b *testing.B) {
	frame := encoded(b, colour(1920, 1080, image.YCbCrSubsampleRatio420, 3), 80)
	b.Run("luma", func(b *testing.B) {
		for b.Loop() {
			if _, err := Decode(frame, mostPixels); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("image-jpeg", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(frame)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
