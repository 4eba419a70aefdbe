// Package camera is a camera on the network, pretended: it looks at a hall in which people hold up
// phones and papers with codes, and serves what it sees as MJPEG over HTTP.
package camera

import (
	"fmt"
	"image"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options describe the camera. The zero value is a 720p USB-like camera at 15 frames a second.
type Options struct {
	Seed          uint64  // of everything that is left to chance
	Width, Height int     // pixels; 0 is 1280x720
	FPS           float64 // frames a second; 0 is 15
	Quality       int     // of the JPEGs, 1 to 100; 0 is 85
	Noise         float64 // of the sensor, standard deviation in grey levels; 0 is 2.5, below 0 none
	Colour        bool    // JPEGs with colour, which cost half as much again to make and to read
	Empty         bool    // a plain wall instead of a hall with its lamps and people
}

// phases is the number of different frames of a scene; they repeat. Each is made when first seen.
const phases = 8

// Camera is one camera. It makes pictures only while somebody looks.
type Camera struct {
	o          Options
	background *image.Gray
	noise      []int8

	mu      sync.Mutex
	scene   []held         // what is held up
	frames  [phases][]byte // JPEG of the scene
	vacant  [phases][]byte // JPEG of the hall without anybody
	frame   *image.Gray    // to paint in
	clients int
	held    uint64 // times that cards were held up
	painted int    // frames made, not taken from before
	fault   Fault
	still   []byte // what is sent while frozen
}

// New is a camera that sees nobody.
func New(o Options) *Camera {
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 720
	}
	if o.FPS == 0 {
		o.FPS = 15
	}
	if o.Quality == 0 {
		o.Quality = 85
	}
	if o.Noise == 0 {
		o.Noise = 2.5
	}
	c := &Camera{o: o}
	r := rand.New(rand.NewPCG(o.Seed, 1))
	c.background = hall(r, o)
	c.noise = grain(r, o.Noise)
	c.frame = image.NewGray(c.background.Rect)
	return c
}

// Hold shows cards, in place of those shown before. It fails where a code does not fit the picture.
func (c *Camera) Hold(cards ...Card) error {
	c.mu.Lock()
	c.held++
	r := rand.New(rand.NewPCG(c.o.Seed, 1+c.held))
	c.mu.Unlock()
	scene := make([]held, 0, len(cards))
	for i, card := range cards {
		h, err := c.draw(r, card, i, len(cards))
		if err != nil {
			return fmt.Errorf("card %d: %w", i+1, err)
		}
		scene = append(scene, h)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scene, c.frames = scene, [phases][]byte{}
	return nil
}

// Clear takes all cards away.
func (c *Camera) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scene, c.frames = nil, [phases][]byte{}
}

// Clients is how many are looking.
func (c *Camera) Clients() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clients
}

// JPEG is frame n of what the camera sees.
func (c *Camera) JPEG(n int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.broken(n); b != nil {
		return b
	}
	return c.healthy(n)
}

func (c *Camera) healthy(n int) []byte {
	n, vacant := n%phases, (n+n/5)%3 // who looks at every third picture only sees different ones too
	frames := &c.frames
	if len(c.scene) == 0 {
		n = vacant // an empty hall differs by noise alone
		frames = &c.vacant
	}
	if frames[n] == nil {
		frames[n] = c.paint(n)
		c.painted++
	}
	return frames[n]
}

// ServeHTTP serves the stream until the client goes.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const boundary = "frame"
	c.look(1)
	defer c.look(-1)
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	tick := time.NewTicker(time.Duration(float64(time.Second) / c.o.FPS))
	defer tick.Stop()
	for n := 0; ; n++ {
		b := c.JPEG(n)
		if c.faulty() == Silent {
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				continue
			}
		}
		out.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if _, err := fmt.Fprintf(w, "--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", boundary, len(b)); err != nil {
			return
		}
		if _, err := w.Write(b); err != nil {
			return
		}
		if _, err := w.Write([]byte("\r\n")); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Camera) look(d int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients += d
}
