package watchdog

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// kernel is /dev/watchdog as a FIFO, which remembers what is written as the real one
// does not; its timeout is set beside it.
type kernel struct {
	path  string
	read  int
	asked time.Duration
	gives time.Duration
}

func newKernel(t *testing.T) *kernel {
	k := &kernel{path: filepath.Join(t.TempDir(), "watchdog"), gives: 20 * time.Second}
	if err := syscall.Mkfifo(k.path, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if k.read, err = syscall.Open(k.path, syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(k.read) })
	return k
}

func (k *kernel) watchdog() *Watchdog {
	w := New(Options{Device: k.path, Timeout: 10 * time.Second})
	w.set = func(_ *os.File, d time.Duration) (time.Duration, error) { k.asked = d; return k.gives, nil }
	return w
}

// wrote is what was written since last asked.
func (k *kernel) wrote(t *testing.T) string {
	b := make([]byte, 4096)
	n, err := syscall.Read(k.read, b)
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		t.Fatal(err)
	}
	return string(b[:max(n, 0)])
}

// run runs w for a time that passes at once.
func run(t *testing.T, w *Watchdog, d time.Duration, alive func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := w.Run(ctx, alive, nil); err != nil {
		t.Fatal(err)
	}
}

func always() bool { return true }

// TestFed: at a quarter of the time that the hardware chose, and only while alive.
func TestFed(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	k := newKernel(t)
	synctest.Test(t, func(t *testing.T) {
		w := k.watchdog()
		if err := w.Fault(); !errors.Is(err, ErrLost) {
			t.Errorf("before Run: %v", err)
		}
		run(t, w, 21*time.Second-time.Millisecond, always)
		if got := k.wrote(t); got != "\n\n\n\n\n" || k.asked != 10*time.Second || w.Fault() != nil {
			t.Errorf("wrote %q, asked for %v, %v", got, k.asked, w.Fault())
		}
		run(t, w, time.Minute, func() bool { return false })
		if got := k.wrote(t); got != "" {
			t.Errorf("hung, and wrote %q", got)
		}
		run(t, w, time.Second/2, always)
		if got := k.wrote(t); got != "\n" {
			t.Errorf("alive again, and wrote %q", got)
		}
	})
}

// TestDisarm: the magic letter is written in Disarm and nowhere else.
func TestDisarm(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	k := newKernel(t)
	synctest.Test(t, func(t *testing.T) {
		w := k.watchdog()
		run(t, w, 30*time.Second, always)
		if got := k.wrote(t); strings.Contains(got, "V") || got == "" {
			t.Errorf("Run wrote %q", got)
		}
		for range 2 { // the second does nothing
			if err := w.Disarm(); err != nil {
				t.Error(err)
			}
		}
		if got := k.wrote(t); got != "V" {
			t.Errorf("Disarm wrote %q", got)
		}
	})
}

// TestNotArmedDead: a program whose loops never turned arms nothing.
func TestNotArmedDead(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	k := newKernel(t)
	synctest.Test(t, func(t *testing.T) {
		w := k.watchdog()
		run(t, w, time.Minute, func() bool { return false })
		if err := w.Disarm(); err != nil || k.wrote(t) != "" || k.asked != 0 {
			t.Errorf("armed: %v", err)
		}
	})
}

// TestBack: a watchdog that is missing is a fault that says what to do, and is fed
// within two seconds of being there.
func TestBack(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	k := newKernel(t)
	away := k.path + ".away"
	synctest.Test(t, func(t *testing.T) {
		if err := os.Rename(k.path, away); err != nil {
			t.Fatal(err)
		}
		w := k.watchdog()
		run(t, w, 5*time.Second, always)
		if err := w.Fault(); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "load its kernel module") || strings.Contains(err.Error(), "\n") {
			t.Errorf("missing: %v", err)
		}
		if err := os.Rename(away, k.path); err != nil {
			t.Fatal(err)
		}
		run(t, w, 2*time.Second, always)
		if err := w.Fault(); err != nil || k.wrote(t) == "" {
			t.Errorf("back: %v", err)
		}
		w.file.Close() // as a device does that fails under the driver
		run(t, w, 10*time.Second, always)
		if err := w.Fault(); err != nil || k.wrote(t) == "" {
			t.Errorf("after a failed write: %v", err)
		}
	})
}

// TestNoWatchdog names a file that is none.
func TestNoWatchdog(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{Device: os.DevNull})
		run(t, w, time.Second, always)
		if err := w.Fault(); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "correct the path") {
			t.Error(err)
		}
		none := New(Options{})
		run(t, none, time.Second, always)
		if err := errors.Join(none.Fault(), none.Disarm()); err != nil {
			t.Errorf("without a device: %v", err)
		}
	})
}

// TestSystemd: systemd is a socket here.
func TestSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	b := make([]byte, 64)
	expect := func(want string) {
		t.Helper()
		n, err := socket.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("%q, %v, want %q", b[:n], err, want)
		}
	}
	w := New(Options{})
	w.Ready()
	expect("READY=1")
	const hung = 5
	var asked atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { // ends with cancel
		done <- w.Run(ctx, func() bool { return asked.Add(1) > hung }, func() string { return "1 lane" })
	}()
	expect("STATUS=1 lane")
	for range 3 {
		expect("WATCHDOG=1")
		if n := asked.Load(); n <= hung {
			t.Fatalf("fed when asked %d times", n)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
