package camera

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"slices"
	"syscall"

	"github.com/blackjack/webcam"
)

// Pixel formats of videodev2.h, four characters each.
const (
	formatMJPG = webcam.PixelFormat('M' | 'J'<<8 | 'P'<<16 | 'G'<<24)
	formatJPEG = webcam.PixelFormat('J' | 'P'<<8 | 'E'<<16 | 'G'<<24)
	formatYUYV = webcam.PixelFormat('Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24)
)

// buffers of the driver; more would only hold older pictures.
const buffers = 3

// v4l2 reads from a device of this machine.
func (c *Camera) v4l2(ctx context.Context, put func(*image.Gray), bad func(error)) error {
	w, err := webcam.Open(c.device)
	if err != nil {
		return advise(err)
	}
	defer w.Close()
	offered := w.GetSupportedFormats()
	var format webcam.PixelFormat
	for _, f := range []webcam.PixelFormat{formatMJPG, formatJPEG, formatYUYV} {
		if _, ok := offered[f]; ok {
			format = f
			break
		}
	}
	if format == 0 {
		return fmt.Errorf("it offers %v, neither MJPEG nor YUYV; use another camera", offered)
	}
	width, height := nearest(w.GetSupportedFrameSizes(format), c.options.Width, c.options.Height)
	got, _, _, err := w.SetImageFormat(format, uint32(width), uint32(height)) // the sizes it returns are those asked for
	if err != nil {
		return advise(err)
	}
	if got != format {
		return fmt.Errorf("it offers pixel format %#x and gives %#x; use another camera", format, got)
	}
	if err := w.SetBufferCount(buffers); err != nil {
		return err
	}
	if err := w.StartStreaming(); err != nil {
		return advise(err)
	}
	for ctx.Err() == nil {
		const second = 1
		if err := w.WaitForFrame(second); err != nil {
			if late := new(webcam.Timeout); errors.As(err, &late) {
				continue // the watch ends a silent camera
			}
			return advise(err)
		}
		b, index, err := w.GetFrame()
		if err != nil {
			return advise(err)
		}
		if len(b) == 0 {
			continue
		}
		var img *image.Gray
		if format == formatYUYV {
			img, err = fromYUYV(b, width, height)
		} else {
			img, err = fromJPEG(b)
		}
		if e := w.ReleaseFrame(index); e != nil {
			return advise(e)
		}
		if err != nil {
			bad(err)
		} else {
			put(img)
		}
	}
	return ctx.Err()
}

// nearest is the size a device offers that is nearest in area to the one wanted.
func nearest(sizes []webcam.FrameSize, width, height int) (int, int) {
	far := func(s webcam.FrameSize) int {
		w, h := within(s.MinWidth, s.MaxWidth, s.StepWidth, width), within(s.MinHeight, s.MaxHeight, s.StepHeight, height)
		return max(w*h-width*height, width*height-w*h)
	}
	if len(sizes) == 0 {
		return width, height
	}
	s := slices.MinFunc(sizes, func(a, b webcam.FrameSize) int { return far(a) - far(b) })
	return within(s.MinWidth, s.MaxWidth, s.StepWidth, width), within(s.MinHeight, s.MaxHeight, s.StepHeight, height)
}

// within is the value of a range of even steps that is nearest below the one wanted.
func within(least, most, step uint32, wanted int) int {
	v := min(max(wanted, int(least)), int(most))
	if step > 1 {
		v -= (v - int(least)) % int(step)
	}
	return v
}

// advise adds to an error of the device what to do.
func advise(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV):
		return fmt.Errorf("%w: plug the camera in, or correct the device in the configuration", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: add this program's user to the group video", err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w: stop the other program that uses the camera", err)
	case errors.Is(err, syscall.ENOTTY), errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%w: this is not a V4L2 camera; correct the device in the configuration", err)
	}
	return err
}
