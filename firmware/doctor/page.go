package doctor

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/symbol"
)

// printed is how long the page may take, paper that runs out included.
const printed = 30 * time.Second

// page prints a page that shows whether every dot of the head works and a code can be read.
func (e *examination) page(ctx context.Context, d bench.Device) error {
	img, err := selfTest("CHECKPOINT SELF-TEST "+e.config.Device.Name, d.Dots)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, printed)
	defer stop()
	return d.Print(ctx, img)
}

// band is the height of each pattern, in dots.
const band = 48

// selfTest is a frame, a band of every dot, bands of bars that grow wider, and a code with the text
// at its end.
func selfTest(text string, dots int) (*image.Gray, error) {
	code, err := symbol.Draw(text, symbol.Drawing{Level: symbol.LevelM, Module: max(2, dots/96)})
	if err != nil {
		return nil, err
	}
	const bars = 4
	page := image.NewGray(image.Rect(0, 0, dots, (bars+2)*band+code.Rect.Dy()))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for y := range page.Rect.Dy() {
		for x := range dots {
			frame := y < 2 || x < 2 || x >= dots-2
			every := y >= band/2 && y < band
			bar := y >= band && y < (bars+1)*band && x>>(y/band-1)&1 == 0
			if frame || every || bar {
				page.SetGray(x, y, color.Gray{})
			}
		}
	}
	at := image.Pt((dots-code.Rect.Dx())/2, page.Rect.Dy()-code.Rect.Dy())
	draw.Draw(page, code.Rect.Add(at), code, image.Point{}, draw.Src)
	return page, nil
}
