package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"example.org/checkpoint/hardware/camera/internal/luma"
)

// mostPixels is the largest picture that is decoded: a JPEG of a few bytes may claim 65535x65535.
const mostPixels = 16 << 20

// fromJPEG takes the luminance of a picture as it is. Only what luma does not know is decoded whole.
func fromJPEG(b []byte) (*image.Gray, error) {
	if img, err := luma.Decode(b, mostPixels); err == nil {
		return img, nil
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPicture, err)
	}
	if size.Width*size.Height > mostPixels {
		return nil, fmt.Errorf("%w: %dx%d pixels", ErrBadPicture, size.Width, size.Height)
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPicture, err)
	}
	switch img := img.(type) {
	case *image.Gray:
		return img, nil
	case *image.YCbCr:
		return &image.Gray{Pix: img.Y, Stride: img.YStride, Rect: img.Rect}, nil
	}
	return nil, fmt.Errorf("%w: JPEG without luminance (%T)", ErrBadPicture, img)
}

// fromYUYV takes every other byte: Y0 Cb Y1 Cr (V4L2_PIX_FMT_YUYV).
func fromYUYV(b []byte, width, height int) (*image.Gray, error) {
	if width <= 0 || height <= 0 || len(b) < 2*width*height {
		return nil, fmt.Errorf("%w: %d bytes of YUYV are not %dx%d", ErrBadPicture, len(b), width, height)
	}
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = b[2*i]
	}
	return img, nil
}
