package screen

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/lane"
)

// field is what a screenshot shows of one state: two colours and where the figure is.
type field struct {
	Background, Colour [3]float64
	X, Y, Side         float64
}

const fieldScript = `(() => {
  const stage = document.getElementById('stage'), s = getComputedStyle(stage), r = stage.querySelector('.fig').getBoundingClientRect();
  const rgb = (c) => c.match(/[0-9.]+/g).slice(0, 3).map(Number);
  return JSON.stringify({Background: rgb(s.backgroundColor), Colour: rgb(s.color), X: r.x, Y: r.y, Side: r.width});
})()`

// luminance is that of WCAG 2.2.
func luminance(c [3]float64) float64 {
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := c[i] / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

const grid = 48

// TestShapesDiffer: without colour, every state is still told by its shape, and all
// text has contrast 7:1.
func TestShapesDiffer(t *testing.T) {
	ctx, dir := browser(t), t.TempDir()
	d := NewDisplay(bay, here)
	addr, _ := start(t, "127.0.0.1:0", d)
	do(t, ctx, chromedp.EmulateViewport(1280, 720), chromedp.Navigate("http://"+addr+"/"))
	masks := map[lane.Screen][grid * grid]bool{}
	for _, s := range []lane.Screen{lane.ScreenClosed, lane.ScreenIdle, lane.ScreenLook, lane.ScreenRetry, lane.ScreenRefer, lane.ScreenGo, lane.ScreenEmergency, lane.ScreenInvalid} {
		d.Show(lane.View{Screen: s})
		until(t, ctx, shows+` === '`+s.String()+`'`)
		var f field
		if err := json.Unmarshal([]byte(eval[string](t, ctx, fieldScript)), &f); err != nil {
			t.Fatal(err)
		}
		dark, light := luminance(f.Background), luminance(f.Colour)
		if dark > light {
			dark, light = light, dark
		}
		if contrast := (light + 0.05) / (dark + 0.05); contrast < 7 {
			t.Errorf("%s: contrast %.1f", s, contrast)
		}
		im, err := png.Decode(bytes.NewReader(shot(t, ctx, dir, s.String())))
		if err != nil {
			t.Fatal(err)
		}
		masks[s] = mask(im, f)
	}
	for a, m := range masks {
		for b, n := range masks {
			differ := 0
			for i := range m {
				if m[i] != n[i] {
					differ++
				}
			}
			if a < b && differ < grid*grid/12 {
				t.Errorf("%s and %s have the same shape: %d of %d cells differ", a, b, differ, grid*grid)
			}
		}
	}
}

// mask says where the figure is nearer to the ink than to the field, in grey.
func mask(im image.Image, f field) (m [grid * grid]bool) {
	grey := func(c [3]float64) float64 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }
	ink, ground := grey(f.Colour), grey(f.Background)
	for i := range m {
		x, y := f.X+(float64(i%grid)+0.5)*f.Side/grid, f.Y+(float64(i/grid)+0.5)*f.Side/grid
		v := float64(color.GrayModel.Convert(im.At(int(x), int(y))).(color.Gray).Y)
		m[i] = math.Abs(v-ink) < math.Abs(v-ground)
	}
	return m
}

// TestLettersAreLargeEnough: the first line's capital height is 0.7 degrees and the
// second line's 0.5 at the distance given (EN 301 549 section 5.1.4).
func TestLettersAreLargeEnough(t *testing.T) {
	ctx := browser(t)
	for _, c := range []struct{ widthMM, viewMM, width, height int }{{476, 2000, 1920, 1080}, {476, 1500, 1280, 720}, {268, 2000, 1080, 1920}} {
		info := bay
		info.WidthMM, info.ViewMM = c.widthMM, c.viewMM
		d := NewDisplay(info, here)
		addr, _ := start(t, "127.0.0.1:0", d)
		d.Show(lane.View{Screen: lane.ScreenRefer, Language: "en"})
		do(t, ctx, chromedp.EmulateViewport(int64(c.width), int64(c.height)), chromedp.Navigate("http://"+addr+"/"))
		until(t, ctx, shows+` === 'refer'`)
		for selector, degrees := range map[string]float64{"h1": 0.7, ".second": 0.5} {
			px := eval[float64](t, ctx, `parseFloat(getComputedStyle(document.querySelector('`+selector+`')).fontSize)`)
			const capital = 0.727 // of Inter's em
			mm := px * capital * float64(c.widthMM) / float64(c.width)
			if got := math.Atan(mm/float64(c.viewMM)) * 180 / math.Pi; got < degrees*0.999 {
				t.Errorf("%s on %d mm at %d mm: %.2f degrees, not %.1f", selector, c.widthMM, c.viewMM, got, degrees)
			}
		}
	}
}
