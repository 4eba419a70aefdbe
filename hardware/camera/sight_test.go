package camera

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sim "example.org/checkpoint/simulators/camera"
)

// film is what a judge sees at 10 frames a second from a fixed time on.
type film struct {
	*testing.T
	judge judge
	now   time.Time
}

func watchFilm(t *testing.T) *film { return &film{T: t, now: time.Unix(1700000000, 0)} }

// show shows n frames, and returns how many were frozen, how often to start anew, and what was
// said of the last.
func (f *film) show(n int, frame func(int) *image.Gray) (frozen, anew int, blind error) {
	for i := range n {
		f.now = f.now.Add(100 * time.Millisecond)
		ice, again, what := f.judge.see(f.now, frame(i))
		if ice {
			frozen++
		}
		if again {
			anew++
		}
		blind = what
	}
	return frozen, anew, blind
}

// noisy is a picture with the noise of a sensor, each time another.
func noisy(g *image.Gray, sigma float64) func(int) *image.Gray {
	r := rand.New(rand.NewPCG(7, 7))
	noise := make([]float64, 104_729) // a prime: rows do not repeat
	for i := range noise {
		noise[i] = r.NormFloat64() * sigma
	}
	return func(n int) *image.Gray {
		out := image.NewGray(g.Rect)
		for i, v := range g.Pix {
			out.Pix[i] = uint8(min(max(float64(v)+noise[(i+n*7919)%len(noise)], 0), 255))
		}
		return out
	}
}

func flat(shade uint8) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range g.Pix {
		g.Pix[i] = shade
	}
	return g
}

// hall is what the simulated camera sees of a hall.
func hall(t testing.TB, o sim.Options, cards ...sim.Card) func(int) *image.Gray {
	c := sim.New(o)
	if err := c.Hold(cards...); err != nil {
		t.Fatal(err)
	}
	var seen [24]*image.Gray // the simulated scenes repeat within that
	return func(n int) *image.Gray {
		n %= len(seen)
		if seen[n] == nil {
			var err error
			if seen[n], err = fromJPEG(c.JPEG(n)); err != nil {
				t.Fatal(err)
			}
		}
		return seen[n]
	}
}

// TestSeeing shows scenes in which nothing is wrong, for 15 s: empty, still, dim, plain,
// with codes near and far, and with somebody who stands before the lens for a while.
func TestSeeing(t *testing.T) {
	for name, frame := range map[string]func(int) *image.Gray{
		"hall":            hall(t, sim.Options{Seed: 1, Width: 640, Height: 360}),
		"another":         hall(t, sim.Options{Seed: 9, Width: 640, Height: 360, Noise: 0.6}),
		"plain wall":      hall(t, sim.Options{Empty: true, Width: 640, Height: 360}),
		"a code":          hall(t, sim.Options{Seed: 2, Width: 640, Height: 360}, sim.Card{Text: "a code held up"}),
		"still, a sensor": noisy(flat(120), 0.7),
		"dim":             noisy(flat(40), 2),
	} {
		if frozen, _, blind := watchFilm(t).show(150, frame); frozen != 0 || blind != nil {
			t.Errorf("%s: %d frozen, %v", name, frozen, blind)
		}
	}
	f := watchFilm(t)
	f.show(300, hall(t, sim.Options{Seed: 3, Width: 320, Height: 240}))
	if _, _, blind := f.show(80, noisy(flat(50), 2)); blind != nil {
		t.Error("somebody stood before the lens for 8 s:", blind)
	}
}

// TestFrozen shows the same picture again and again, and then others.
func TestFrozen(t *testing.T) {
	scene := hall(t, sim.Options{Seed: 3, Width: 320, Height: 240})
	f := watchFilm(t)
	f.show(50, scene)
	still := scene(2)
	if frozen, anew, _ := f.show(51, func(int) *image.Gray { return still }); frozen != 1 || anew != 1 {
		t.Error(frozen, "frozen after 5 s;", anew)
	}
	if frozen, anew, _ := f.show(600, func(int) *image.Gray { return still }); frozen != 600 || anew != 2 {
		t.Error(frozen, "frozen in a minute, started anew", anew)
	}
	if frozen, _, _ := f.show(50, scene); frozen != 0 {
		t.Error("thawed", frozen)
	}
	if frozen, _, _ := watchFilm(t).show(15, func(int) *image.Gray { return still }); frozen != 0 {
		t.Error("too soon")
	}
}

// TestBlind puts a cap on the lens, a hand before it, and smears it.
func TestBlind(t *testing.T) {
	scene := hall(t, sim.Options{Seed: 3, Width: 320, Height: 240})
	for name, tt := range map[string]struct {
		frame func(int) *image.Gray
		want  error
	}{
		"cap":            {noisy(flat(8), 3), ErrBlack},
		"cap, no noise":  {func(int) *image.Gray { return flat(16) }, ErrBlack},
		"hand":           {noisy(flat(45), 3), ErrCovered},
		"frosted sheet":  {noisy(flat(190), 2), ErrCovered},
		"sprayed, white": {noisy(flat(253), 2), ErrCovered},
	} {
		f := watchFilm(t)
		f.show(300, scene)
		frozen, _, blind := f.show(120, tt.frame)
		if blind != tt.want || frozen != 0 {
			t.Errorf("%s: %v, %d frozen", name, blind, frozen)
		}
		if _, _, blind := f.show(3, scene); blind != nil {
			t.Errorf("%s: still %v", name, blind)
		}
	}
	if _, _, blind := watchFilm(t).show(60, noisy(flat(3), 2)); blind != ErrBlack {
		t.Error("from the start:", blind)
	}
	dark := flat(6)
	for y := 100; y < 140; y++ {
		for x := 150; x < 190; x++ {
			dark.Pix[y*dark.Stride+x] = 220
		}
	}
	if _, _, blind := watchFilm(t).show(100, noisy(dark, 2)); blind != nil {
		t.Error("a telephone in the dark:", blind)
	}
}

// TestFrozenStream sees a frozen camera as a fault that stays until its picture moves again.
func TestFrozenStream(t *testing.T) {
	c := New("http://camera/", Options{})
	f := func(img *image.Gray, n int) (anew bool) {
		for range n {
			anew = c.put(img) || anew
		}
		return anew
	}
	a, b := flat(100), flat(101)
	f(a, 1)
	c.judge.since = c.judge.since.Add(-frozenFor)
	if !f(a, frozenFrames) || !errors.Is(c.Fault(), ErrFrozen) {
		t.Fatal(c.Fault())
	}
	next(t, c)
	if f(a, 5) || !errors.Is(c.Fault(), ErrFrozen) || c.newest != nil {
		t.Error(c.Fault(), "or a frozen picture was given")
	}
	if f(b, 1); c.Fault() != nil || c.newest == nil {
		t.Error(c.Fault())
	}
	c.judge.darkFrom, c.judge.looked = time.Now().Add(-time.Minute), time.Now()
	if f(b, 1); !errors.Is(c.Blind(), ErrBlack) || c.Fault() != nil || !strings.Contains(c.Blind().Error(), "http://camera/") {
		t.Error(c.Blind(), c.Fault())
	}
}

// TestBroken gives the simulated camera every fault under a running driver, and mends it.
func TestBroken(t *testing.T) {
	scene := sim.New(sim.Options{Seed: 4, Width: 320, Height: 240, FPS: 30})
	s := httptest.NewServer(scene)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	c := start(t, s.URL)
	next(t, c)
	aged := func() { // as if the pictures of the last seconds had come for longer
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, from := range []*time.Time{&c.judge.since, &c.judge.darkFrom, &c.judge.plainFrom} {
			if !from.IsZero() {
				*from = from.Add(-time.Second)
			}
		}
	}
	for fault, found := range map[sim.Fault]func() bool{
		sim.Frozen:  func() bool { aged(); return errors.Is(c.Fault(), ErrFrozen) },
		sim.Black:   func() bool { aged(); return errors.Is(c.Blind(), ErrBlack) },
		sim.Covered: func() bool { aged(); return errors.Is(c.Blind(), ErrCovered) },
		sim.Torn:    func() bool { return errors.Is(c.Fault(), ErrNoPicture) && errors.Is(c.Fault(), ErrBadPicture) },
		sim.Silent:  func() bool { return errors.Is(c.Fault(), ErrNoPicture) },
	} {
		scene.Break(fault)
		until(t, fmt.Sprint("found fault ", fault), found)
		scene.Break(sim.Sound)
		until(t, fmt.Sprint("recovered from fault ", fault), func() bool { return c.Fault() == nil && c.Blind() == nil })
	}
}

// TestDirectory shows the pictures of a directory, takes them away and gives them back.
func TestDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "frames")
	c := start(t, dir)
	until(t, "missing", func() bool { return strings.Contains(c.Fault().Error(), dir) })
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	until(t, "empty", func() bool { return strings.Contains(c.Fault().Error(), "put pictures in") })
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var grey, colour bytes.Buffer
	if err := errors.Join(png.Encode(&grey, flat(60)), jpeg.Encode(&colour, image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420), nil)); err != nil {
		t.Fatal(err)
	}
	rgba := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range rgba.Pix {
		rgba.Pix[i] = 200
	}
	var third bytes.Buffer
	if err := png.Encode(&third, rgba); err != nil {
		t.Fatal(err)
	}
	write("1.png", grey.Bytes())
	write("2.JPG", colour.Bytes())
	write("3.png", third.Bytes())
	write("4.png", []byte("torn"))
	write("notes.txt", []byte("no picture"))
	seen := map[image.Point]uint8{}
	until(t, "all pictures", func() bool {
		img := next(t, c)
		seen[img.Rect.Max] = img.Pix[0]
		return len(seen) == 3 && c.Skipped() > 0
	})
	if seen[image.Pt(320, 240)] != 60 || seen[image.Pt(16, 16)] != 200 || c.Fault() != nil {
		t.Error(seen, c.Fault())
	}
}

// TestOneStill shows a directory of one picture for longer than a camera may be frozen.
func TestOneStill(t *testing.T) {
	c := New(t.TempDir(), Options{})
	for range 2 * frozenFrames {
		c.still()
		c.put(flat(9))
		c.judge.since = c.judge.since.Add(-frozenFor)
	}
	if c.Fault() != nil {
		t.Error(c.Fault())
	}
}

func FuzzPNG(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, flat(3)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if img, err := fromPNG(b); err == nil {
			measure(img)
		} else if !errors.Is(err, ErrBadPicture) {
			t.Error(err)
		}
	})
}

// BenchmarkSight judges frames of 1280x720.
func BenchmarkSight(b *testing.B) {
	img := hall(b, sim.Options{Seed: 1})(0)
	var j judge
	now := time.Unix(1700000000, 0)
	for b.Loop() {
		now = now.Add(lookEvery)
		j.see(now, img)
	}
}
