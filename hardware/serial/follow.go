package serial

import (
	"context"
	"time"
)

// Waits between attempts to open a port, and the time between two looks whether
// one is still there, also for the context's end.
const (
	firstWait = 50 * time.Millisecond
	mostWait  = 500 * time.Millisecond
	lookEvery = 250 * time.Millisecond
)

// Device is who listens to a line. Its methods are called one after the other.
type Device interface {
	// Opened is told of each new connection. An error ends it.
	Opened(*Port) error
	// Take is given what came, or nothing when nothing came for as long as its last
	// answer said; 0 is for no matter how long. An error ends the connection.
	Take(data []byte) (time.Duration, error)
	// Lost is told why a connection ended or could not be had.
	Lost(error)
}

// Follow keeps a line open until the context ends, and returns nil then.
func Follow(ctx context.Context, l Line, d Device) error {
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, mostWait) {
		if p, err := Open(l); err != nil {
			d.Lost(err)
		} else {
			if err := listen(ctx, p, d); err != nil {
				d.Lost(err)
			}
			p.Close()
			wait = firstWait
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// listen serves one connection, and returns nil when the context ends.
func listen(ctx context.Context, p *Port, d Device) error {
	if err := d.Opened(p); err != nil {
		return err
	}
	var until time.Time // zero: for as long as it takes
	for chunk := make([]byte, 4096); ctx.Err() == nil; {
		look := lookEvery
		if !until.IsZero() {
			look = min(look, max(time.Until(until), 0))
		}
		n, err := p.Read(chunk, look)
		if err != nil {
			return err
		}
		if n == 0 && (until.IsZero() || time.Now().Before(until)) {
			continue
		}
		patience, err := d.Take(chunk[:n])
		if err != nil {
			return err
		}
		if until = (time.Time{}); patience > 0 {
			until = time.Now().Add(patience)
		}
	}
	return nil
}
