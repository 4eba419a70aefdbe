package symbol

import (
	"context"
	"image"
	"path/filepath"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Frames of the reference set, as a USB camera gives them.
const (
	empty720, code720   = "synth/empty_182.jpg", "synth/clean_000.jpg"
	empty1080, code1080 = "synth/empty_179.jpg", "synth/clean_008.jpg"
)

func BenchmarkReadEmpty720p(b *testing.B)  { benchmark(b, empty720, 720, false) }
func BenchmarkReadCode720p(b *testing.B)   { benchmark(b, code720, 720, true) }
func BenchmarkReadEmpty1080p(b *testing.B) { benchmark(b, empty1080, 1080, false) }
func BenchmarkReadCode1080p(b *testing.B)  { benchmark(b, code1080, 1080, true) }

// benchmark reads one frame with a glance, thoroughly, and with gozxing as it comes.
func benchmark(b *testing.B, name string, height int, code bool) {
	img := load(b, filepath.Join(shared(b), "frames", filepath.FromSlash(name)))
	if img.Rect.Dy() != height {
		b.Fatalf("%s has %d rows", name, img.Rect.Dy())
	}
	for _, effort := range []struct {
		name   string
		budget Budget
	}{{"glance", Glance()}, {"thorough", Thorough()}} {
		b.Run(effort.name, func(b *testing.B) {
			var r Reader
			b.ReportAllocs()
			for b.Loop() {
				s, err := r.Read(context.Background(), img, effort.budget)
				if err != nil || (len(s) > 0) != code {
					b.Fatal(len(s), err)
				}
			}
		})
	}
	b.Run("gozxing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plainGozxing(img)
		}
	})
}

// plainGozxing is the library as it comes, over the grey plane itself.
func plainGozxing(img *image.Gray) (string, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	src, err := gozxing.NewPlanarYUVLuminanceSource(img.Pix, img.Stride, h, 0, 0, w, h, false)
	if err != nil {
		return "", err
	}
	bmp, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(src))
	if err != nil {
		return "", err
	}
	res, err := qrcode.NewQRCodeReader().Decode(bmp, nil)
	if err != nil {
		return "", err
	}
	return res.GetText(), nil
}
