package reading

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"

	"example.org/checkpoint/firmware/symbol"
)

// Gray opens a picture (PNG, JPEG, GIF) as grey, on white where it is transparent. It refuses
// one of more than symbol.MaxPixels before decoding it.
func Gray(path string) (*image.Gray, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, _, err := image.DecodeConfig(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w; give a PNG, JPEG or GIF", path, err)
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > symbol.MaxPixels/size.Height {
		return nil, fmt.Errorf("open %s: %dx%d pixels are more than 64 megapixels; make it smaller", path, size.Width, size.Height)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	img, _, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	switch img := img.(type) {
	case *image.Gray:
		return img, nil
	case *image.YCbCr:
		return &image.Gray{Pix: img.Y, Stride: img.YStride, Rect: img.Rect}, nil
	}
	g := image.NewGray(img.Bounds())
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(g, g.Rect, img, g.Rect.Min, draw.Over)
	return g, nil
}

// ErrNoCode says that nothing was read.
var ErrNoCode = errors.New("no code found in the picture")

// Texts returns the texts of the codes in a picture; ErrNoCode if there are none.
func Texts(ctx context.Context, r *symbol.Reader, file string) ([][]byte, error) {
	img, err := Gray(file)
	if err != nil {
		return nil, err
	}
	symbols, err := r.Read(ctx, img, symbol.Thorough())
	if err == nil && len(symbols) == 0 {
		err = ErrNoCode
	}
	var texts [][]byte
	for _, s := range symbols {
		texts = append(texts, []byte(s.Text))
	}
	return texts, err
}
