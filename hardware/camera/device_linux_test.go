package camera

import (
	"errors"
	"image"
	"maps"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/blackjack/webcam"
)

// board is a V4L2 device, pretended above its ioctls: what the kernel does below is not seen here.
type board struct {
	controls map[webcam.ControlID]webcam.Control
	format   webcam.PixelFormat

	mu       sync.Mutex
	held     []uint32 // frames that are ready, by buffer
	shade    [buffers]uint8
	size     [buffers]int // bytes; 0 is a torn frame
	lent     map[uint32]bool
	set      map[webcam.ControlID]int32
	order    []webcam.ControlID
	gone     bool
	closed   int
	released int
}

func newBoard() *board {
	return &board{format: formatYUYV, lent: map[uint32]bool{}, set: map[webcam.ControlID]int32{}}
}

func (b *board) GetSupportedFormats() map[webcam.PixelFormat]string {
	return map[webcam.PixelFormat]string{b.format: "as told"}
}
func (b *board) GetSupportedFrameSizes(webcam.PixelFormat) []webcam.FrameSize {
	return []webcam.FrameSize{{MinWidth: 4, MaxWidth: 4, MinHeight: 2, MaxHeight: 2}}
}
func (b *board) SetImageFormat(f webcam.PixelFormat, w, h uint32) (webcam.PixelFormat, uint32, uint32, error) {
	return f, w, h, nil
}
func (b *board) GetControls() map[webcam.ControlID]webcam.Control { return maps.Clone(b.controls) }
func (b *board) SetControl(id webcam.ControlID, v int32) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if (id == exposure && b.set[autoExposure] != exposureByHand) || id == focus && b.set[autoFocus] != 0 {
		return syscall.EACCES // locked while it is automatic
	}
	b.set[id] = v
	b.order = append(b.order, id)
	return nil
}
func (b *board) SetBufferCount(n uint32) error {
	if n != buffers {
		return errors.New("other buffers")
	}
	return nil
}
func (b *board) StartStreaming() error { return nil }

func (b *board) WaitForFrame(uint32) error {
	for range 100 {
		b.mu.Lock()
		ready := len(b.held) > 0 || b.gone
		b.mu.Unlock()
		if ready {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return new(webcam.Timeout)
}

func (b *board) GetFrame() ([]byte, uint32, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.gone:
		return nil, 0, syscall.ENODEV
	case len(b.held) == 0:
		return nil, 0, syscall.EAGAIN
	}
	i := b.held[0]
	b.held = b.held[1:]
	b.lent[i] = true
	frame := make([]byte, 16)
	for k := range frame {
		frame[k] = b.shade[i]
	}
	return frame[:b.size[i]], i, nil
}

func (b *board) ReleaseFrame(i uint32) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.lent[i] {
		return syscall.EINVAL
	}
	delete(b.lent, i)
	b.released++
	return nil
}

func (b *board) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed++
	return nil
}

// frames makes frames ready, one buffer each, oldest first; a size of 0 is a torn one.
func (b *board) frames(sizes []int, shades ...uint8) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, shade := range shades {
		b.shade[i], b.size[i] = shade, sizes[i]
		b.held = append(b.held, uint32(i))
	}
}

// run streams from the board until it fails or the test ends.
func (b *board) run(t *testing.T, c *Camera) <-chan error {
	ended := make(chan error, 1)
	go func() { // ends with the test's context or the board
		ended <- c.stream(t.Context(), func() (device, error) { return b, nil }, func(img *image.Gray) { c.put(img) },
			func(error) { c.skipped.Add(1) })
	}()
	return ended
}

// TestNewestOfDriver sees that of the frames that the driver holds only the newest is decoded, and
// that each buffer goes back to it.
func TestNewestOfDriver(t *testing.T) {
	whole := []int{16, 16, 16}
	for name, tt := range map[string]struct {
		sizes  []int
		shades []uint8
		want   uint8
	}{
		"one":         {whole, []uint8{10}, 10},
		"three":       {whole, []uint8{10, 20, 30}, 30},
		"newest torn": {[]int{16, 16, 0}, []uint8{10, 20, 30}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			b, c := newBoard(), New("/dev/video9", Options{})
			b.frames(tt.sizes, tt.shades...)
			b.run(t, c)
			if img := next(t, c); img.Pix[0] != tt.want || img.Rect.Max != image.Pt(4, 2) {
				t.Error(img.Pix[0], img.Rect)
			}
			until(t, "all buffers back", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.released == len(tt.shades) && len(b.lent) == 0 })
		})
	}
}

// TestTornFrames sees that frames without data use up no buffers.
func TestTornFrames(t *testing.T) {
	b, c := newBoard(), New("/dev/video9", Options{})
	b.run(t, c)
	back := func(n int) func() bool {
		return func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.released == n && len(b.lent) == 0 }
	}
	for n := range 2 * buffers {
		b.frames([]int{0}, 1)
		until(t, "given back", back(n+1))
	}
	b.frames([]int{16}, 99)
	if img := next(t, c); img.Pix[0] != 99 {
		t.Error(img.Pix)
	}
	until(t, "given back", back(2*buffers+1))
}

// TestUnpluggedDevice takes the device away while it streams.
func TestUnpluggedDevice(t *testing.T) {
	b, c := newBoard(), New("/dev/video9", Options{})
	b.frames([]int{16}, 5)
	ended := b.run(t, c)
	next(t, c)
	b.mu.Lock()
	b.gone = true
	b.mu.Unlock()
	if err := <-ended; !errors.Is(err, syscall.ENODEV) || !strings.Contains(err.Error(), "plug the camera in") || b.closed != 1 {
		t.Error(err, b.closed)
	}
}

// TestControls sets exposure, gain and focus, by hand and back to automatic.
func TestControls(t *testing.T) {
	all := map[webcam.ControlID]webcam.Control{
		exposure: {Min: 3, Max: 2047}, autoExposure: {Max: 3}, gain: {Min: 0, Max: 255}, focus: {Min: 0, Max: 250, Step: 5}, autoFocus: {Max: 1},
	}
	for name, tt := range map[string]struct {
		has  map[webcam.ControlID]webcam.Control
		o    Options
		want map[webcam.ControlID]int32
	}{
		"automatic":    {all, Options{}, map[webcam.ControlID]int32{autoExposure: exposureAlone, autoFocus: 1}},
		"by hand":      {all, Options{Exposure: 5 * time.Millisecond, Gain: 100, Focus: 50}, map[webcam.ControlID]int32{autoExposure: 1, exposure: 50, gain: 255, autoFocus: 0, focus: 120}},
		"beyond":       {all, Options{Exposure: time.Minute, Gain: 1, Focus: 1}, map[webcam.ControlID]int32{autoExposure: 1, exposure: 2047, gain: 0, autoFocus: 0, focus: 0}},
		"too short":    {all, Options{Exposure: time.Microsecond}, map[webcam.ControlID]int32{autoExposure: 1, exposure: 3, autoFocus: 1}},
		"none to set":  {nil, Options{Exposure: time.Millisecond, Gain: 5, Focus: 5}, map[webcam.ControlID]int32{}},
		"nothing else": {map[webcam.ControlID]webcam.Control{gain: {Max: 10}}, Options{Gain: 50}, map[webcam.ControlID]int32{gain: 4}},
	} {
		b := newBoard()
		b.controls = tt.has
		b.set[autoFocus] = 1
		if tt.has == nil || len(tt.has) == 1 {
			delete(b.set, autoFocus)
		}
		New("/dev/video9", tt.o).adjust(b)
		if !maps.Equal(b.set, tt.want) {
			t.Errorf("%s: %v, not %v", name, b.set, tt.want)
		}
	}
}
