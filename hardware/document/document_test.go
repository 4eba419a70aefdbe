package document_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/hardware/document"
	"example.org/checkpoint/hardware/serial"
	sim "example.org/checkpoint/simulators/document"
)

// Specimens of ICAO Doc 9303, parts 4 to 6.
var (
	passport = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	visa     = []string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"}
	card     = []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	all      = [][]string{passport, visa, card}
)

// bench is one reader and its driver.
type bench struct {
	*document.Reader
	device   *sim.Reader
	readings chan document.Reading
}

func plug(t testing.TB, set sim.Setup, o document.Options) *bench {
	link := filepath.Join(t.TempDir(), "reader")
	device, err := sim.New(link, set)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{document.New(serial.Line{Path: link}, o), device, make(chan document.Reading, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, func(r document.Reading) { b.readings <- r }) }() // ends with the test
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		device.Unplug()
		for _, e := range device.Errors() {
			t.Error(e)
		}
	})
	b.fault(t, "")
	return b
}

// next waits for a reading.
func (b *bench) next(t testing.TB) document.Reading {
	t.Helper()
	select {
	case r := <-b.readings:
		return r
	case <-time.After(10 * time.Second):
		t.Fatalf("nothing was read: %v", b.Fault())
		panic("")
	}
}

// whole waits for a zone.
func (b *bench) whole(t testing.TB, lines []string) document.Reading {
	t.Helper()
	r := b.next(t)
	if !slices.Equal(r.Lines, lines) || r.Half != "" {
		t.Fatalf("%q %q, want %q", r.Lines, r.Half, lines)
	}
	return r
}

// fault waits for one that says want, or for none if want is empty.
func (b *bench) fault(t testing.TB, want string) {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		err := b.Fault()
		if want == "" && err == nil || want != "" && err != nil && strings.Contains(err.Error(), want) {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%v, want %q", err, want)
		}
	}
}

var setups = map[string]sim.Setup{
	"CR":             {EndOfLine: "\r"},
	"CRLF":           {EndOfLine: "\r\n"},
	"STX ETX":        {Before: "\x02", EndOfLine: "\r", After: "\x03"},
	"one line":       {After: "\r"},
	"no end at all":  {},
	"blanks, no end": {Before: "  ", EndOfLine: " \n "},
}

// TestZones reads every size in every setup, whole and in parts.
func TestZones(t *testing.T) {
	t.Parallel()
	for name, set := range setups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := plug(t, set, document.Options{})
			for i, lines := range all {
				b.device.Split(0, 0)
				b.device.Swipe(lines...)
				if r := b.whole(t, lines); r.Again || r.Differs != nil {
					t.Errorf("%d: %+v", i, r.Differs)
				}
				b.device.Split(30, 5*time.Millisecond)
				b.device.Swipe(lines...)
				if r := b.whole(t, lines); !r.Again {
					t.Error("the same again is not told")
				}
			}
			b.fault(t, "")
		})
	}
}

// TestHalf: parts of zones are told, and nothing of what they hold.
func TestHalf(t *testing.T) {
	t.Parallel()
	for name, set := range setups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := plug(t, set, document.Options{})
			for _, c := range []struct {
				swipe func()
				want  string
			}{
				{func() { b.device.Tear(20); b.device.Swipe(passport...) }, "characters"},
				{func() { b.device.Misread(2, 5, ""); b.device.Swipe(passport...) }, "characters"},
				{func() { b.device.Misread(2, 5, "?"); b.device.Misread(1, 5, "?"); b.device.Swipe(passport...) }, "2 characters could not be read"},
				{func() { b.device.Misread(1, 3, "\xff"); b.device.Swipe(card...) }, "1 characters could not be read"},
				{func() { b.device.Swipe(passport[1]) }, "lines of 44"},
			} {
				c.swipe()
				r := b.next(t)
				if r.Lines != nil || !strings.Contains(r.Half, c.want) {
					t.Errorf("%q %q, want %q", r.Lines, r.Half, c.want)
				}
			}
			b.device.Swipe(visa...)
			b.whole(t, visa)
			b.fault(t, "")
		})
	}
}

// TestDiffers: one document read twice and otherwise is told by place; what was read stays.
func TestDiffers(t *testing.T) {
	t.Parallel()
	b := plug(t, setups["CR"], document.Options{})
	b.device.Swipe(passport...)
	b.whole(t, passport)
	b.device.Misread(2, 7, "O")
	b.device.Misread(1, 11, "5")
	b.device.Swipe(passport...)
	r := b.next(t)
	if r.Again || !slices.Equal(r.Differs, []document.Place{{Line: 1, Column: 11}, {Line: 2, Column: 7}}) {
		t.Errorf("%+v", r.Differs)
	}
	if len(r.Lines) != 2 || r.Lines[1][6] != 'O' {
		t.Error("something was put right")
	}
	other := []string{"P<UTOMUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<", passport[1]}
	b.device.Swipe(other...)
	if r := b.whole(t, other); r.Again || r.Differs != nil {
		t.Errorf("another document: %+v", r.Differs)
	}
	b.device.Swipe(append(slices.Clone(other), other...)...) // swiped to and fro
	b.whole(t, other)
	if r := b.whole(t, other); !r.Again {
		t.Error("not again")
	}
}

// TestNoise around a zone does not matter; nothing but noise is a fault until a zone comes.
func TestNoise(t *testing.T) {
	t.Parallel()
	b := plug(t, setups["CR"], document.Options{})
	b.device.Noise([]byte("\x00\xff\x80"))
	b.device.Swipe(passport...)
	b.whole(t, passport)
	for i := 0; b.Fault() == nil; i++ {
		if i == 20 {
			t.Fatal("nothing but noise is no fault")
		}
		b.device.Noise([]byte("\xfe\x80\xf0\x99k~\x8d\r"))
		time.Sleep(500 * time.Millisecond)
	}
	if !errors.Is(b.Fault(), document.ErrGarbled) {
		t.Error(b.Fault())
	}
	b.device.Swipe(card...)
	b.whole(t, card)
	b.fault(t, "")
	b.device.Noise([]byte(strings.Repeat("A", 4000)))
	b.fault(t, "speed, parity")
}

// TestCommands: it is started, again after it was away, and each whole zone acknowledged.
func TestCommands(t *testing.T) {
	t.Parallel()
	set := sim.Setup{EndOfLine: "\r", Start: "\x02C1\x03", Good: "\x06"}
	b := plug(t, set, document.Options{Start: []byte(set.Start), Good: []byte(set.Good)})
	for i := range 3 {
		for late := time.Now().Add(10 * time.Second); !b.device.State().Looks; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("it was not started")
			}
		}
		b.device.Swipe(all[i]...)
		b.whole(t, all[i])
		for late := time.Now().Add(10 * time.Second); b.device.State().Owed > 0; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("no acknowledgement")
			}
		}
		b.device.Unplug()
		b.fault(t, "unplugged")
		if err := b.device.Plug(); err != nil {
			t.Fatal(err)
		}
		b.fault(t, "")
	}
}

// TestUnplug in the middle of a zone: its rest is not taken for the start of the next, and
// the one before is forgotten.
func TestUnplug(t *testing.T) {
	t.Parallel()
	b := plug(t, setups["CR"], document.Options{})
	b.device.Swipe(passport...)
	b.whole(t, passport)
	b.device.Tear(50)
	b.device.Swipe(passport...)
	b.device.Unplug()
	b.fault(t, "unplugged")
	if err := b.device.Plug(); err != nil {
		t.Fatal(err)
	}
	b.fault(t, "")
	b.device.Swipe(passport...)
	if r := b.whole(t, passport); r.Again || r.Differs != nil {
		t.Error("a reading outlived its reader")
	}
}

// TestSilent: no way of printing a reading says whose it is.
func TestSilent(t *testing.T) {
	t.Parallel()
	r := document.Reading{Lines: passport}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "zone", r)
	if text := fmt.Sprintf("%v %+v %#v %d %q %s", r, r, r, r, r, log.String()); strings.Contains(text, "ERIKSSON") {
		t.Error(text)
	}
}

// BenchmarkZone is from the first byte at the line to the report of a passport.
func BenchmarkZone(b *testing.B) {
	d := plug(b, setups["CR"], document.Options{})
	for i := 0; b.Loop(); i++ {
		d.device.Swipe(all[i%3]...)
		d.whole(b, all[i%3])
	}
}
