package serial_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/hardware/serial"
	"example.org/checkpoint/simulators/pty"
)

// taker answers each byte that comes through a channel.
type taker chan struct{}

func (t taker) Opened(*serial.Port) error { t <- struct{}{}; return nil }
func (t taker) Lost(error)                {}
func (t taker) Take([]byte) (time.Duration, error) {
	t <- struct{}{}
	return 0, nil
}

// BenchmarkByte is from a byte at the line to who listens, beside a bare read of the
// terminal.
func BenchmarkByte(b *testing.B) {
	open := func(b *testing.B) (device *pty.Port, link string) {
		link = filepath.Join(b.TempDir(), "tty")
		device, err := pty.Open()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { device.Close() })
		if err := device.Link(link); err != nil {
			b.Fatal(err)
		}
		return device, link
	}
	b.Run("follow", func(b *testing.B) {
		device, link := open(b)
		ctx, cancel := context.WithCancel(b.Context())
		t, done := make(taker), make(chan error)
		go func() { done <- serial.Follow(ctx, serial.Line{Path: link}, t) }() // ends with cancel
		<-t
		for b.Loop() {
			device.Write([]byte("x"))
			<-t
		}
		cancel()
		<-done
	})
	b.Run("bare", func(b *testing.B) {
		device, link := open(b)
		tty, err := os.OpenFile(link, os.O_RDWR, 0)
		if err != nil {
			b.Fatal(err)
		}
		defer tty.Close()
		for one := make([]byte, 1); b.Loop(); {
			device.Write([]byte("x"))
			tty.Read(one)
		}
	})
}
