package symbol

import (
	"context"
	"flag"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
)

var negatives = flag.Int("negatives", 3000, "pictures without a code that TestNegatives makes")

// negative makes a picture that holds no code, the likelier to be taken for one the better.
func negative(seed uint64) *image.Gray {
	r := rand.New(rand.NewPCG(seed, 404))
	size := 72 + r.IntN(56)
	img := grey(size, size, uint8(150+r.IntN(100)))
	dark := r.IntN(60)
	modules := func(x0, y0, n, module int, bit func(x, y int) bool) {
		for y := range n * module {
			for x := range n * module {
				if bit(x/module, y/module) && x0+x < size && y0+y < size {
					img.Pix[(y0+y)*size+x0+x] = uint8(dark)
				}
			}
		}
	}
	switch seed % 5 {
	case 0, 1: // all that a symbol has, and chance in place of codewords
		n := 21 + 4*r.IntN(3)
		module := min(2+r.IntN(3), (size-2)/n)
		format := codewords.FormatBits(uint32(r.IntN(32)))
		if seed%10 > 4 {
			format ^= 0x5412 ^ 0x2825 // that of model 1
		}
		var chance [29 * 29]bool
		for i := range chance {
			chance[i] = r.IntN(2) == 0
		}
		for i := range 15 {
			x, y, x2, y2 := codewords.FormatPlace(i, n)
			chance[y*n+x], chance[y2*n+x2] = format>>i&1 == 1, format>>i&1 == 1
		}
		modules(r.IntN(size-n*module), r.IntN(size-n*module), n, module, func(x, y int) bool {
			for _, c := range [3][2]int{{3, 3}, {n - 4, 3}, {3, n - 4}} {
				if d := max(x-c[0], c[0]-x, y-c[1], c[1]-y); d <= 4 {
					return d != 2 && d != 4
				}
			}
			switch {
			case x == 6:
				return y%2 == 0
			case y == 6:
				return x%2 == 0
			}
			return chance[y*n+x]
		})
	case 2: // finder patterns wherever they fall
		for range 3 + r.IntN(5) {
			modules(r.IntN(size), r.IntN(size), 7, 1+r.IntN(4), func(x, y int) bool { return max(x-3, 3-x, y-3, 3-y) != 2 })
		}
	case 3: // bars and print
		for x := 0; x < size; x += 1 + r.IntN(4) {
			for y := range size {
				if r.IntN(12) > 0 {
					img.Pix[y*size+x] = uint8(dark)
				}
			}
		}
	case 4: // chance
		module := 1 + r.IntN(5)
		modules(0, 0, size/module, module, func(x, y int) bool { return r.IntN(2) == 0 })
	}
	noise, fall := 12*r.Float64()*r.Float64(), 60*r.Float64()
	for i, v := range img.Pix {
		img.Pix[i] = uint8(min(max(float64(v)+noise*r.NormFloat64()-fall*math.Abs(float64(i%size)/float64(size)-0.5), 0), 255))
	}
	return img
}

// TestNegatives finds nothing in pictures without a code. `make bench-read` shows it 100,000.
func TestNegatives(t *testing.T) {
	var r Reader
	grids, decodes, model1 := 0, 0, 0
	for seed := range uint64(*negatives) {
		symbols, err := r.Read(context.Background(), negative(seed), Thorough())
		if err != nil || len(symbols) > 0 {
			t.Errorf("picture %d: %+v %v", seed, symbols, err)
		}
		grids, decodes = grids+r.Spent().Grids, decodes+r.Spent().Decodes
		model1 += r.model1
	}
	t.Logf("%d pictures, %d grids, %d decodes (%d of model 1), no symbol", *negatives, grids, decodes, model1)
	if decodes < *negatives/4 || model1 < *negatives/20 {
		t.Errorf("only %d decodes: the pictures prove little", decodes)
	}
}
