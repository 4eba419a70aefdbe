package printer

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	sim "example.org/checkpoint/simulators/printer"
)

// TestWatch asks a printer how it is, in order, with its cover open, with nobody there and back
// again, and sends it nothing but questions.
func TestWatch(t *testing.T) {
	s := sim.New(sim.Options{})
	t.Cleanup(s.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Listen(l) // ends with Close
	t.Cleanup(func() { l.Close() })
	p := New("tcp://"+l.Addr().String(), Options{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Watch(ctx) }() // ends with stop
	until := func(want error) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			got := p.Fault()
			if want == nil && got == nil || want != nil && errors.Is(got, want) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	}
	until(nil)
	s.After(0, sim.CoverOpen)
	until(ErrCover)
	s.Mend()
	until(nil)
	stop()
	if err := <-done; err != nil || p.Fault() == nil {
		t.Error(err, p.Fault())
	}
	for rest := s.Log(); len(rest) > 0; rest = rest[3:] {
		if len(rest) < 3 || !bytes.HasPrefix(rest, []byte{0x10, 0x04}) {
			t.Fatalf("it was sent % x", s.Log())
		}
	}
	if n := len(s.Pieces()); n != 0 || s.Err() != nil {
		t.Errorf("%d pieces of paper, %v", n, s.Err())
	}
}
