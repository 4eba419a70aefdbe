package pty_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"example.org/checkpoint/simulators/pty"
)

// TestClean sends every byte both ways through a link.
func TestClean(t *testing.T) {
	p, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	name := filepath.Join(t.TempDir(), "gate")
	if err := p.Link(name); err != nil {
		t.Fatal(err)
	}
	driver, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, way := range []struct {
		name     string
		from, to io.ReadWriter
	}{{"to the driver", p, driver}, {"to the device", driver, p}} {
		if _, err := way.from.Write(all); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(all))
		if _, err := io.ReadFull(way.to, got); err != nil || !bytes.Equal(got, all) {
			t.Errorf("%s: %x, %v", way.name, got, err)
		}
	}
}

// TestUnplug closes the device while it waits and plugs in another one.
func TestUnplug(t *testing.T) {
	name := filepath.Join(t.TempDir(), "gate")
	for range 2 {
		p, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Link(name); err != nil {
			t.Fatal(err)
		}
		driver, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error)
		go func() { // ends with Close
			_, err := p.Read(make([]byte, 1))
			waiting <- err
		}()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := <-waiting; !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read = %v, want %v", err, os.ErrClosed)
		}
		if _, err := driver.Write([]byte("x")); err == nil {
			t.Error("a driver writes to a device that is gone")
		}
		if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the link leads to whoever opens the next terminal: %v", err)
		}
		driver.Close()
	}
}
