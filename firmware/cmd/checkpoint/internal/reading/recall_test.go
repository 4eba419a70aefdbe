package reading

import (
	"context"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/symbol"
	sim "example.org/checkpoint/simulators/camera"
)

func checksum(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

// base45Set is the alphabet of RFC 9285.
const base45Set = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// TestRecall holds up codes as people do, one seed each: by hand, tilted, a little out of focus,
// with a lamp on them. Nine in ten must be read from the first frame with a glance, and no text
// may be wrong.
func TestRecall(t *testing.T) {
	const people = 60
	var r symbol.Reader
	glance, thorough := 0, 0
	for seed := range uint64(people) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		between := func(a, b float64) float64 { return a + (b-a)*rnd.Float64() }
		var text strings.Builder
		text.WriteString([]string{"HCT1:", "HC1:", "HCP1:"}[seed%3])
		for range 250 + rnd.IntN(350) {
			text.WriteByte(base45Set[rnd.IntN(len(base45Set))])
		}
		scene := sim.New(sim.Options{Seed: seed, Noise: between(1, 5)})
		card := sim.Card{
			Text: text.String(), Module: between(4, 6), X: between(0.4, 0.6), Y: between(0.45, 0.55),
			Turn: between(-20, 20), TiltX: between(-20, 20), TiltY: between(-20, 20), Paper: seed%4 == 0,
			Blur: between(0, 1), Glare: between(0, 0.6), Brightness: between(0.6, 1.1), Motion: 3,
		}
		if err := scene.Hold(card); err != nil {
			t.Fatal(seed, err)
		}
		img, err := Gray(writeFile(t, fmt.Sprintf("%d.jpg", seed), scene.JPEG(int(seed))))
		if err != nil {
			t.Fatal(err)
		}
		read := func(b symbol.Budget) int {
			symbols, err := r.Read(context.Background(), img, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range symbols {
				if s.Text != text.String() {
					t.Errorf("seed %d: false read %q", seed, s.Text)
				}
			}
			return len(symbols)
		}
		n := read(symbol.Glance())
		glance += n
		if m := read(symbol.Thorough()); m > 0 {
			thorough++
		} else {
			t.Logf("seed %d unread: %+v", seed, card)
		}
	}
	t.Logf("%d held up, %d read with a glance, %d thoroughly", people, glance, thorough)
	if glance < people*9/10 || thorough < glance {
		t.Errorf("read %d and %d of %d", glance, thorough, people)
	}
}
