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
	return c.stream(ctx, func() (device, error) { return webcam.Open(c.device) }, put, bad)
}

func (c *Camera) stream(ctx context.Context, open func() (device, error), put func(*image.Gray), bad func(error)) error {
	d, err := open()
	if err != nil {
		return advise(err)
	}
	defer d.Close()
	format, width, height, err := c.choose(d)
	if err != nil {
		return err
	}
	c.adjust(d)
	if err := d.SetBufferCount(buffers); err != nil {
		return err
	}
	if err := d.StartStreaming(); err != nil {
		return advise(err)
	}
	for ctx.Err() == nil {
		const second = 1
		if err := d.WaitForFrame(second); err != nil {
			if late := new(webcam.Timeout); errors.As(err, &late) {
				continue // the watch ends a silent camera
			}
			return advise(err)
		}
		b, index, err := latest(d)
		if err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			return advise(err)
		}
		if len(b) == 0 {
			if err := d.ReleaseFrame(index); err != nil {
				return advise(err)
			}
			continue
		}
		img, err := decode(format, b, width, height)
		if e := d.ReleaseFrame(index); e != nil {
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
