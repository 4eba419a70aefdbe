package reading

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/hardware/camera"
	sim "example.org/checkpoint/simulators/camera"
)

const greenCode = "HC1:NCFA5SR-0 8JV3Q6DBXJPJ+VSXYT3WFUT13ZU5JZPTZ7021*Z+3ZFMF-U$AY:/10OA3H1 QOC-J9-ZL$MY9/WKZW/IDOJ:D6GUZ-8YI35YYA%Z%F4"

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func heldUp(t *testing.T, cards ...sim.Card) []byte {
	t.Helper()
	c := sim.New(sim.Options{Seed: 5})
	if err := c.Hold(cards...); err != nil {
		t.Fatal(err)
	}
	return c.JPEG(0)
}

func TestReadFiles(t *testing.T) {
	two := writeFile(t, "two.jpg", heldUp(t, sim.Card{Text: greenCode, Module: 4}, sim.Card{Text: "HCT1:<SECOND>&", Module: 4, Turn: 90}))
	none := writeFile(t, "none.jpg", heldUp(t, sim.Card{Blank: true}))
	text := writeFile(t, "text.png", []byte("hello"))
	missing := filepath.Join(t.TempDir(), "missing.png")
	for _, tt := range []struct {
		files []string
		lines int
		err   error
	}{
		{[]string{two}, 1, nil},
		{[]string{two, none}, 2, exit.ErrNo},
		{[]string{missing, two}, 2, os.ErrNotExist},
		{[]string{text, none}, 2, image.ErrFormat},
	} {
		var out bytes.Buffer
		if err := readFiles(context.Background(), tt.files, "", &out); !errors.Is(err, tt.err) {
			t.Errorf("%q: %v", tt.files, err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != tt.lines {
			t.Fatalf("%q", lines)
		}
		for i, l := range lines {
			var got struct {
				File    string
				Error   string
				Symbols []readSymbol
			}
			if err := json.Unmarshal([]byte(l), &got); err != nil || got.File != tt.files[i] {
				t.Errorf("%s: %v", l, err)
			}
			switch got.File {
			case two:
				if len(got.Symbols) != 2 || !strings.Contains(l, "<SECOND>&") || !strings.Contains(l, greenCode) {
					t.Error(l)
				}
				for _, s := range got.Symbols {
					for _, p := range s.Corners {
						if p[0] < 100 || p[0] > 1180 || p[1] < 100 || p[1] > 620 {
							t.Error(l)
						}
					}
				}
			case none:
				if !strings.Contains(l, `"symbols":[]`) {
					t.Error(l)
				}
			default:
				if got.Error == "" {
					t.Error(l)
				}
			}
		}
	}
}

func TestLoadGray(t *testing.T) {
	var b bytes.Buffer
	clear := image.NewNRGBA(image.Rect(0, 0, 30, 20))
	clear.Set(3, 4, color.NRGBA{A: 255})
	if err := png.Encode(&b, clear); err != nil {
		t.Fatal(err)
	}
	img, err := Gray(writeFile(t, "clear.png", b.Bytes()))
	if err != nil || img.GrayAt(0, 0).Y != 255 || img.GrayAt(3, 4).Y != 0 {
		t.Error("what is transparent is not white", err)
	}

	huge := bytes.Clone(b.Bytes()) // the header chunk says 40000x40000 (PNG section 11.2.2); its checksum is repaired below
	binary.BigEndian.PutUint32(huge[16:], 40_000)
	binary.BigEndian.PutUint32(huge[20:], 40_000)
	binary.BigEndian.PutUint32(huge[29:], checksum(huge[12:29]))
	if _, err := Gray(writeFile(t, "huge.png", huge)); err == nil || !strings.Contains(err.Error(), "64 megapixels") {
		t.Error(err)
	}

	b.Reset()
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 9, 7), color.Palette{color.Black, color.White}), nil); err != nil {
		t.Fatal(err)
	}
	if img, err := Gray(writeFile(t, "a.gif", b.Bytes())); err != nil || img.Rect.Max != image.Pt(9, 7) {
		t.Error(err)
	}
}

// TestHeldUp goes the whole way: a card before a simulated camera, JPEG on the wire, the driver, a
// glance, the text.
func TestHeldUp(t *testing.T) {
	scene := sim.New(sim.Options{Seed: 7, FPS: 60, Colour: true})
	s := httptest.NewServer(scene)
	c := camera.New(s.URL, camera.Options{})
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ends with stop
	defer func() { stop(); <-done; s.Close() }()
	var r symbol.Reader
	for _, text := range []string{greenCode, "", "HCP1:" + strings.Repeat("PRESENTATION 0123456789", 50), "ANOTHER", ""} {
		scene.Clear()
		if text != "" {
			if err := scene.Hold(sim.Card{Text: text, Turn: -5, TiltX: 8, TiltY: 5, Blur: 0.5, Motion: 3}); err != nil {
				t.Fatal(err)
			}
		}
		for seen := 0; seen < 2; { // frames of the card before may still be on the way
			img, _, err := c.Next(ctx)
			if err != nil {
				t.Fatal(text, err, c.Fault())
			}
			symbols, err := r.Read(ctx, img, symbol.Glance())
			if err != nil {
				t.Fatal(err)
			}
			if text == "" && len(symbols) == 0 || len(symbols) == 1 && symbols[0].Text == text {
				seen++
			}
		}
	}
}
