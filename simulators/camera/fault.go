package camera

import (
	"bytes"
	"image"
	"image/jpeg"
)

// Fault is something that is wrong with the camera.
type Fault uint8

const (
	Sound   Fault = iota // nothing
	Frozen               // it sends the same picture again and again
	Black                // a cap is on the lens, and the sensor makes no noise
	Covered              // a hand or a bag is before the lens
	Torn                 // half of every picture gets lost
	Silent               // it is connected and sends nothing
)

// Break lets the camera have a fault from now on, or none.
func (c *Camera) Break(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault, c.still = f, nil
}

func (c *Camera) faulty() Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// broken is frame n of a camera with a fault; nil is for one that sends what it sees.
func (c *Camera) broken(n int) []byte {
	switch c.fault {
	case Frozen:
		if c.still == nil {
			c.still = c.healthy(n)
		}
		return c.still
	case Black:
		return c.even(n, 16, false)
	case Covered:
		return c.even(n, 45, true)
	case Torn:
		b := c.healthy(n)
		return b[:len(b)/2]
	}
	return nil
}

// even is a picture of one shade.
func (c *Camera) even(n int, shade uint8, noise bool) []byte {
	img := image.NewGray(c.background.Rect)
	for i := range img.Pix {
		img.Pix[i] = shade
		if noise && len(c.noise) > 0 {
			img.Pix[i] = uint8(min(max(int(shade)+int(c.noise[(i+n*7919)%len(c.noise)]), 0), 255))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: c.o.Quality}); err != nil {
		panic(err) // a picture of more than 65535 pixels a side, which New was asked for
	}
	return b.Bytes()
}
