package camera

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"strings"
)

// HardFrames is the number of frames of a sequence of hard video.
const HardFrames = 12

// Hard is a sequence of frames as a gate sees them at its worst: a small code in an unsteady hand,
// out of focus, with a lamp on it and a noisy sensor in the dark. One seed gives one sequence.
type Hard struct {
	Text    string
	Card    Card // as held in the middle of the sequence
	seed    uint64
	camera  *Camera
	drift   [2]float64 // parts of the picture a frame
	shake   float64    // pixels the hand moves while the shutter is open, at most
	gain    float64    // exposure: 1 is normal
	noise   float64    // standard deviation in grey levels
	quality int
}

// NewHard makes up a sequence. Seeds that follow one another go from hard to very hard and begin
// again after eight.
func NewHard(seed uint64) *Hard {
	r := rand.New(rand.NewPCG(seed, 77))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	level := float64(seed%8) / 7
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var text strings.Builder
	text.WriteString("HC1:")
	for range 180 + r.IntN(200) {
		text.WriteByte(alphabet[r.IntN(len(alphabet))])
	}
	return &Hard{
		Text: text.String(), seed: seed, camera: New(Options{Seed: seed, Noise: -1}),
		Card: Card{
			Text: text.String(), Module: between(4, 4.6), X: between(0.42, 0.58), Y: between(0.45, 0.55), Paper: seed%3 == 0,
			Turn: between(-30, 30), TiltX: between(-28, 28), TiltY: between(-28, 28),
			Blur: 1.1 + 0.9*level, Glare: between(0.2, 0.5) + 0.4*level, Brightness: between(0.75, 1),
		},
		drift: [2]float64{between(-0.006, 0.006), between(-0.006, 0.006)},
		shake: 2 + 3*level, gain: between(0.35, 0.8), noise: 4 + 8*level, quality: 60 + r.IntN(25),
	}
}

// JPEG is frame n.
func (h *Hard) JPEG(n int) []byte {
	r := rand.New(rand.NewPCG(h.seed, 1000+uint64(n)))
	card, t := h.Card, float64(n)-float64(HardFrames-1)/2
	card.X += t * h.drift[0]
	card.Y += t * h.drift[1]
	card.Turn += 0.6*t + r.NormFloat64()
	card.TiltX += 2 * r.NormFloat64()
	card.TiltY += 2 * r.NormFloat64()
	card.Blur *= 0.75 + 0.5*r.Float64()
	picture := image.NewGray(h.camera.background.Rect)
	copy(picture.Pix, h.camera.background.Pix)
	if seen, err := h.camera.draw(r, card, 0, 1); err == nil {
		seen.smear(h.shake*r.Float64(), 2*math.Pi*r.Float64())
		seen.onto(picture, 0)
	}
	for i, v := range picture.Pix {
		picture.Pix[i] = uint8(min(max(float64(v)*h.gain+h.noise*r.NormFloat64(), 0), 255))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: h.quality}); err != nil {
		panic(err) // only for pictures of more than 65535 pixels a side
	}
	return b.Bytes()
}

// smear moves a card by so many pixels in a direction while the shutter is open.
func (h *held) smear(length, angle float64) {
	w, tall := h.rect.Dx(), h.rect.Dy()
	steps := int(math.Ceil(length)) + 1
	shade, cover := make([]float32, len(h.shade)), make([]float32, len(h.cover))
	for s := range steps {
		along := (float64(s)/float64(max(steps-1, 1)) - 0.5) * length
		dx, dy := int(math.Round(along*math.Cos(angle))), int(math.Round(along*math.Sin(angle)))
		for y := max(dy, 0); y < min(tall+dy, tall); y++ {
			for x := max(dx, 0); x < min(w+dx, w); x++ {
				c := float32(h.cover[(y-dy)*w+x-dx])
				shade[y*w+x] += c * float32(h.shade[(y-dy)*w+x-dx])
				cover[y*w+x] += c
			}
		}
	}
	for i, c := range cover {
		if c > 0 {
			h.shade[i] = uint8(shade[i] / c)
		}
		h.cover[i] = uint8(c / float32(steps))
	}
}
