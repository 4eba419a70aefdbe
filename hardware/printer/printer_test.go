package printer

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sim "example.org/checkpoint/simulators/printer"
)

var update = flag.Bool("update", false, "record the bytes of testdata anew")

// bench is a printer, its driver, and the cable between them.
type bench struct {
	*testing.T
	sim     *sim.Printer
	printer *Printer
	away    bool // the cable is out
	served  sync.WaitGroup
}

// plug connects a driver to a simulated printer, both in the time of the test's bubble.
func plug(t *testing.T, so sim.Options, o Options) *bench {
	if so.Dots == 0 {
		so.Dots = 64
	}
	o.Dots = so.Dots
	b := &bench{T: t, sim: sim.New(so)}
	o.dial = func(context.Context) (io.ReadWriteCloser, error) {
		if b.away {
			return nil, os.ErrNotExist
		}
		here, there := net.Pipe()
		b.served.Go(func() { b.sim.Serve(there) }) // ends with here
		return here, nil
	}
	b.printer = New("test", o)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.printer.Run(ctx) }() // ends with stop
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.sim.Close()
		b.served.Wait()
	})
	return b
}

// ready waits for the driver to have greeted the printer, and forgets what that printed.
func (b *bench) ready() *bench {
	b.Helper()
	b.until("ready", func() bool { return b.printer.Fault() == nil && b.cutOff() })
	return b
}

// cutOff reports that the printer holds nothing.
func (b *bench) cutOff() bool {
	p := b.sim.Pieces()
	return len(p) > 0 && p[len(p)-1].End != ""
}

func (b *bench) until(what string, ok func() bool) {
	b.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal("still not:", what, "; fault:", b.printer.Fault())
}

// print prints, and gives up after some minutes.
func (b *bench) print(img *image.Gray) error {
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	return b.printer.Print(ctx, img)
}

// good is how many pieces show the whole picture and nothing else.
func (b *bench) good(img *image.Gray) (n int) {
	for _, p := range b.sim.Pieces() {
		if shows(p.Image, img) {
			n++
		}
	}
	return n
}

// shows reports whether paper has the picture, the bar and nothing else.
func shows(paper, img *image.Gray) bool {
	end := img.Rect.Dy()
	if paper.Rect.Dy() < end+4 {
		return false
	}
	for y := range paper.Rect.Dy() {
		for x := range paper.Rect.Dx() {
			want := uint8(255)
			switch {
			case image.Pt(x, y).In(img.Rect):
				want = img.GrayAt(x, y).Y
			case y >= end && y < end+4:
				want = 0
			}
			if paper.GrayAt(x, y).Y != want {
				return false
			}
		}
	}
	return true
}

// check sees that the printer understood everything.
func (b *bench) check() {
	b.Helper()
	if err := b.sim.Err(); err != nil {
		b.Error("the printer:", err)
	}
}

// grain is a picture without any two rows alike.
func grain(w, h int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		if r.IntN(2) == 0 {
			img.Pix[i] = 255
		}
	}
	return img
}

// TestRecorded prints one slip from power-up on, and compares every byte with what was
// recorded.
func TestRecorded(t *testing.T) {
	for name, o := range map[string]Options{"marks": {mark: 1}, "status": {mark: 1, ByStatus: true}} {
		synctest.Test(t, func(t *testing.T) {
			b := plug(t, sim.Options{NoMarks: o.ByStatus}, o).ready()
			img := grain(61, 50)
			if err := b.print(img); err != nil {
				t.Fatal(err)
			}
			if n := b.good(img); n != 1 || len(b.sim.Pieces()) != 2 {
				t.Error(n, "good slips among", len(b.sim.Pieces()))
			}
			b.check()
			var got strings.Builder
			for line := range bytes.SplitAfterSeq(b.sim.Log(), reports) {
				for ; len(line) > 32; line = line[32:] {
					fmt.Fprintf(&got, "%x\n", line[:32])
				}
				fmt.Fprintf(&got, "%x\n\n", line)
			}
			file := "testdata/" + name + ".hex"
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || got.String() != string(want) {
				t.Errorf("%s: %v: other bytes than recorded:\n%s", file, err, &got)
			}
		})
	}
}

// TestInterrupted breaks the printing of a slip in every way at every row, and mends it: one
// good slip comes out, never two.
func TestInterrupted(t *testing.T) {
	img := grain(64, 3*bandRows+7)
	for fault, name := range map[sim.Fault]string{sim.PaperOut: "paper out", sim.CoverOpen: "cover open",
		sim.HeadHot: "head hot", sim.Unplug: "unplugged", sim.PowerOff: "switched off", sim.Hang: "hangs"} {
		t.Run(name, func(t *testing.T) {
			whole := 0
			for row := 1; row <= img.Rect.Dy()+20; row++ {
				synctest.Test(t, func(t *testing.T) {
					b := plug(t, sim.Options{Speed: 400, Overrun: true}, Options{Baud: 1}).ready()
					b.sim.After(row, fault)
					time.AfterFunc(20*time.Second, b.sim.Mend)
					err := b.print(img)
					unsure := errors.Is(err, ErrUnsure) && fault == sim.PaperOut && row > img.Rect.Dy() && row <= img.Rect.Dy()+4
					if err != nil && !errors.Is(err, ErrNotCut) && !unsure {
						t.Fatal(row, err)
					}
					b.until("cut off", func() bool { return b.cutOff() && b.printer.Fault() == nil })
					if n := b.good(img); n != 1 && !(unsure && n == 0) {
						t.Errorf("after row %d: %d good slips among %d", row, n, len(b.sim.Pieces()))
					}
					if len(b.sim.Pieces()) == 2 {
						whole++
					}
					b.check()
				})
			}
			if fault == sim.HeadHot && whole == 0 || fault != sim.HeadHot && whole > 40 {
				t.Error("not interrupted:", whole)
			}
		})
	}
}

// TestCableAtAnyByte cuts the connection after any byte, with the printer on or off.
func TestCableAtAnyByte(t *testing.T) {
	img := grain(64, 3*bandRows-5)
	for _, fault := range []sim.Fault{sim.Unplug, sim.PowerOff} {
		for at := 1; at < 700; at += 2 {
			synctest.Test(t, func(t *testing.T) {
				b := plug(t, sim.Options{}, Options{}).ready()
				b.sim.AfterBytes(at, fault)
				if err := b.print(img); err != nil && !errors.Is(err, ErrNotCut) {
					t.Fatal(at, err)
				}
				time.Sleep(15 * time.Second)
				if n := b.good(img); n != 1 {
					t.Errorf("fault %d after byte %d: %d good slips", fault, at, n)
				}
				b.check()
			})
		}
	}
}

// TestPaperTwice lets the paper run out again and again: the slip is given up.
func TestPaperTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{Speed: 400}, Options{}).ready()
		img := grain(64, 100)
		go func() {
			for _, row := range []int{70, 180, 180} { // a void mark and a cut between
				b.sim.After(row, sim.PaperOut)
				time.Sleep(5 * time.Second)
				b.sim.Mend()
			}
		}()
		if err := b.print(img); !errors.Is(err, ErrSpoilt) {
			t.Error(err)
		}
		time.Sleep(30 * time.Second)
		if n := b.good(img); n != 0 || b.printer.Fault() != nil {
			t.Error(n, b.printer.Fault())
		}
		if err := b.print(img); err != nil || b.good(img) != 1 {
			t.Error(err, b.good(img))
		}
		b.check()
	})
}

// TestCutter lets the knife stick: the slip counts, and the next one waits.
func TestCutter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{}, Options{}).ready()
		b.sim.JamCutter()
		first, second := grain(64, 60), grain(50, 70)
		if err := b.print(first); !errors.Is(err, ErrNotCut) {
			t.Error(err)
		}
		if !errors.Is(b.printer.Fault(), ErrCutter) {
			t.Error(b.printer.Fault())
		}
		time.AfterFunc(30*time.Second, b.sim.Mend)
		if err := b.print(second); err != nil {
			t.Error(err)
		}
		if b.good(first) != 1 || b.good(second) != 1 || b.printer.Fault() != nil {
			t.Error(b.good(first), b.good(second), b.printer.Fault())
		}
		b.check()
	})
}

// TestGivenUp ends the context of a slip before and while it is printed.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{Speed: 100}, Options{}).ready()
		img := grain(64, 300)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.printer.Print(ctx, img); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		small := grain(64, 30)
		if err := b.print(small); err != nil || b.good(img) != 0 || b.good(small) != 1 {
			t.Error(err, b.good(img), b.good(small))
		}
		b.sim.After(0, sim.CoverOpen)
		b.until("noticed", func() bool { return b.printer.Fault() != nil })
		before := len(b.sim.Pieces())
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.printer.Print(ctx, img); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		b.sim.Mend()
		time.Sleep(10 * time.Second)
		if len(b.sim.Pieces()) != before {
			t.Error("printed nevertheless")
		}
		b.check()
	})
}

// TestFaults tells what is wrong, and that it is over.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		fault sim.Fault
		want  error
	}{{sim.PaperOut, ErrPaper}, {sim.CoverOpen, ErrCover}, {sim.HeadHot, ErrHot}, {sim.Hang, ErrSilent}} {
		for _, so := range []sim.Options{{}, {Late: time.Second}, {Dribble: true}} {
			synctest.Test(t, func(t *testing.T) {
				b := plug(t, so, Options{}).ready()
				b.sim.After(0, tt.fault)
				b.until(tt.want.Error(), func() bool { return errors.Is(b.printer.Fault(), tt.want) })
				b.sim.Mend()
				b.until("mended", func() bool { return b.printer.Fault() == nil })
				if err := b.print(grain(64, 40)); err != nil {
					t.Error(err)
				}
				b.check()
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{}, Options{}).ready()
		b.sim.Low(true)
		b.until("low", b.printer.Low)
		if b.printer.Fault() != nil {
			t.Error(b.printer.Fault())
		}
		b.sim.Low(false)
		b.until("enough", func() bool { return !b.printer.Low() })
	})
}

// TestFaultAtStart meets a printer that cannot print yet.
func TestFaultAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{}, Options{})
		b.sim.After(0, sim.PaperOut)
		b.until("paper out", func() bool { return errors.Is(b.printer.Fault(), ErrPaper) })
		time.AfterFunc(time.Minute, b.sim.Mend)
		img := grain(64, 40)
		if err := b.print(img); err != nil || b.good(img) != 1 {
			t.Error(err, b.good(img))
		}
		b.check()
	})
}

// TestUnlikePrinters meets printers that lack something.
func TestUnlikePrinters(t *testing.T) {
	for _, tt := range []struct {
		so   sim.Options
		want error
	}{{sim.Options{Quiet: true}, ErrSilent}, {sim.Options{NoReport: true}, errNoReports}, {sim.Options{NoMarks: true}, errUnconfirmed}} {
		synctest.Test(t, func(t *testing.T) {
			b := plug(t, tt.so, Options{})
			b.until(tt.want.Error(), func() bool { return errors.Is(b.printer.Fault(), tt.want) })
		})
	}
}

// TestAway looks for a printer that comes late, and says what is missing.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{}, Options{}).ready()
		b.away = true
		b.sim.After(0, sim.Unplug)
		b.until("lost", func() bool { return errors.Is(b.printer.Fault(), ErrLost) })
		time.Sleep(time.Minute)
		b.away = false
		plugged := time.Now()
		b.until("back", func() bool { return b.printer.Fault() == nil })
		if d := time.Since(plugged); d > 2*time.Second {
			t.Error("back after", d) // of the bubble's clock
		}
		if err := b.print(grain(64, 40)); err != nil {
			t.Error(err)
		}
		b.check()
	})
}

func TestSize(t *testing.T) {
	p := New("test", Options{Dots: 64})
	for _, size := range []image.Point{{65, 1}, {0, 4}, {4, 0}, {4, mostRows + 1}} {
		if err := p.Print(t.Context(), image.NewGray(image.Rectangle{Max: size})); !errors.Is(err, ErrSize) {
			t.Error(size, err)
		}
	}
}

// TestSpelled prints a picture that spells commands in real time.
func TestSpelled(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 64, 3))
	for y, row := range []string{"1004011004021010", "1005021014010305", "0410040510140000"} {
		dots, err := hex.DecodeString(row)
		if err != nil {
			t.Fatal(err)
		}
		for x := range 64 {
			if dots[x/8]&(0x80>>(x%8)) == 0 {
				img.SetGray(x, y, grey(255))
			}
		}
	}
	for _, b := range raster(img) {
		for _, command := range []string{"\x10\x04", "\x10\x05", "\x10\x14"} {
			if strings.Contains(string(b), command) {
				t.Errorf("% x", b)
			}
		}
		if n := len(b) - 8; n != 24 {
			t.Error(n)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := plug(t, sim.Options{}, Options{}).ready()
		if err := b.print(img); err != nil {
			t.Error(err)
		}
		b.check()
	})
}
