// Package camera gives the newest grey picture of a camera: one on the network that serves
// multipart MJPEG over HTTP, one on this machine under V4L2, a directory of pictures, or whatever
// OpenCV can open (in a program that was built with the tag opencv). It never ends: a camera that
// goes away is tried again until it is back; one whose picture is frozen is started anew.
package camera

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNoPicture is the fault of a camera that was reached and gives no picture.
	ErrNoPicture = errors.New("no picture for 2 s")
	// ErrBadPicture says that one picture could not be used; the next may be good.
	ErrBadPicture = errors.New("bad picture")
	// errStarting is the fault before the first picture.
	errStarting = errors.New("no picture yet")

	errNoControl = errors.New("it has no such control")
)

// How long a camera may be silent, and the waits between attempts to reach it.
const (
	silence   = 2 * time.Second
	firstWait = 100 * time.Millisecond
	mostWait  = 500 * time.Millisecond
)

// Options are what may differ between cameras. The zero value will do.
type Options struct {
	Width, Height int           // wanted of a V4L2 device, in pixels; 0 is 1280x720. It may give another size.
	Exposure      time.Duration // of a V4L2 device; 0 leaves it to the camera
	Gain, Focus   int           // of a V4L2 device, 1 to 100 of its range; 0 leaves it to the camera
	Log           *slog.Logger  // nil says nothing
}

// Camera is one camera. Next is for one goroutine at a time, everything else for any.
type Camera struct {
	device  string
	options Options
	skipped atomic.Uint64
	fresh   chan struct{} // holds one when newest is new

	mu     sync.Mutex
	newest *image.Gray
	at     time.Time
	fault  error
	blind  error
	judge  judge
}

// New is the camera at a device: "http://…", "https://…", a path such as "/dev/video0", a
// directory of JPEG and PNG files, or "opencv:" and what its VideoCapture opens. Nothing is
// opened before Run.
func New(device string, o Options) *Camera {
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 720
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Camera{device: device, options: o, fresh: make(chan struct{}, 1)}
	c.fault = c.wrap(errStarting)
	return c
}

// Run reads pictures until the context ends, and returns nil then.
func (c *Camera) Run(ctx context.Context) error {
	defer func() { c.fail(errStarting) }()
	wait := firstWait
	for ctx.Err() == nil {
		good := false
		err := c.watch(ctx, c.source(), &good)
		if ctx.Err() != nil {
			return nil
		}
		if good {
			wait = firstWait
		}
		c.fail(err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, mostWait)
	}
	return nil
}

// source gives pictures to put until it cannot; it calls bad for a picture that it could not use.
// Both may be called at the same time.
type source func(ctx context.Context, put func(*image.Gray), bad func(error)) error

// source is the one of the device.
func (c *Camera) source() source {
	switch {
	case strings.HasPrefix(c.device, "http://"), strings.HasPrefix(c.device, "https://"):
		return c.mjpeg
	case strings.HasPrefix(c.device, openCV):
		return c.opencv
	}
	if info, err := os.Stat(c.device); err == nil && info.IsDir() {
		return c.directory
	}
	return c.v4l2
}

// openCV is before what is left to OpenCV.
const openCV = "opencv:"

// watch runs a source and ends it when it is silent or frozen.
func (c *Camera) watch(ctx context.Context, from source, good *bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(silence, func() { cancel(ErrNoPicture) })
	defer alarm.Stop()
	var last atomic.Value
	err := from(ctx, func(img *image.Gray) {
		alarm.Reset(silence)
		*good = true
		if c.put(img) {
			cancel(ErrFrozen)
		}
	}, func(err error) {
		c.skipped.Add(1)
		last.Store(failed{err})
	})
	if errors.Is(context.Cause(ctx), ErrFrozen) {
		return ErrFrozen
	}
	if errors.Is(context.Cause(ctx), ErrNoPicture) {
		if last, ok := last.Load().(failed); ok {
			return fmt.Errorf("%w: %w", ErrNoPicture, last.error)
		}
		return ErrNoPicture
	}
	return err
}

// put takes a picture, and says whether the source is to be started anew.
func (c *Camera) put(img *image.Gray) (anew bool) {
	now := time.Now()
	c.mu.Lock()
	frozen, anew, blind := c.judge.see(now, img)
	if frozen {
		c.mu.Unlock()
		c.fail(ErrFrozen)
		return anew
	}
	back, changed := c.fault != nil, blind != c.blind
	c.newest, c.at, c.fault, c.blind = img, now, nil, blind
	c.mu.Unlock()
	if back {
		c.options.Log.Info("camera gives pictures", "size", img.Rect.Max.String())
	}
	if changed && blind != nil {
		c.options.Log.Warn("camera", "err", c.wrap(blind))
	}
	select {
	case c.fresh <- struct{}{}:
	default:
	}
	return false
}

// failed is an error of any type, for an atomic.Value.
type failed struct{ error }

func (c *Camera) fail(err error) {
	err = c.wrap(err)
	c.mu.Lock()
	changed := c.fault == nil || c.fault.Error() != err.Error()
	c.fault = err
	c.mu.Unlock()
	if changed && !errors.Is(err, errStarting) {
		c.options.Log.Warn("camera", "err", err)
	}
}

// Next waits for a picture newer than the last one it returned. The picture is the caller's; the
// time is when it arrived.
func (c *Camera) Next(ctx context.Context) (*image.Gray, time.Time, error) {
	for {
		c.mu.Lock()
		img, at := c.newest, c.at
		c.newest = nil
		c.mu.Unlock()
		if img != nil {
			return img, at, nil
		}
		select {
		case <-ctx.Done():
			return nil, time.Time{}, ctx.Err()
		case <-c.fresh:
		}
	}
}

// Fault is nil while pictures come, and otherwise says what is wrong and what to do.
func (c *Camera) Fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// Blind is nil while pictures show something, and otherwise says what hides it and what to do:
// ErrBlack or ErrCovered. Such pictures are given nevertheless: a bright code in the dark shows.
func (c *Camera) Blind() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blind == nil {
		return nil
	}
	return c.wrap(c.blind)
}

// Skipped is the number of pictures that could not be used because they were torn, too large or
// no JPEG. Of those that came while another was decoded only the newest is looked at.
func (c *Camera) Skipped() uint64 { return c.skipped.Load() }
