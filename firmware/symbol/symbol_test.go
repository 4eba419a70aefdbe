package symbol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rsc.io/qr"
)

const sample = "HC1:NCFA5SR-0 8JV3Q6DBXJPJ+VSXYT3WFUT13ZU5JZPTZ7021*Z+3ZFMF-U$AY:/10OA3H1 QOC-J9-ZL$MY9"

// paint draws a code at a place of a picture, size pixels a module, with what turn does to it.
func paint(t testing.TB, img *image.Gray, text string, x0, y0, size int, light bool, turn func(x, y, n int) (int, int)) {
	t.Helper()
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	dark, lite := uint8(30), uint8(220)
	if light {
		dark, lite = lite, dark
	}
	const quiet = 4
	for y := -quiet; y < c.Size+quiet; y++ {
		for x := -quiet; x < c.Size+quiet; x++ {
			v := lite
			if x >= 0 && y >= 0 && x < c.Size && y < c.Size {
				if sx, sy := turn(x, y, c.Size); c.Black(sx, sy) {
					v = dark
				}
			}
			for i := range size * size {
				img.SetGray(x0+(x+quiet)*size+i%size, y0+(y+quiet)*size+i/size, color.Gray{Y: v})
			}
		}
	}
}

func upright(x, y, _ int) (int, int) { return x, y }
func quarter(x, y, n int) (int, int) { return y, n - 1 - x }
func mirror(x, y, n int) (int, int)  { return n - 1 - x, y }

func grey(w, h int, v uint8) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = v
	}
	return img
}

// TestAll reads four symbols at once: upright, turned, mirrored and light on dark.
func TestAll(t *testing.T) {
	img := grey(1280, 720, 128)
	paint(t, img, sample, 20, 20, 4, false, upright)
	paint(t, img, "TURNED", 400, 30, 5, false, quarter)
	paint(t, img, "mirrored, with white space ", 700, 40, 4, false, mirror)
	paint(t, img, "LIGHT ON DARK", 950, 300, 3, true, upright)
	var r Reader
	symbols, err := r.Read(context.Background(), img, Glance())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Symbol{}
	for _, s := range symbols {
		got[s.Text] = s
	}
	want := []string{sample, "LIGHT ON DARK", "TURNED", "mirrored, with white space "}
	if texts := slices.Sorted(maps.Keys(got)); !slices.Equal(texts, want) || len(symbols) != 4 {
		t.Fatalf("%q", texts)
	}
	for text, corners := range map[string][4]image.Point{ // of 33, 21 and 29 modules
		sample:                        {{36, 36}, {168, 36}, {168, 168}, {36, 168}},
		"TURNED":                      {{525, 50}, {525, 155}, {420, 155}, {420, 50}},
		"mirrored, with white space ": {{832, 56}, {716, 56}, {716, 172}, {832, 172}},
	} {
		for i, p := range got[text].Corners {
			if d := p.Sub(corners[i]); d.X*d.X+d.Y*d.Y > 2 {
				t.Errorf("%.8s: corners %v, not %v", text, got[text].Corners, corners)
				break
			}
		}
	}
}

// TestPart reads a picture whose rectangle does not begin at zero and gives corners in it.
func TestPart(t *testing.T) {
	img := grey(640, 480, 200)
	paint(t, img, "PART", 200, 100, 4, false, upright)
	part := img.SubImage(image.Rect(180, 90, 400, 300)).(*image.Gray)
	var r Reader
	s, err := r.Read(context.Background(), part, Glance())
	if err != nil || len(s) != 1 || s[0].Text != "PART" {
		t.Fatal(s, err)
	}
	if d := s[0].Corners[0].Sub(image.Pt(216, 116)); d.X*d.X+d.Y*d.Y > 2 {
		t.Error(s[0].Corners)
	}
}

func TestBytes(t *testing.T) {
	for _, text := range []string{"\xff\xfe\x00binary\x80", " white space kept \r\n", "Grüezi 測試", "0123456789"} {
		img := grey(300, 300, 220)
		paint(t, img, text, 20, 20, 5, false, upright)
		var r Reader
		s, err := r.Read(context.Background(), img, Glance())
		if err != nil || len(s) != 1 {
			t.Fatalf("%q: %v %v", text, s, err)
		}
		if !bytes.Equal(s[0].Bytes, []byte(text)) || s[0].Format != FormatQR {
			t.Errorf("%q: bytes %q, format %q", text, s[0].Bytes, s[0].Format)
		}
		if text[0] != 0xff && s[0].Text != text {
			t.Errorf("%q: text %q", text, s[0].Text)
		}
	}
}

func TestNoQuietZone(t *testing.T) {
	c, err := qr.Encode(sample, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	read := func(what string, img *image.Gray, b Budget) {
		t.Helper()
		var r Reader
		s, err := r.Read(context.Background(), img, b)
		if err != nil || len(s) != 1 || s[0].Text != sample {
			t.Errorf("%s: %v %v", what, s, err)
		}
	}
	for _, size := range []int{1, 2, 3} {
		img := grey(c.Size*size, c.Size*size, 255)
		for i := range img.Pix {
			if c.Black(i%img.Stride/size, i/img.Stride/size) {
				img.Pix[i] = 0
			}
		}
		read(fmt.Sprintf("%d pixels a module, nothing around", size), img, Thorough())
	}
	for _, size := range []int{2, 4} {
		for _, ground := range []uint8{0, 30, 128, 220, 255} { // 30 and 220 are those of the modules
			for _, light := range []bool{false, true} {
				for quiet := range 2 {
					dark := ground < 128
					if quiet == 0 && (ground == 128 || dark != light) { // the ring runs into it: not read
						continue
					}
					n := (c.Size + 2*quiet) * size
					img := grey(n+100, n+100, ground)
					for y := range n {
						for x := range n {
							v := uint8(220)
							if c.Black(x/size-quiet, y/size-quiet) != light {
								v = 30
							}
							img.Pix[(y+50)*img.Stride+x+50] = v
						}
					}
					read(fmt.Sprintf("%d pixels a module, %d modules of quiet zone on %d, light %v", size, quiet, ground, light), img, Glance())
				}
			}
		}
	}
}

// within reports whether what was spent is in the budget.
func within(s, b Budget) bool {
	return s.Layers <= b.Layers && s.Pixels <= b.Pixels && s.Candidates <= b.Candidates &&
		s.Triples <= b.Triples && s.Grids <= b.Grids && s.Decodes <= b.Decodes && s.Modules <= b.Modules
}

// ending is a context that ends when it has been asked so often.
type ending struct {
	context.Context
	asked, most int
}

func (e *ending) Err() error {
	if e.asked++; e.asked > e.most {
		return context.Canceled
	}
	return nil
}

// TestEnds ends the context in the middle of reading a page of finder patterns and a code, wherever
// it is asked: little is done after it.
func TestEnds(t *testing.T) {
	code := grey(640, 480, 200)
	paint(t, code, sample, 200, 100, 4, false, quarter)
	pages := []*image.Gray{code}
	for name := range truths(t, "adversarial") {
		pages = append(pages, load(t, filepath.Join(shared(t), "frames", "adversarial", name)))
	}
	for _, img := range pages {
		var r Reader
		never := &ending{context.Background(), 0, 1 << 30}
		if _, err := r.Read(never, img, Thorough()); err != nil || never.asked < 20 {
			t.Fatalf("asked %d times, %v", never.asked, err)
		}
		for most := 1; most < never.asked; most += max(never.asked/25, 1) {
			e := &ending{context.Background(), 0, most}
			if _, err := r.Read(e, img, Thorough()); !errors.Is(err, context.Canceled) {
				t.Fatalf("ended at %d of %d: %v", most, never.asked, err)
			}
			if more := e.asked - most; more > 12 {
				t.Errorf("ended at %d of %d, and asked %d times more", most, never.asked, more)
			}
		}
	}
}

// TestAdversarial shows pages of finder patterns, one of which holds plain gozxing for 25 s.
func TestAdversarial(t *testing.T) {
	for name := range truths(t, "adversarial") {
		img := load(t, filepath.Join(shared(t), "frames", "adversarial", name))
		for _, b := range []Budget{Glance(), Thorough(), {Layers: 1, Pixels: 1 << 22, Candidates: 100, Triples: 50, Grids: 3, Decodes: 2, Modules: 5000}} {
			var r Reader
			symbols, err := r.Read(context.Background(), img, b)
			if err != nil || len(symbols) > 0 {
				t.Error(name, symbols, err)
			}
			s := r.Spent()
			if !within(s, b) {
				t.Errorf("%s: spent %+v of %+v", name, s, b)
			}
			if most := mostFinders * (mostFinders - 1) * (mostFinders - 2) / 6; s.Triples > s.Layers*most {
				t.Errorf("%s: %d triples in %d layers", name, s.Triples, s.Layers)
			}
		}
	}
}

// falsePage is of symbols that have everything but data: between finder patterns, timing
// patterns, format and version there is chance.
func falsePage(t testing.TB, version, module, across, down int) *image.Gray {
	img := grey(1920, 1080, 155)
	r := rand.New(rand.NewPCG(uint64(version), uint64(module)))
	for i := range across * down {
		c, err := Draw(fmt.Sprint(i), Drawing{Version: version, Level: LevelH, Module: 1})
		if err != nil {
			t.Fatal(err)
		}
		n := c.Rect.Dx()
		for y := range n {
			for x := range n {
				v, last := c.Pix[y*c.Stride+x], n-1-4-12
				kept := x < 4 || y < 4 || x >= n-4 || y >= n-4 || x == 10 || y == 10 || x < 13 && y < 13 || x > last && y < 13 || x < 13 && y > last
				if !kept && r.IntN(2) == 0 {
					v = ^v
				}
				for j := range module * module {
					img.SetGray((i%across*n+x)*module+j%module, (i/across*n+y)*module+j/module, color.Gray{Y: v/2 + 30})
				}
			}
		}
	}
	return img
}

// TestFalsePages shows pages on which every grid goes as far as error correction: large symbols take
// no more work than small ones.
func TestFalsePages(t *testing.T) {
	for _, tt := range [][4]int{{40, 4, 1, 1}, {40, 4, 2, 1}, {40, 3, 3, 1}, {25, 3, 4, 2}, {10, 3, 7, 4}, {3, 4, 8, 5}} {
		img := falsePage(t, tt[0], tt[1], tt[2], tt[3])
		for _, b := range []Budget{Glance(), Thorough()} {
			var r Reader
			symbols, err := r.Read(context.Background(), img, b)
			if err != nil || len(symbols) > 0 {
				t.Error(tt, symbols, err)
			}
			if s := r.Spent(); !within(s, b) || s.Grids == 0 || s.Modules == 0 {
				t.Errorf("%v: spent %+v of %+v", tt, s, b)
			}
		}
	}
}

// TestCertificates reads the pictures of the European test certificates.
func TestCertificates(t *testing.T) {
	const floor = 326 // all of them
	dir := filepath.Join(shared(t), "vectors", "dcc", "dgc-testdata")
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index []struct {
		PNG     string  `json:"png"`
		HC1     string  `json:"hc1"`
		Gozxing *string `json:"gozxing"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	var r Reader
	read, pictures := 0, 0
	for _, c := range index {
		if c.PNG == "" {
			continue
		}
		pictures++
		symbols, err := r.Read(context.Background(), load(t, filepath.Join(dir, filepath.FromSlash(c.PNG))), Thorough())
		if err != nil {
			t.Fatal(c.PNG, err)
		}
		if len(symbols) != 1 {
			t.Log(c.PNG, len(symbols), "symbols")
			if c.Gozxing != nil && *c.Gozxing == "ok" {
				t.Errorf("%s: plain gozxing reads it", c.PNG)
			}
			continue
		}
		if c.HC1 != "" && c.Gozxing != nil && *c.Gozxing == "ok" && strings.TrimSpace(c.HC1) != strings.TrimSpace(symbols[0].Text) {
			t.Errorf("%s: read %.60q, not %.60q", c.PNG, symbols[0].Text, c.HC1)
		}
		read++
	}
	t.Logf("%d of %d", read, pictures)
	if read < floor {
		t.Errorf("read %d of %d, fewer than %d", read, pictures, floor)
	}
}

// TestQualityPictures reads the pictures that countries put up for quality assurance, also those
// whose text is not known because the reader that the list was made with could not.
func TestQualityPictures(t *testing.T) {
	dir := filepath.Join(shared(t), "vectors", "dcc", "quality-assurance")
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index []struct{ ID, Text string }
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	var r Reader
	for _, c := range index {
		symbols, err := r.Read(context.Background(), load(t, filepath.Join(dir, filepath.FromSlash(c.ID))), Thorough())
		switch {
		case err != nil || len(symbols) != 1:
			t.Errorf("%s: %d symbols, %v", c.ID, len(symbols), err)
		case c.Text != "" && strings.TrimSpace(c.Text) != strings.TrimSpace(symbols[0].Text), !strings.HasPrefix(symbols[0].Text, "HC1:"):
			t.Errorf("%s: read %.60q, not %.60q", c.ID, symbols[0].Text, c.Text)
		}
	}
	t.Logf("%d pictures", len(index))
}

func FuzzRead(f *testing.F) {
	img := grey(110, 110, 220)
	paint(f, img, "FUZZ", 5, 5, 3, false, upright)
	f.Add(uint8(110), img.Pix)
	f.Add(uint8(21), bytes.Repeat([]byte{0, 255, 255}, 200))
	small := grey(60, 60, 0)
	for i := range small.Pix {
		small.Pix[i] = uint8(i * i)
	}
	f.Add(uint8(60), small.Pix)
	f.Fuzz(func(t *testing.T, w uint8, pix []byte) {
		if w == 0 || len(pix) < int(w) {
			return
		}
		img := &image.Gray{Pix: pix, Stride: int(w), Rect: image.Rect(0, 0, int(w), len(pix)/int(w))}
		var r Reader
		b := Budget{Layers: maxLayers, Pixels: 1 << 20, Candidates: 500, Triples: 1000, Grids: 20, Decodes: 10, Modules: 50_000}
		if _, err := r.Read(context.Background(), img, b); err != nil {
			t.Error(err)
		}
		if s := r.Spent(); s.Decodes > b.Decodes || s.Grids > b.Grids || s.Candidates > b.Candidates {
			t.Errorf("spent %+v", s)
		}
	})
}
