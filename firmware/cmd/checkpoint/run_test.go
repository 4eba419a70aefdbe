package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
)

// TestWatchdogIsFedWhileAlive: only while the lanes turn. systemd is a socket here.
func TestWatchdogIsFedWhileAlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "3000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	const hung = 5
	var asked atomic.Int32
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // ends with stop
		keepAlive(ctx, func() bool { return asked.Add(1) > hung }, slog.New(slog.DiscardHandler))
		close(done)
	}()
	b := make([]byte, 64)
	for range 2 {
		n, err := socket.Read(b)
		if err != nil || string(b[:n]) != "WATCHDOG=1" {
			t.Fatalf("%q, %v", b[:n], err)
		}
		if n := asked.Load(); n <= hung {
			t.Fatalf("fed when asked %d times", n)
		}
	}
	stop()
	<-done

	t.Setenv("WATCHDOG_USEC", "") // no watchdog: it returns
	keepAlive(t.Context(), func() bool { t.Error("asked"); return true }, slog.New(slog.DiscardHandler))
}
