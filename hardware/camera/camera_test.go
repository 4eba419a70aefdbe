package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/blackjack/webcam"

	sim "example.org/checkpoint/simulators/camera"
)

// shot is a JPEG of one shade, in colour as cameras send it.
func shot(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio422)
	for i := range img.Y {
		img.Y[i] = shade
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 90, 170
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func part(b []byte) string {
	return fmt.Sprintf("--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(b), b)
}

// start runs a camera until the test ends.
func start(t *testing.T, device string) *Camera {
	c := New(device, Options{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ends with stop
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

// next is the next picture, waiting up to 20 s.
func next(t *testing.T, c *Camera) *image.Gray {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	img, at, err := c.Next(ctx)
	if err != nil {
		t.Fatal(err, c.Fault())
	}
	if at.IsZero() {
		t.Error("a picture without its time")
	}
	return img
}

// until waits until a condition holds, at most 10 s.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still not:", what)
		}
	}
}

// stream serves one body and then keeps the connection open until the client goes.
func stream(t *testing.T, contentType, body string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Write([]byte(body))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// TestParts sends bad parts among good ones: each is skipped and the next good one shown.
func TestParts(t *testing.T) {
	good := shot(t, 77)
	claims := bytes.Clone(good) // the frame header says 65535x65535 (ITU-T T.81 B.2.2)
	i := bytes.Index(claims, []byte{0xff, 0xc0})
	copy(claims[i+5:], []byte{0xff, 0xff, 0xff, 0xff})
	for name, bad := range map[string]string{
		"torn":       part(good[:len(good)/2]),
		"not a JPEG": part([]byte("<html>busy</html>")),
		"other type": "--b\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi\r\n",
		"empty":      part(nil),
		"huge claim": part(claims),
		"huge part":  "--b\r\nContent-Type: image/jpeg\r\n\r\n" + strings.Repeat("x", largestPart+100) + "\r\n",
		"huge told":  "--b\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999999\r\n\r\nxx\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var c *Camera
			ready := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
				<-ready
				for n := range 2 {
					io.WriteString(w, bad)
					w.(http.Flusher).Flush()
					for c.Skipped() <= uint64(n) && r.Context().Err() == nil {
						time.Sleep(time.Millisecond)
					}
				}
				io.WriteString(w, part(good))
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}))
			t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
			c = start(t, s.URL)
			close(ready)
			img := next(t, c)
			if v := img.GrayAt(30, 20).Y; img.Rect.Max != image.Pt(64, 48) || v < 74 || v > 80 {
				t.Error(img.Rect, v)
			}
			if c.Skipped() != 2 || c.Fault() != nil {
				t.Error(c.Skipped(), c.Fault())
			}
		})
	}
}

// TestLuminance sees that the grey is that of the picture and no copy of it in another scale.
func TestLuminance(t *testing.T) {
	for _, shade := range []uint8{0, 16, 128, 255} {
		img, err := fromJPEG(shot(t, shade))
		if err != nil {
			t.Fatal(err)
		}
		if v := int(img.GrayAt(5, 5).Y); v < int(shade)-1 || v > int(shade)+1 {
			t.Errorf("%d became %d", shade, v)
		}
	}
	var b bytes.Buffer
	g := image.NewGray(image.Rect(0, 0, 10, 10))
	g.SetGray(5, 5, color.Gray{Y: 200})
	if err := jpeg.Encode(&b, g, nil); err != nil {
		t.Fatal(err)
	}
	if img, err := fromJPEG(b.Bytes()); err != nil || img.Rect != g.Rect {
		t.Error(img, err)
	}
}

// TestLengthLess reads a camera that does not say how long its parts are and puts dashes into the
// boundary.
func TestLengthLess(t *testing.T) {
	p := "--b\r\nContent-Type: image/jpeg\r\n\r\n" + string(shot(t, 50)) + "\r\n"
	c := start(t, stream(t, "multipart/x-mixed-replace;boundary=--b", p+p))
	next(t, c)
}

// TestNewest sees that pictures are dropped rather than queued.
func TestNewest(t *testing.T) {
	body := ""
	for i := range 20 {
		body += part(shot(t, uint8(10*i)))
	}
	c := start(t, stream(t, "multipart/x-mixed-replace; boundary=b", body))
	shade := func() uint8 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.newest == nil {
			return 0
		}
		return c.newest.Pix[0]
	}
	until(t, "the last picture", func() bool { return shade() > 185 })
	if v := next(t, c).Pix[0]; v < 185 {
		t.Error("an older picture", v)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := c.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the same picture twice", err)
	}
}

// TestSlowDecoder sends pictures faster than they are taken: those between are left out, and the
// last is shown. None is shown before an older one.
func TestSlowDecoder(t *testing.T) {
	const n = 40
	var body bytes.Buffer
	for i := range n {
		body.WriteString(part(shot(t, uint8(100+i))))
	}
	body.WriteString("--b--\r\n")
	var shades []uint8
	from := &drained{left: &body, empty: make(chan struct{})}
	newestPart(multipart.NewReader(from, "b"), func(img *image.Gray) {
		<-from.empty // everything has been read while the first picture is looked at
		shades = append(shades, img.Pix[0])
	}, func(err error) { t.Error(err) })
	if len(shades) > 3 || !slices.IsSorted(shades) || shades[len(shades)-1] < 100+n-3 {
		t.Error(len(shades), "pictures were decoded:", shades)
	}
}

// drained tells when the last byte was read.
type drained struct {
	left  *bytes.Buffer
	empty chan struct{}
}

func (d *drained) Read(b []byte) (int, error) {
	n, err := d.left.Read(b)
	if n > 0 && d.left.Len() == 0 {
		close(d.empty)
	}
	return n, err
}

// TestUnplugged takes the camera away and gives it back at the same address.
func TestUnplugged(t *testing.T) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scene := sim.New(sim.Options{Seed: 1, FPS: 30})
	plug := func(l net.Listener) *http.Server {
		s := &http.Server{Handler: scene}
		go s.Serve(l) // ends with Close
		return s
	}
	server := plug(at)
	c := start(t, "http://"+at.Addr().String()+"/")
	if f := c.Fault(); f == nil {
		t.Error("no fault before the first picture")
	}
	if img := next(t, c); img.Rect.Max != image.Pt(1280, 720) {
		t.Error(img.Rect)
	}
	if f := c.Fault(); f != nil {
		t.Error(f)
	}
	for range 2 {
		server.Close()
		until(t, "a fault", func() bool { return c.Fault() != nil })
		if f := c.Fault().Error(); !strings.Contains(f, at.Addr().String()) {
			t.Error("the fault does not name the camera:", f)
		}
		until(t, "nobody looks", func() bool { return scene.Clients() == 0 })
		back, err := net.Listen("tcp", at.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server = plug(back)
		until(t, "pictures again", func() bool { return c.Fault() == nil })
		next(t, c)
	}
	server.Close()
}

// BenchmarkReplug takes a camera away and gives it back, and reports how long the first picture
// took from then on.
func BenchmarkReplug(b *testing.B) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	scene := sim.New(sim.Options{Seed: 1})
	server := &http.Server{Handler: scene}
	go server.Serve(at) // ends with Close
	c := New("http://"+at.Addr().String()+"/", Options{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ends with stop
	defer func() { stop(); <-done; server.Close() }()
	var worst, sum time.Duration
	n := 0
	for ; b.Loop(); n++ {
		if _, _, err := c.Next(ctx); err != nil {
			b.Fatal(err)
		}
		server.Close()
		for c.Fault() == nil {
			time.Sleep(time.Millisecond)
		}
		c.mu.Lock()
		c.newest = nil
		c.mu.Unlock()
		time.Sleep(2 * time.Second) // people take longer
		back, err := net.Listen("tcp", at.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		plugged := time.Now()
		server = &http.Server{Handler: scene}
		go server.Serve(back) // ends with Close
		if _, _, err := c.Next(ctx); err != nil {
			b.Fatal(err)
		}
		took := time.Since(plugged)
		worst, sum = max(worst, took), sum+took
	}
	b.ReportMetric(float64(sum.Milliseconds())/float64(n), "ms/first-picture")
	b.ReportMetric(float64(worst.Milliseconds()), "ms/worst")
}

// TestSilent sees that a camera that stops sending, or sends nothing useful, is a fault and tried
// again.
func TestSilent(t *testing.T) {
	for name, first := range map[string]string{
		"after one picture": part(shot(t, 9)),
		"in the middle":     part(shot(t, 9))[:400],
		"only rubbish":      strings.Repeat(part([]byte("x")), 3),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 10)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
				w.Write([]byte(first))
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}))
			t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
			c := start(t, s.URL)
			<-asked
			until(t, "a fault", func() bool { return errors.Is(c.Fault(), ErrNoPicture) })
			<-asked
		})
	}
}

// TestAnswers tells what is wrong with cameras that answer something else.
func TestAnswers(t *testing.T) {
	for want, handler := range map[string]http.HandlerFunc{
		"account":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) },
		"multipart": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) },
		"ended": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
			w.Write([]byte("--b--\r\n"))
		},
	} {
		t.Run(want, func(t *testing.T) {
			s := httptest.NewServer(handler)
			t.Cleanup(s.Close)
			c := start(t, strings.Replace(s.URL, "http://", "http://door:secret@", 1))
			until(t, want, func() bool { return strings.Contains(c.Fault().Error(), want) })
			if strings.Contains(c.Fault().Error(), "secret") {
				t.Error(c.Fault())
			}
		})
	}
}

func TestAccount(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "door" || password != "secret" {
			w.WriteHeader(401)
			return
		}
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
		w.Write([]byte(part(shot(t, 9))))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	next(t, start(t, strings.Replace(s.URL, "http://", "http://door:secret@", 1)))
}

// TestMissing opens devices that are not there, and one that is no camera.
func TestMissing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "video0")
	c := start(t, missing)
	until(t, "not found", func() bool { return errors.Is(c.Fault(), fs.ErrNotExist) })
	if f := c.Fault().Error(); !strings.Contains(f, missing) || !strings.Contains(f, "plug the camera in") {
		t.Error(f)
	}
	c = start(t, "/dev/null")
	until(t, "no camera", func() bool { return strings.Contains(c.Fault().Error(), "not a V4L2 camera") })
}

func TestYUYV(t *testing.T) {
	b := make([]byte, 4*2*2)
	for i := range b {
		b[i] = uint8(i)
	}
	img, err := fromYUYV(b, 4, 2)
	if err != nil || !bytes.Equal(img.Pix, []byte{0, 2, 4, 6, 8, 10, 12, 14}) || img.Rect.Max != image.Pt(4, 2) {
		t.Error(img, err)
	}
	for _, size := range [][2]int{{4, 3}, {0, 2}, {-1, -1}} {
		if _, err := fromYUYV(b, size[0], size[1]); !errors.Is(err, ErrBadPicture) {
			t.Error(size, err)
		}
	}
}

func TestSizes(t *testing.T) {
	one := func(w, h uint32) webcam.FrameSize {
		return webcam.FrameSize{MinWidth: w, MaxWidth: w, MinHeight: h, MaxHeight: h}
	}
	for want, sizes := range map[image.Point][]webcam.FrameSize{
		{X: 1280, Y: 720}: nil,
		{X: 1280, Y: 800}: {one(640, 480), one(1280, 800), one(1920, 1080)},
		{X: 640, Y: 480}:  {{MinWidth: 160, MaxWidth: 640, StepWidth: 16, MinHeight: 120, MaxHeight: 480, StepHeight: 8}},
		{X: 1270, Y: 720}: {{MinWidth: 100, MaxWidth: 1920, StepWidth: 30, MinHeight: 100, MaxHeight: 1080, StepHeight: 20}},
	} {
		if w, h := nearest(sizes, 1280, 720); image.Pt(w, h) != want {
			t.Errorf("%v: %dx%d, not %v", sizes, w, h, want)
		}
	}
}

func FuzzJPEG(f *testing.F) {
	good := shot(f, 120)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := fromJPEG(b)
		if err != nil {
			if !errors.Is(err, ErrBadPicture) {
				t.Error(err)
			}
			return
		}
		if w, h := img.Rect.Dx(), img.Rect.Dy(); w*h > mostPixels || h > 0 && len(img.Pix) < (h-1)*img.Stride+w {
			t.Error(img.Rect, img.Stride, len(img.Pix))
		}
	})
}

// BenchmarkPicture decodes what the simulated camera sends at 720p.
func BenchmarkPicture(b *testing.B) {
	c := sim.New(sim.Options{Seed: 1})
	frame := c.JPEG(0)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fromJPEG(frame); err != nil {
			b.Fatal(err)
		}
	}
}
