package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// frameEvery is from one picture of a directory to the next.
const frameEvery = 100 * time.Millisecond

// directory shows the pictures of a directory in the order of their names, again and again. What
// comes into it meanwhile is shown in the next round.
func (c *Camera) directory(ctx context.Context, put func(*image.Gray), bad func(error)) error {
	for clock := time.NewTicker(frameEvery); ; {
		files, err := pictures(c.device)
		if err != nil {
			clock.Stop()
			return err
		}
		for _, file := range files {
			img, err := load(file)
			if err != nil {
				bad(err)
			} else {
				c.still()
				put(img)
			}
			select {
			case <-ctx.Done():
				clock.Stop()
				return ctx.Err()
			case <-clock.C:
			}
		}
	}
}

// still says that pictures which do not differ are none of a frozen camera.
func (c *Camera) still() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judge.same = 0
}

// pictures are the files to show.
func pictures(dir string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range all {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".jpg", ".jpeg", ".png":
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, errors.New("the directory has no .jpg or .png: put pictures in, or correct the device in the configuration")
	}
	return files, nil
}

// load reads one picture.
func load(file string) (*image.Gray, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPicture, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, largestPart+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPicture, err)
	}
	if len(b) > largestPart {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBadPicture, largestPart)
	}
	if strings.EqualFold(filepath.Ext(file), ".png") {
		return fromPNG(b)
	}
	return fromJPEG(b)
}

// fromPNG decodes a picture and takes its luminance.
func fromPNG(b []byte) (*image.Gray, error) {
	size, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPicture, err)
	}
	if size.Width*size.Height > mostPixels {
		return nil, fmt.Errorf("%w: %dx%d pixels", ErrBadPicture, size.Width, size.Height)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPicture, err)
	}
	if grey, ok := img.(*image.Gray); ok {
		return grey, nil
	}
	grey := image.NewGray(img.Bounds())
	draw.Draw(grey, grey.Rect, img, img.Bounds().Min, draw.Src)
	return grey, nil
}
