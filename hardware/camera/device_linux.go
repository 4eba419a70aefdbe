package camera

import (
	"fmt"
	"image"
	"slices"
	"time"

	"github.com/blackjack/webcam"
)

// device is what is used of a V4L2 device.
type device interface {
	GetSupportedFormats() map[webcam.PixelFormat]string
	GetSupportedFrameSizes(webcam.PixelFormat) []webcam.FrameSize
	SetImageFormat(f webcam.PixelFormat, width, height uint32) (webcam.PixelFormat, uint32, uint32, error)
	GetControls() map[webcam.ControlID]webcam.Control
	SetControl(webcam.ControlID, int32) error
	SetBufferCount(uint32) error
	StartStreaming() error
	WaitForFrame(seconds uint32) error
	GetFrame() (data []byte, index uint32, err error)
	ReleaseFrame(index uint32) error
	Close() error
}

// Controls of v4l2-controls.h, and values of V4L2_CID_EXPOSURE_AUTO.
const (
	autoGain     webcam.ControlID = 0x00980912
	gain         webcam.ControlID = 0x00980913
	autoExposure webcam.ControlID = 0x009a0901
	exposure     webcam.ControlID = 0x009a0902 // 100 µs
	focus        webcam.ControlID = 0x009a090a
	autoFocus    webcam.ControlID = 0x009a090c

	exposureByHand = 1
	exposureAlone  = 3 // by priority of the aperture, which is the automatic of webcams
)

// adjust sets exposure, gain and focus. What the device does not have, it goes without: the
// log says so.
func (c *Camera) adjust(d device) {
	has := d.GetControls()
	for _, k := range []struct {
		name       string
		id, auto   webcam.ControlID
		hand, free int32 // values of auto
		wanted     bool
		value      func(webcam.Control) int32
	}{
		{"exposure", exposure, autoExposure, exposureByHand, exposureAlone, c.options.Exposure > 0, func(k webcam.Control) int32 {
			return min(max(int32(c.options.Exposure/(100*time.Microsecond)), k.Min), k.Max)
		}},
		{"gain", gain, autoGain, 0, 1, c.options.Gain > 0, func(k webcam.Control) int32 { return share(k, c.options.Gain) }},
		{"focus", focus, autoFocus, 0, 1, c.options.Focus > 0, func(k webcam.Control) int32 { return share(k, c.options.Focus) }},
	} {
		control, there := has[k.id]
		_, automatic := has[k.auto]
		var err error
		switch {
		case !k.wanted && automatic: // as it is after power-up, also where another program left it otherwise
			err = d.SetControl(k.auto, k.free)
		case !k.wanted:
		case !there:
			err = errNoControl
		default:
			if automatic {
				err = d.SetControl(k.auto, k.hand) // first: the value is locked while it is automatic
			}
			if e := d.SetControl(k.id, k.value(control)); e != nil {
				err = e
			}
		}
		if err != nil {
			c.options.Log.Warn("camera cannot be adjusted", "what", k.name, "err", err)
		}
	}
}

// share is a value of the control's range: 1 is its least, 100 its most.
func share(k webcam.Control, percent int) int32 {
	v := k.Min + int32(int64(percent-1)*(int64(k.Max)-int64(k.Min))/99)
	if k.Step > 1 {
		v -= (v - k.Min) % k.Step
	}
	return v
}

// latest is the newest frame that the driver holds; older ones are given back unseen. It is
// empty when there is none, and else to be given back by its index.
func latest(d device) (data []byte, index uint32, err error) {
	data, index, err = d.GetFrame()
	for range buffers {
		if err != nil || len(data) == 0 {
			break
		}
		newer, at, e := d.GetFrame()
		if e != nil {
			break // EAGAIN: there is none; anything worse the next wait finds
		}
		if len(newer) == 0 { // torn
			if err := d.ReleaseFrame(at); err != nil {
				return nil, 0, err
			}
			break
		}
		if err := d.ReleaseFrame(index); err != nil {
			return nil, 0, err
		}
		data, index = newer, at
	}
	return data, index, err
}

// choose settles format and size.
func (c *Camera) choose(d device) (format webcam.PixelFormat, width, height int, err error) {
	offered := d.GetSupportedFormats()
	wanted := []webcam.PixelFormat{formatMJPG, formatJPEG, formatYUYV}
	i := slices.IndexFunc(wanted, func(f webcam.PixelFormat) bool { _, ok := offered[f]; return ok })
	if i < 0 {
		return 0, 0, 0, fmt.Errorf("it offers %v, neither MJPEG nor YUYV; use another camera", offered)
	}
	format = wanted[i]
	width, height = nearest(d.GetSupportedFrameSizes(format), c.options.Width, c.options.Height)
	got, _, _, err := d.SetImageFormat(format, uint32(width), uint32(height)) // the sizes it returns are those asked for
	if err != nil {
		return 0, 0, 0, advise(err)
	}
	if got != format {
		return 0, 0, 0, fmt.Errorf("it offers pixel format %#x and gives %#x; use another camera", format, got)
	}
	return format, width, height, nil
}

// decode makes a grey picture of a frame.
func decode(format webcam.PixelFormat, b []byte, width, height int) (*image.Gray, error) {
	if format == formatYUYV {
		return fromYUYV(b, width, height)
	}
	return fromJPEG(b)
}
