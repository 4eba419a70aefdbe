package codewords

import (
	"fmt"
	"math/bits"
	"testing"

	"github.com/makiuchi-d/gozxing/common/reedsolomon"
)

// pen returns what draws codewords as a symbol of model 1: it puts them where model1 takes them from.
func pen(n int, f Format) func(words []byte) Modules {
	blank := Modules{N: n, Dark: make([]bool, n*n)}
	light := blank.model1(f)
	word, bit := make([]int, n*n), make([]byte, n*n)
	for at := range blank.Dark {
		blank.Dark[at] = true
		for i, w := range blank.model1(f) {
			if w != light[i] {
				word[at], bit[at] = i, w^light[i]
			}
		}
		blank.Dark[at] = false
	}
	return func(words []byte) Modules {
		m := Modules{N: n, Dark: make([]bool, n*n)}
		for at, i := range word {
			m.Dark[at] = (words[i]^light[i])&bit[at] != 0
		}
		return m
	}
}

func TestModel1(t *testing.T) {
	const text = "MODEL 1"
	for _, tt := range []struct{ version, words int }{{1, 26}, {2, 46}, {5, 134}, {8, 256}, {14, 610}} {
		n := 17 + 4*tt.version
		for level := range uint32(4) {
			f := Format{data: level<<3 | uint32(tt.version)%8, Mirrored: level == 2}
			if got := len(Modules{N: n, Dark: make([]bool, n*n)}.model1(f)); got != tt.words {
				t.Fatalf("version %d has %d codewords, not %d", tt.version, got, tt.words)
			}
			blocks := (tt.words + 254) / 255
			each := tt.words / blocks
			check := max(int((model1Check[level][0]+model1Check[level][1])/2*float64(each)+1)&^1, leastCheck)
			// Four zero bits, bytes mode, the count, the text, the end.
			data := []byte{ModeBytes, byte(len(text))}
			if tt.version > 9 {
				data = []byte{ModeBytes, 0, byte(len(text))}
			}
			data = append(data, text...)
			for len(data) < blocks*(each-check) {
				data = append(data, 0)
			}
			words := append([]byte(nil), data...)
			for b := range blocks {
				block := make([]int, each)
				for i, v := range data[b*(each-check) : (b+1)*(each-check)] {
					block[i] = int(v)
				}
				if err := reedsolomon.NewReedSolomonEncoder(reedsolomon.GenericGF_QR_CODE_FIELD_256).Encode(block, check); err != nil {
					t.Fatal(err)
				}
				for _, v := range block[each-check:] {
					words = append(words, byte(v))
				}
			}
			for len(words) < tt.words {
				words = append(words, 0)
			}
			draw := pen(n, f)
			name := fmt.Sprintf("version %d, level %d", tt.version, level)
			for wrong := range check/4 + 1 {
				damaged := append([]byte(nil), words...)
				for i := range wrong {
					damaged[i*3%(each-check)] ^= 0x5a
				}
				got, err := draw(damaged).ReadModel1(f)
				if err != nil || got.Text != text {
					t.Fatalf("%s with %d errors: %q %v", name, wrong, got.Text, err)
				}
			}
			words[0] |= 0x10
			if got, err := draw(words).ReadModel1(f); err == nil && got.Text != text {
				t.Errorf("%s with a wrong lead: read %q", name, got.Text)
			}
		}
	}
	if _, err := (Modules{N: 77, Dark: make([]bool, 77*77)}).ReadModel1(Format{}); err == nil {
		t.Error("read a version that model 1 does not have")
	}
}

// TestFormats shows that the formats of both models cannot be taken for one another where few modules
// are wrong.
func TestFormats(t *testing.T) {
	for a := range uint32(32) {
		for b := range uint32(32) {
			if d := bits.OnesCount32(FormatBits(a) ^ FormatBits(b) ^ formatMask ^ model1Mask); d < 2 {
				t.Errorf("formats %05b and %05b differ in %d modules", a, b, d)
			}
		}
	}
}
