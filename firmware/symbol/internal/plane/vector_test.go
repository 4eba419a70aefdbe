//go:build goexperiment.simd && amd64

package plane

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
		w, h := 30+r.IntN(300), 30+r.IntN(60)
		l := &Layer{Pix: make([]byte, w*h), Stride: w, W: w, H: h, Scale: 1}
		for i := range l.Pix {
			l.Pix[i] = uint8(r.IntN(256) >> (i / 2000 % 8))
		}
		var with, without Surface
		vectors = true
		with.Measure(l)
		var a, b [][]int32
		for y := range l.H {
			e, _ := with.Runs(l, y, nil)
			a = append(a, e)
		}
		vectors = false
		without.Measure(l)
		for y := range l.H {
			e, _ := without.Runs(l, y, nil)
			b = append(b, e)
		}
		if !slices.Equal(with.cut, without.cut) || !slices.Equal(with.lo, without.lo) || !slices.EqualFunc(a, b, slices.Equal) {
			t.Fatalf("%v: vectors see another picture", [2]int{w, h})
		}
	}
}
