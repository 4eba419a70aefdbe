//go:build goexperiment.simd && amd64

package symbol

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestVectors compares thresholds and runs with and without vectors.
func TestVectors(t *testing.T) {
	if !vectors {
		t.Fatal("this processor has no AVX2: run the test on one that has")
	}
	defer func() { vectors = true }()
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		img := grey(30+r.IntN(300), 30+r.IntN(60), 0)
		for i := range img.Pix {
			img.Pix[i] = uint8(r.IntN(256) >> (i / 2000 % 8))
		}
		l := &layer{pix: img.Pix, stride: img.Stride, w: img.Rect.Dx(), h: img.Rect.Dy(), scale: 1}
		var with, without surface
		vectors = true
		with.measure(l)
		var a, b [][]int32
		for y := range l.h {
			e, _ := with.runs(l, y, nil)
			a = append(a, e)
		}
		vectors = false
		without.measure(l)
		for y := range l.h {
			e, _ := without.runs(l, y, nil)
			b = append(b, e)
		}
		if !slices.Equal(with.cut, without.cut) || !slices.Equal(with.lo, without.lo) || !slices.EqualFunc(a, b, slices.Equal) {
			t.Fatalf("%v: vectors see another picture", img.Rect)
		}
	}
}
