package symbol

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/checkpoint/simulators/camera"
)

var seed = flag.Uint64("seed", 1, "of the pictures that are made for the table")

func fromJPEG(t testing.TB, b []byte) *image.Gray {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.Gray)
}

// fresh are codes held up to a camera that nobody has seen before: two thirds in the light, at
// angles, a third hurriedly in the dark.
func fresh(t testing.TB) (out []picture) {
	r := rand.New(rand.NewPCG(*seed, 5))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	for i := range 60 {
		var text strings.Builder
		text.WriteString("HC1:")
		for range 150 + r.IntN(350) {
			text.WriteByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[r.IntN(45)])
		}
		o := camera.Options{Seed: *seed<<16 + uint64(i), Noise: between(1, 7), Quality: 60 + r.IntN(30)}
		card := camera.Card{
			Text: text.String(), Module: between(4, 6), X: between(0.4, 0.6), Y: between(0.45, 0.55), Paper: i%4 == 0,
			Turn: between(-180, 180), TiltX: between(-35, 35), TiltY: between(-35, 35),
			Blur: between(0.3, 2), Glare: between(0, 0.9), Brightness: between(0.5, 1.2),
		}
		if i%3 == 2 {
			card.Brightness, card.Blur = between(0.15, 0.35), between(1, 2.4)
		}
		scene := camera.New(o)
		if err := scene.Hold(card); err != nil {
			t.Fatal(err)
		}
		out = append(out, picture{set: "fresh", name: fmt.Sprint(i), img: fromJPEG(t, scene.JPEG(0)), truth: truth{Texts: []string{text.String()}}})
	}
	return out
}

// hard are eight sequences of hard video.
func hard(t testing.TB) (out []picture) {
	for i := range uint64(8) {
		h := camera.NewHard(*seed*8 + i)
		for n := range camera.HardFrames {
			out = append(out, picture{set: "hard video", name: fmt.Sprintf("%d/%d", i, n), img: fromJPEG(t, h.JPEG(n)), truth: truth{Texts: []string{h.Text}}})
		}
	}
	return out
}
