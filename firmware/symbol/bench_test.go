package symbol

import (
	"context"
	"image"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func BenchmarkReadEmpty720p(b *testing.B)  { benchmark(b, "empty", 720) }
func BenchmarkReadCode720p(b *testing.B)   { benchmark(b, "clean", 720) }
func BenchmarkReadEmpty1080p(b *testing.B) { benchmark(b, "empty", 1080) }
func BenchmarkReadCode1080p(b *testing.B)  { benchmark(b, "clean", 1080) }

// benchmark reads the synthetic frames of one kind and height in turn, as a USB camera gives them,
// with a glance, thoroughly, and with gozxing as it comes (which does not read all of them).
func benchmark(b *testing.B, cat string, height int) {
	var frames []*image.Gray
	all := truths(b, "synth")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Cat != cat {
			continue
		}
		if img := load(b, filepath.Join(shared(b), "frames", "synth", name)); img.Rect.Dy() == height {
			frames = append(frames, img)
		}
	}
	for _, effort := range []struct {
		name   string
		budget Budget
	}{{"glance", Glance()}, {"thorough", Thorough()}} {
		b.Run(effort.name, func(b *testing.B) {
			var r Reader
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s, err := r.Read(context.Background(), frames[i%len(frames)], effort.budget)
				if err != nil || (len(s) > 0) != (cat == "clean") {
					b.Fatal(len(s), err)
				}
			}
		})
	}
	b.Run("gozxing", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			plainGozxing(frames[i%len(frames)])
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

// BenchmarkReadFalse reads a page of two false symbols of version 40, whose every grid goes as far as
// error correction; beside it the same without a bound on modules.
func BenchmarkReadFalse(b *testing.B) {
	img := falsePage(b, 40, 4, 2, 1)
	free := Thorough()
	free.Modules = 1 << 40
	for name, budget := range map[string]Budget{"glance": Glance(), "thorough": Thorough(), "unbounded": free} {
		b.Run(name, func(b *testing.B) {
			var r Reader
			for b.Loop() {
				if s, err := r.Read(context.Background(), img, budget); err != nil || len(s) > 0 {
					b.Fatal(s, err)
				}
			}
		})
	}
}
