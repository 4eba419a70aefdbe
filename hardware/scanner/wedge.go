package scanner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// eviocgrab is the call that has a device speak to nobody else (linux/input.h:
// _IOW('E', 0x90, int)).
const eviocgrab = 0x40044590

// Waits between attempts to open a wedge: while it is not held it can type.
const (
	wedgeWait = 50 * time.Millisecond
	wedgeLook = 250 * time.Millisecond
)

// wedge is a scanner that pretends to be a keyboard.
type wedge struct {
	*Scanner
	grab func(*os.File) error
	keys *keyboard
	torn bool // records were lost: nothing is believed before the next whole report
}

// NewWedge is the scanner that types at an input device, as
// "/dev/input/by-id/…-event-kbd". Only while this program alone hears it is it listened
// to. For the moment between plugging it in and that, tell the system to leave it alone:
// a udev rule with ENV{LIBINPUT_IGNORE_DEVICE}="1".
func NewWedge(path string, o Options) *Scanner { return newWedge(path, o, grab) }

func newWedge(path string, o Options, grab func(*os.File) error) *Scanner {
	s := newScanner(path, o)
	w := &wedge{Scanner: s, grab: grab}
	s.run = w.follow
	return s
}

func (w *wedge) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		err := w.listen(ctx)
		if ctx.Err() != nil {
			return nil
		}
		w.setFault(err)
		select {
		case <-ctx.Done():
		case <-time.After(wedgeWait):
		}
	}
	return nil
}

// listen hears one device until it goes away.
func (w *wedge) listen(ctx context.Context) error {
	f, err := w.open()
	if err != nil {
		return err
	}
	defer f.Close()
	w.framer, w.strange, w.keys, w.torn = framer{frame: w.options.Frame}, 0, newKeyboard(w.options.Layout), false
	w.setFault(nil)
	var rest []byte
	var patience time.Duration
	for chunk := make([]byte, 64*recordSize); ctx.Err() == nil; {
		look := patience
		if look == 0 {
			look = wedgeLook
		}
		if err := f.SetReadDeadline(time.Now().Add(look)); err != nil {
			return err
		}
		n, err := f.Read(chunk)
		switch {
		case err == nil:
			var events []event
			events, rest = records(append(rest, chunk[:n]...))
			patience, err = w.hears(events)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("unplugged: plug it in again: %w", err)
		case patience > 0:
			patience, err = w.take(nil)
		default:
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hears takes what keys did, and says how long to wait for more.
func (w *wedge) hears(events []event) (patience time.Duration, err error) {
	for _, e := range events {
		switch {
		case e.kind == evSyn && e.code == synDropped:
			w.torn, w.keys = true, newKeyboard(w.options.Layout)
			w.framer.spoil("keys were lost on the way")
		case e.kind == evSyn && e.code == synReport:
			w.torn = false
		case e.kind == evKey && !w.torn:
			typed, known := w.keys.press(e.code, e.value)
			if !known {
				w.framer.spoil("keys come that its layout does not have")
			} else if len(typed) > 0 {
				if _, err := w.take(typed); err != nil {
					return 0, err
				}
			}
		}
	}
	return w.framer.patience(), nil
}

// open takes hold of the device, and lets go of what cannot be held alone.
func (w *wedge) open() (*os.File, error) {
	f, err := os.OpenFile(w.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("nothing there: plug it in or correct the path")
	case errors.Is(err, fs.ErrPermission):
		return nil, errors.New("it may not be opened: add this user to the group input")
	case err != nil:
		return nil, fmt.Errorf("plug it out and in again: %w", err)
	}
	if err := w.grab(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w, so it is not used: end the program that holds it, or correct the path: %w", ErrNotGrabbed, err)
	}
	return f, nil
}

func grab(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) { _, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, eviocgrab, 1) })
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}
