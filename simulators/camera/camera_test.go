package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const text = "HC1:NCFA5SR-0 8JV3Q6DBXJPJ+VSXYT3WFUT13ZU5JZPTZ7021*Z+3ZFMF-U$AY:/10OA3H1 QOC-J9-ZL$MY9"

func decoded(t testing.TB, b []byte) *image.Gray {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.Gray)
}

// TestCode compares modules in the picture with those of the code.
func TestCode(t *testing.T) {
	c := New(Options{Seed: 3})
	card := Card{Text: text, Module: 6}
	if err := c.Hold(card); err != nil {
		t.Fatal(err)
	}
	k, size, err := code(card, 720)
	if err != nil || size != 6 {
		t.Fatal(size, err)
	}
	img := decoded(t, c.JPEG(0))
	if img.Rect.Max != image.Pt(1280, 720) {
		t.Fatal(img.Rect)
	}
	half := float64(k.Size) / 2
	for y := range k.Size {
		for x := range k.Size {
			px, py := 640+6*(float64(x)+0.5-half), 360+6*(float64(y)+0.5-half)
			if v := img.GrayAt(int(px), int(py)).Y; (v < 128) != k.Black(x, y) {
				t.Fatalf("module %d,%d has shade %d", x, y, v)
			}
		}
	}
}

// TestPose puts the corners of a turned and tilted card where the lens must.
func TestPose(t *testing.T) {
	l := pose(Card{Turn: 90}, 5, 600, 300, 1280)
	if x, y := l.at(10, 0); x < 599.9 || x > 600.1 || y < 349.9 || y > 350.1 {
		t.Error("a quarter turn leads to", x, y)
	}
	l = pose(Card{TiltX: 40}, 5, 600, 300, 1280)
	top, _ := l.at(10, -20)
	bottom, _ := l.at(10, 20)
	if top >= bottom {
		t.Errorf("the top leans away and is not narrower: %.1f, %.1f", top, bottom)
	}
	back, ok := l.invert()
	px, py := l.at(7, 3)
	if x, y := back.at(px, py); !ok || x < 6.99 || x > 7.01 || y < 2.99 || y > 3.01 {
		t.Error("there and back:", x, y, ok)
	}
}

func TestSeeds(t *testing.T) {
	shot := func(seed uint64) []byte {
		c := New(Options{Seed: seed})
		if err := c.Hold(Card{Text: text, Glare: 0.5, Blur: 0.6, Motion: 3}); err != nil {
			t.Fatal(err)
		}
		return c.JPEG(4)
	}
	if !bytes.Equal(shot(1), shot(1)) {
		t.Error("one seed gave two pictures")
	}
	if bytes.Equal(shot(1), shot(2)) {
		t.Error("two seeds gave one picture")
	}
}

func TestTooLarge(t *testing.T) {
	c := New(Options{Seed: 1})
	for _, s := range []string{strings.Repeat("A", 5000), strings.Repeat("x", 2900)} {
		if err := c.Hold(Card{Text: s}); err == nil {
			t.Errorf("%d characters fit", len(s))
		}
	}
	if err := c.Hold(Card{Text: strings.Repeat("A", 1451)}); err != nil { // version 25, the most a phone must show
		t.Error(err)
	}
	if err := c.Hold(Card{Text: text, X: 9}); err == nil {
		t.Error("a card outside the picture")
	}
}

// TestStream reads the stream as a browser does, and sees that nothing is painted for nobody.
func TestStream(t *testing.T) {
	c := New(Options{Seed: 1, FPS: 200})
	s := httptest.NewServer(c)
	defer s.Close()
	if err := c.Hold(Card{Text: text}, Card{Blank: true}); err != nil {
		t.Fatal(err)
	}
	if c.painted != 0 {
		t.Error("painted for nobody")
	}
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, p, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(resp.Body, p["boundary"])
	different := map[string]bool{}
	for range 2*phases + 1 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err != nil || part.Header.Get("Content-Length") != fmt.Sprint(len(b)) {
			t.Fatal(err, part.Header)
		}
		decoded(t, b)
		different[string(b)] = true
	}
	if c.Clients() != 1 || len(different) != phases {
		t.Error(c.Clients(), "clients,", len(different), "different frames")
	}
	c.mu.Lock()
	painted := c.painted
	c.mu.Unlock()
	if painted != phases {
		t.Error(painted, "frames painted")
	}
}

// BenchmarkHold is what it costs when somebody holds up a phone, before the first frame.
func BenchmarkHold(b *testing.B) {
	c := New(Options{Seed: 1})
	for b.Loop() {
		if err := c.Hold(Card{Text: text, TiltX: 10, Turn: 8, Blur: 0.7}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPaint is one frame that was not made before; the eight of a scene are made once.
func BenchmarkPaint(b *testing.B) {
	c := New(Options{Seed: 1})
	if err := c.Hold(Card{Text: text, TiltX: 10, Turn: 8, Blur: 0.7}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.frames = [phases][]byte{}
		c.JPEG(0)
	}
}
