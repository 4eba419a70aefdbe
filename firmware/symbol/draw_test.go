package symbol

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// printed is a drawing as it comes out of a printer and into a camera: ink spreads by so many
// pixels in all, and the lens is a little soft.
func printed(img *image.Gray, gain int) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewGray(img.Rect)
	for y := range h {
		for x := range w {
			v := uint8(255)
			for py := max(y-gain/2, 0); py <= min(y+(gain-gain/2), h-1); py++ {
				for px := max(x-gain/2, 0); px <= min(x+(gain-gain/2), w-1); px++ {
					v = min(v, img.Pix[py*img.Stride+px])
				}
			}
			out.Pix[y*out.Stride+x] = v/2 + 60
		}
	}
	soft := image.NewGray(img.Rect)
	for y := range h {
		for x := range w {
			sum := 0
			for _, d := range [5][2]int{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				sum += int(out.Pix[min(max(y+d[1], 0), h-1)*out.Stride+min(max(x+d[0], 0), w-1)])
			}
			soft.Pix[y*soft.Stride+x] = uint8(sum / 5)
		}
	}
	return soft
}

// TestDraw draws symbols, prints them with and without the gain they were drawn for, and has our
// reader and zbar read them.
func TestDraw(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing: run `make deps`")
	}
	var r Reader
	for i, tt := range []struct {
		text  string
		d     Drawing
		gain  int
		size  int // modules
		level string
	}{
		{"0123456789", Drawing{}, 0, 21, "smallest"},
		{sample, Drawing{Level: LevelQ, Module: 6}, 2, 37, "ink that spreads a third"},
		{sample, Drawing{Level: LevelM, Module: 6, Gain: 2}, 2, 33, "drawn for its ink"},
		{sample, Drawing{Level: LevelM, Module: 6, Gain: 2}, 0, 33, "drawn narrow, not spread"},
		{"Grüezi 測試", Drawing{Version: 7, Level: LevelH, Module: 3}, 1, 45, "larger than it need be"},
		{strings.Repeat(sample, 10), Drawing{Level: LevelL, Module: 3, Gain: 1}, 1, 85, "dense"},
	} {
		img, err := Draw(tt.text, tt.d)
		if err != nil {
			t.Fatal(tt.level, err)
		}
		module := tt.d.Module
		if module == 0 {
			module = 4
		}
		if side := (tt.size + 8) * module; img.Rect.Dx() != side || img.Rect.Dy() != side {
			t.Errorf("%s: %v, not %d modules", tt.level, img.Rect, tt.size)
		}
		seen := printed(img, tt.gain)
		s, err := r.Read(context.Background(), seen, Glance())
		if err != nil || len(s) != 1 || s[0].Text != tt.text {
			t.Errorf("%s: we read %v %v", tt.level, s, err)
		}
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.png", i))
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, seen); err != nil {
			t.Fatal(err)
		}
		f.Close()
		out, err := exec.Command(zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
		if err != nil || strings.TrimSuffix(string(out), "\n") != tt.text {
			t.Errorf("%s: zbar reads %q: %v", tt.level, out, err)
		}
	}
	light, err := Draw(sample, Drawing{Light: true})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := r.Read(context.Background(), light, Glance()); err != nil || len(s) != 1 || s[0].Text != sample || light.Pix[0] != 0 {
		t.Error("light on dark:", s, err)
	}
}

func TestDrawRefuses(t *testing.T) {
	for _, tt := range []struct {
		text string
		d    Drawing
		err  error
	}{
		{strings.Repeat("x", 2954), Drawing{}, ErrTooLong},
		{strings.Repeat("x", 18), Drawing{Version: 1}, ErrTooLong},
		{"x", Drawing{Version: 41}, ErrDrawing},
		{"x", Drawing{Level: 4}, ErrDrawing},
		{"x", Drawing{Module: 4, Gain: 2}, ErrDrawing},
	} {
		if img, err := Draw(tt.text, tt.d); !errors.Is(err, tt.err) || img != nil {
			t.Errorf("%+v: %v", tt.d, err)
		}
	}
	if _, err := Draw(strings.Repeat("x", 2953), Drawing{Module: 1}); err != nil { // table 7: version 40-L
		t.Error(err)
	}
}
