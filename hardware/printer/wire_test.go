package printer

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/symbol"
	sim "example.org/checkpoint/simulators/printer"
	"example.org/checkpoint/simulators/pty"
)

func grey(v uint8) color.Gray { return color.Gray{Y: v} }

// text is as long as a health code on paper.
var text = "HC1:" + strings.Repeat("6BF+70790T9WJWG.FKY*4GO0", 14)

// slip is a picture with a code at its end.
func slip(t testing.TB) *image.Gray {
	code, err := symbol.Draw(text, symbol.Drawing{Level: symbol.LevelM, Module: 6})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, 576, 200+code.Rect.Dy()))
	for y := range 200 {
		for x := range 576 {
			img.Pix[y*img.Stride+x] = uint8((x*y)>>3&1) * 255
		}
	}
	at := image.Rect(0, 200, 576, img.Rect.Dy())
	draw.Draw(img, at, image.White, image.Point{}, draw.Src)
	draw.Draw(img, code.Rect.Add(image.Pt((576-code.Rect.Dx())/2, 200)), code, image.Point{}, draw.Src)
	return img
}

// serve runs a driver until the test ends.
func serve(t testing.TB, device string, o Options) *Printer {
	p := New(device, o)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }() // ends with stop
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestWires prints over the network, at the path of a USB printer and on a serial line, and
// reads the code on the paper with our reader and with zbar.
func TestWires(t *testing.T) {
	for name, plug := range map[string]func(*testing.T, *sim.Printer) *Printer{
		"network": func(t *testing.T, s *sim.Printer) *Printer {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go s.Listen(l) // ends with Close
			t.Cleanup(func() { l.Close() })
			return serve(t, "tcp://"+l.Addr().String(), Options{})
		},
		"usb": func(t *testing.T, s *sim.Printer) *Printer { return serve(t, line(t, s), Options{}) },
		"serial": func(t *testing.T, s *sim.Printer) *Printer {
			return serve(t, line(t, s), Options{Baud: 115200})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := sim.New(sim.Options{Overrun: name == "serial"})
			t.Cleanup(s.Close)
			p := plug(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := p.Print(ctx, slip(t)); err != nil {
				t.Fatal(err, p.Fault())
			}
			pieces := s.Pieces()
			if err := s.Err(); err != nil || len(pieces) != 2 {
				t.Fatal(len(pieces), err)
			}
			readable(t, pieces[1])
		})
	}
}

// line is a tty with a printer at its other end.
func line(t *testing.T, s *sim.Printer) string {
	port, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(port) // ends with Close
	t.Cleanup(func() { port.Close() })
	return port.Path
}

func readable(t *testing.T, p sim.Piece) {
	t.Helper()
	var r symbol.Reader
	found, err := r.Read(t.Context(), p.Image, symbol.Thorough())
	if err != nil || len(found) != 1 || found[0].Text != text {
		t.Errorf("our reader: %d symbols, %v", len(found), err)
	}
	file := filepath.Join(t.TempDir(), "slip.png")
	if err := os.WriteFile(file, p.PNG(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "-q", "--raw", file).Output()
	if err != nil || strings.TrimSpace(string(out)) != text {
		t.Errorf("zbarimg (of `make deps`): %v, %d bytes", err, len(out))
	}
}

// TestReplugged takes a printer at a tty away in mid-slip and gives it back.
func TestReplugged(t *testing.T) {
	s := sim.New(sim.Options{Speed: 2000})
	t.Cleanup(s.Close)
	link := filepath.Join(t.TempDir(), "lp0")
	plug := func() *pty.Port {
		port, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := port.Link(link); err != nil {
			t.Fatal(err)
		}
		go s.Serve(port) // ends with Close
		t.Cleanup(func() { port.Close() })
		return port
	}
	port := plug()
	p := serve(t, link, Options{})
	for p.Fault() != nil {
		time.Sleep(5 * time.Millisecond)
	}
	go func() { // ends with the second printer
		for n := len(s.Log()); len(s.Log()) < n+9000; {
			time.Sleep(time.Millisecond)
		}
		port.Close()
		plug()
	}()
	img := slip(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Print(ctx, img); err != nil {
		t.Fatal(err, p.Fault())
	}
	good := 0
	for _, piece := range s.Pieces() {
		if shows(piece.Image, img) {
			good++
		}
	}
	if err := s.Err(); err != nil || good != 1 {
		t.Error(good, err)
	}
}

// TestMissing says what to do about devices that are not there.
func TestMissing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "lp0")
	for device, o := range map[string]Options{missing: {}, missing + "s": {Baud: 9600}, "tcp://127.0.0.1:1": {}} {
		p := serve(t, device, o)
		for end := time.Now().Add(10 * time.Second); !strings.Contains(p.Fault().Error(), ErrLost.Error()); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(p.Fault())
			}
		}
		if f := p.Fault().Error(); !strings.Contains(f, device) || strings.Contains(f, "\n") {
			t.Error(f)
		}
	}
}

// FuzzEar hears anything, in any pieces; what is told apart has the right form.
func FuzzEar(f *testing.F) {
	f.Add([]byte{0x10, 0, 0, 0, 0x12, 0x37, 0x22, '0', '0', '0', '1', 0, 0x00})
	f.Add([]byte{0x18, 0, 0x13, 0x0c, 0x11, 0, 0x37, 0x22, '0', 0x12, 0x1e, 0x0f})
	f.Add([]byte{0x14, 0x00, 0x10, 0x0f, 0, 0x7f, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e ear
		for _, c := range b {
			k, part := e.take(c)
			if want := map[kind]int{report: 4, answer: 1, paperIs: 1, marked: 4}[k]; k != nothing && len(part) != want {
				t.Errorf("%d: % x", k, part)
			}
			if len(e.part) > 7 {
				t.Fatal(len(e.part))
			}
		}
	})
}

// BenchmarkSlip prints slips of 576x614 dots on a simulated printer on the network.
func BenchmarkSlip(b *testing.B) {
	s := sim.New(sim.Options{Buffer: 1 << 20})
	b.Cleanup(s.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go s.Listen(l) // ends with Close
	b.Cleanup(func() { l.Close() })
	p := serve(b, "tcp://"+l.Addr().String(), Options{})
	img := slip(b)
	for b.Loop() {
		if err := p.Print(b.Context(), img); err != nil {
			b.Fatal(err)
		}
	}
}
