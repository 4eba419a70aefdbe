package scanner_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/hardware/scanner"
	sim "example.org/checkpoint/simulators/scanner"
)

// types has a wedge and its driver on one FIFO.
func types(t testing.TB, o scanner.Options) (*sim.Wedge, *bench) {
	path := filepath.Join(t.TempDir(), "event-kbd")
	device, err := sim.NewWedge(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Unplug() })
	b := run(t, scanner.NewUngrabbed(path, o))
	b.fault(t, "")
	return device, b
}

// TestWedge types every byte that needs no number and some that do, whole and in parts.
func TestWedge(t *testing.T) {
	t.Parallel()
	device, b := types(t, scanner.Options{AIM: true})
	var text []byte
	for c := range 256 {
		if c != '\r' {
			text = append(text, byte(c))
		}
	}
	device.TypeUS([]byte("]Q1" + string(text) + "\r"))
	b.expect(t, "Q1", string(text))
	device.Split(7, time.Millisecond)
	device.TypeUS([]byte("]d201095\x1d17\r"))
	b.expect(t, "d2", "01095\x1d17")
	b.fault(t, "")
}

// TestGerman types what a German keyboard has, AltGr too.
func TestGerman(t *testing.T) {
	t.Parallel()
	device, b := types(t, scanner.Options{Layout: scanner.German})
	for _, s := range [][]sim.Event{
		sim.Stroke(21), sim.Stroke(44), sim.Stroke(21, sim.Shift), // z y Z
		sim.Stroke(16, sim.AltGr), sim.Stroke(9, sim.AltGr), sim.Stroke(12, sim.AltGr), sim.Stroke(86, sim.AltGr), // @ [ \ |
		sim.Stroke(27, sim.AltGr), sim.Stroke(26), sim.Stroke(40, sim.Shift), sim.Stroke(8, sim.Shift), sim.Stroke(27, sim.Ctrl), // ~ ü Ä / GS
		sim.Stroke(sim.Enter),
	} {
		device.Send(s...)
	}
	b.expect(t, "", "zyZ@[\\|~üÄ/\x1d")
}

// TestKeys: what is held on does not repeat, and Caps Lock is minded.
func TestKeys(t *testing.T) {
	t.Parallel()
	device, b := types(t, scanner.Options{})
	device.Send(sim.Down(30), sim.Event{Type: 1, Code: 30, Value: 2}, sim.Up(30)) // a, held
	device.Send(sim.Stroke(58)...)                                                // Caps Lock
	device.Send(sim.Stroke(30)...)
	device.Send(sim.Stroke(30, sim.Shift)...)
	device.Send(sim.Stroke(2)...)
	device.Send(sim.Stroke(58)...)
	device.Send(sim.Stroke(sim.Enter)...)
	b.expect(t, "", "aAa1")
}

// TestUnknownKeys: a key that the layout lacks, or keys that were lost, spoil the code;
// twice is the fault.
func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]struct {
		what []sim.Event
		want string
	}{
		"F1":              {sim.Stroke(59), "keys come"},
		"number too high": {[]sim.Event{sim.Down(sim.Alt), sim.Down(73), sim.Up(73), sim.Down(73), sim.Up(73), sim.Down(73), sim.Up(73), sim.Up(sim.Alt)}, "keys come"},
		"letter with Alt": {sim.Stroke(30, sim.Alt), "keys come"},
		"dropped":         {[]sim.Event{{Type: 0, Code: 3}, sim.Down(31), {}}, "lost on the way"},
	} {
		t.Run(name, func(t *testing.T) {
			device, b := types(t, scanner.Options{})
			for range 2 {
				device.TypeUS([]byte("abc"))
				device.Send(spoil.what...)
				device.TypeUS([]byte("def\r"))
			}
			b.fault(t, spoil.want)
			if !errors.Is(b.Fault(), scanner.ErrChanged) {
				t.Error(b.Fault())
			}
			b.nothing(t)
			device.TypeUS([]byte("code\r"))
			b.expect(t, "", "code")
			b.fault(t, "")
		})
	}
}

// TestWedgeUnplug unplugs in the middle of a record and of a code.
func TestWedgeUnplug(t *testing.T) {
	t.Parallel()
	device, b := types(t, scanner.Options{})
	for i := range 3 {
		device.TypeUS([]byte("torn off"))
		device.Raw(sim.Records(sim.Down(sim.Shift))[:7])
		device.Unplug()
		b.fault(t, "plug it in")
		if err := device.Plug(); err != nil {
			t.Fatal(err)
		}
		b.fault(t, "")
		device.TypeUS(fmt.Appendf(nil, "code %d\r", i))
		b.expect(t, "", fmt.Sprintf("code %d", i))
	}
}

// TestNotGrabbed: a device that others hear too is not used, and says so.
func TestNotGrabbed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "event-kbd")
	device, err := sim.NewWedge(path)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Unplug()
	b := run(t, scanner.NewWedge(path, scanner.Options{}))
	b.fault(t, "could not be grabbed")
	if !errors.Is(b.Fault(), scanner.ErrNotGrabbed) {
		t.Error(b.Fault())
	}
	device.TypeUS([]byte("code\r"))
	time.Sleep(200 * time.Millisecond)
	b.nothing(t)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	typed := make([]byte, 24)
	if n, err := f.Read(typed); n == 0 || err != nil {
		t.Errorf("it was read though not grabbed: %v", err)
	}
}

// BenchmarkWedge is from the first record to the report of a code of 100 characters.
func BenchmarkWedge(b *testing.B) {
	device, d := types(b, scanner.Options{})
	for i := 0; b.Loop(); i++ {
		text := fmt.Sprintf("%0100d", i)
		device.TypeUS([]byte(text + "\r"))
		d.expect(b, "", text)
	}
}

// TestMissing says what to do where there is nothing.
func TestMissing(t *testing.T) {
	t.Parallel()
	b := run(t, scanner.NewWedge(filepath.Join(t.TempDir(), "none"), scanner.Options{}))
	b.fault(t, "plug it in")
	if strings.Count(b.Fault().Error(), "\n") != 0 {
		t.Error("more than a line")
	}
}
