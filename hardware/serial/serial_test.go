package serial_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/hardware/serial"
	"example.org/checkpoint/simulators/pty"
)

// plug puts a new device at the link.
func plug(t *testing.T, link string) *pty.Port {
	t.Helper()
	p, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := p.Link(link); err != nil {
		t.Fatal(err)
	}
	return p
}

func all() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// TestClean sends every byte both ways, in each mode of eight bits.
func TestClean(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tty")
	for _, l := range []serial.Line{{}, {Baud: 115200, Parity: serial.Even}, {Baud: 9600, Parity: serial.Odd}} {
		device := plug(t, link)
		l.Path = link
		p, err := serial.Open(l)
		if err != nil {
			t.Fatal(err)
		}
		device.Write(all())
		var got []byte
		for b := make([]byte, 100); len(got) < 256; {
			n, err := p.Read(b, 20*time.Second)
			if n == 0 || err != nil {
				t.Fatal(n, err)
			}
			got = append(got, b[:n]...)
		}
		if !bytes.Equal(got, all()) {
			t.Errorf("%+v: %x", l, got)
		}
		if _, err := p.Write(all()); err != nil {
			t.Error(err)
		}
		back := make([]byte, 256)
		for n := 0; n < len(back); {
			m, err := device.Read(back[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
		if !bytes.Equal(back, all()) {
			t.Errorf("%+v: %x", l, back)
		}
		if n, err := p.Read(back, time.Millisecond); n != 0 || err != nil {
			t.Errorf("nothing came and Read = %d, %v", n, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRefused names what is wrong with a port and what to do.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	link, file := filepath.Join(dir, "tty"), filepath.Join(dir, "file")
	plug(t, link)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := serial.Open(serial.Line{Path: link})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for path, want := range map[string]string{link: "another program: stop it", filepath.Join(dir, "none"): "plug the device in", file: "correct the path"} {
		p, err := serial.Open(serial.Line{Path: path})
		if err == nil {
			p.Close()
		}
		if !errors.Is(err, serial.ErrLost) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestStale: what came before the port was opened is not read.
func TestStale(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tty")
	device := plug(t, link)
	device.Write([]byte("old"))
	p, err := serial.Open(serial.Line{Path: link})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	device.Write([]byte("new"))
	b := make([]byte, 10)
	if n, err := p.Read(b, 20*time.Second); err != nil || string(b[:n]) != "new" {
		t.Errorf("%q, %v", b[:n], err)
	}
}

// TestImpatient: what has come is there also for who comes to read it too late to wait.
func TestImpatient(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tty")
	device := plug(t, link)
	p, err := serial.Open(serial.Line{Path: link})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	device.Write([]byte("xy"))
	var got []int
	for i, patience := range []time.Duration{20 * time.Second, -time.Second, 0} {
		n, err := p.Read(make([]byte, 1), patience)
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
		got = append(got, n)
	}
	if !slices.Equal(got, []int{1, 1, 0}) {
		t.Errorf("read %v", got)
	}
	device.Close()
	if _, err := p.Read(make([]byte, 1), -time.Second); !errors.Is(err, serial.ErrLost) {
		t.Errorf("unplugged: %v", err)
	}
}

// TestStalled writes to a device that takes nothing.
func TestStalled(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tty")
	plug(t, link)
	p, err := serial.Open(serial.Line{Path: link})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := 0; ; i++ {
		if _, err := p.Write(make([]byte, 4096)); err != nil {
			if !errors.Is(err, serial.ErrLost) || !strings.Contains(err.Error(), "off and on") {
				t.Error(err)
			}
			return
		}
		if i == 100 {
			t.Fatal("a device that reads nothing took 400 KB")
		}
	}
}

// listener keeps what it is told.
type listener struct{ news chan string }

func (l listener) Opened(*serial.Port) error { l.news <- "opened"; return nil }
func (l listener) Lost(err error)            { l.news <- "lost: " + err.Error() }
func (l listener) Take(data []byte) (time.Duration, error) {
	l.news <- "data: " + string(data)
	if len(data) == 0 {
		return 0, nil
	}
	return 5 * time.Millisecond, nil
}

func (l listener) expect(t *testing.T, want string) {
	t.Helper()
	for late := time.After(10 * time.Second); ; {
		select {
		case got := <-l.news:
			if strings.HasPrefix(got, want) {
				return
			}
			if !strings.HasPrefix(got, "lost") {
				t.Fatalf("%q, want %q", got, want)
			}
		case <-late:
			t.Fatalf("no %q", want)
		}
	}
}

// TestFollow unplugs a device, which comes back at another terminal, three times; then
// another one takes its name before the first is gone.
func TestFollow(t *testing.T) {
	link := filepath.Join(t.TempDir(), "tty")
	ctx, cancel := context.WithCancel(t.Context())
	l, done := listener{make(chan string, 1000)}, make(chan error)
	go func() { done <- serial.Follow(ctx, serial.Line{Path: link}, l) }() // ends with cancel
	l.expect(t, "lost: serial port lost: nothing at")
	for range 3 {
		device := plug(t, link)
		l.expect(t, "opened")
		device.Write([]byte("abc"))
		l.expect(t, "data: abc")
		l.expect(t, "data: ") // it is quiet
		device.Close()
		l.expect(t, "lost: ")
	}
	plug(t, link)
	l.expect(t, "opened")
	plug(t, link)
	l.expect(t, "opened")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
