package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"example.org/checkpoint/hardware/serial"
)

const dialWait = 2 * time.Second

// open opens the device.
func (p *Printer) open(ctx context.Context) (io.ReadWriteCloser, error) {
	if address, ok := strings.CutPrefix(p.device, "tcp://"); ok {
		conn, err := (&net.Dialer{Timeout: dialWait}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("%w: is it on, its address right, and no other program connected?", err)
		}
		return conn, nil
	}
	if p.o.Baud > 0 {
		port, err := serial.Open(serial.Line{Path: p.device, Baud: p.o.Baud})
		if err != nil {
			return nil, err
		}
		return tty{port}, nil
	}
	file, err := os.OpenFile(p.device, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		return nil, fmt.Errorf("no printer at %s: plug it in and switch it on, or correct the path", p.device)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("may not open %s: add this user to the group lp", p.device)
	case errors.Is(err, syscall.EBUSY):
		return nil, fmt.Errorf("%s is used by another program (CUPS?): stop it", p.device)
	case err != nil:
		return nil, err
	}
	return usb{file}, nil
}

// usb is /dev/usb/lp*. It reads nothing where the printer has sent an empty packet.
type usb struct{ *os.File }

func (u usb) Read(b []byte) (int, error) {
	for {
		n, err := u.File.Read(b)
		if err != io.EOF {
			return n, err
		}
		time.Sleep(tick / 10)
	}
}

// tty is a printer on a serial line.
type tty struct{ *serial.Port }

func (t tty) Read(b []byte) (int, error) {
	for {
		if n, err := t.Port.Read(b, tick); n > 0 || err != nil {
			return n, err
		}
	}
}

// Write sends in pieces that leave in time also at 9600 baud.
func (t tty) Write(b []byte) (n int, err error) {
	const piece = 256
	for n < len(b) && err == nil {
		var sent int
		sent, err = t.Port.Write(b[n:min(n+piece, len(b))])
		n += sent
	}
	return n, err
}
