//go:build opencv && cgo

package camera

import (
	"fmt"
	"image"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gocv.io/x/gocv"

	sim "example.org/checkpoint/simulators/camera"
)

// several reads pictures from a device of OpenCV's, and returns how many differ in size or shade.
func several(t *testing.T, c *Camera, n int) map[image.Point]int {
	t.Helper()
	seen := map[image.Point]int{}
	for range n {
		img := next(t, c)
		if len(img.Pix) != img.Rect.Dx()*img.Rect.Dy() || img.Stride != img.Rect.Dx() {
			t.Fatal(img.Rect, img.Stride, len(img.Pix))
		}
		seen[img.Rect.Max]++
	}
	if c.Fault() != nil {
		t.Error(c.Fault())
	}
	return seen
}

// TestOpenCVStream reads the simulated camera's MJPEG, also after it was away.
func TestOpenCVStream(t *testing.T) {
	scene := sim.New(sim.Options{Seed: 5, Width: 640, Height: 360})
	if err := scene.Hold(sim.Card{Text: "through OpenCV"}); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(scene)
	t.Cleanup(s.Close)
	c := start(t, "opencv:"+s.URL+"/stream.mjpg")
	if seen := several(t, c, 5); seen[image.Pt(640, 360)] != 5 {
		t.Error(seen)
	}
	s.CloseClientConnections()
	until(t, "lost", func() bool { return c.Fault() != nil })
	until(t, "back", func() bool { return c.Fault() == nil })
	several(t, c, 3)
}

// TestOpenCVFiles reads an AVI of MJPEG and numbered pictures, each again and again, and compares
// with our own decoder.
func TestOpenCVFiles(t *testing.T) {
	scene := sim.New(sim.Options{Seed: 6, Width: 320, Height: 240})
	dir := t.TempDir()
	film := filepath.Join(dir, "film.avi")
	video, err := gocv.VideoWriterFile(film, "MJPG", 30, 320, 240, true)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		b := scene.JPEG(n)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f_%03d.jpg", n)), b, 0o644); err != nil {
			t.Fatal(err)
		}
		frame, err := gocv.IMDecode(b, gocv.IMReadColor)
		if err != nil {
			t.Fatal(err)
		}
		if err := video.Write(frame); err != nil {
			t.Fatal(err)
		}
		frame.Close()
	}
	video.Close()
	want, err := fromJPEG(scene.JPEG(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{film, filepath.Join(dir, "f_%03d.jpg")} {
		c := start(t, "opencv:"+device)
		if seen := several(t, c, 9); seen[image.Pt(320, 240)] != 9 { // more than the film has
			t.Error(device, seen)
		}
		got := next(t, c)
		far := 0
		for i, v := range got.Pix {
			d := int(v) - int(want.Pix[i/320*want.Stride+i%320])
			far += max(d, -d)
		}
		if mean := far / len(got.Pix); mean > 8 { // frames differ by their noise
			t.Error(device, "differs by", mean, "grey levels")
		}
	}
}

// TestOpenCVMissing names what cannot be opened, without a password.
func TestOpenCVMissing(t *testing.T) {
	for _, device := range []string{"/nowhere/film.avi", "http://door:secret@127.0.0.1:1/"} {
		c := start(t, "opencv:"+device)
		until(t, "fault", func() bool { return strings.Contains(c.Fault().Error(), "cannot open") })
		if f := c.Fault().Error(); strings.Contains(f, "secret") || !strings.Contains(f, "opencv:") {
			t.Error(f)
		}
	}
}
