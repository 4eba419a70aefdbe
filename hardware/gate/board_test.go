package gate

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

// slow is a wire whose reads wait to be let go.
type slow struct {
	did     []string
	reading chan bool
	proceed chan bool
}

func (s *slow) Open() error { return nil }
func (s *slow) Close()      {}
func (s *slow) Rest()       {}

func (s *slow) Wired(bool, byte, wire.Inputs) {}
func (s *slow) Sense() ([]wire.Inputs, error) {
	s.reading <- true
	<-s.proceed
	s.did = append(s.did, "read")
	return []wire.Inputs{allWhole}, nil
}
func (s *slow) Drive(_, which byte) error {
	s.did = append(s.did, map[byte]string{wire.Access: "access", wire.Signals: "signals"}[which])
	return nil
}
func (s *slow) Beat() error    { s.did = append(s.did, "beat"); return nil }
func (s *slow) Wait(time.Time) {}

// TestOrderFirst gives an order while the board is being read: it goes before
// anything else that Run wants.
func TestOrderFirst(t *testing.T) {
	w := &slow{reading: make(chan bool), proceed: make(chan bool)}
	b := newBoard(w)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { // ends with cancel
		done <- b.Run(ctx, func() bool { return true }, func(Input) {})
	}()
	<-w.reading
	released := make(chan error)
	go func() { released <- b.Release(ctx) }() // ends with the read
	for b.turn.TryRLock() {                    // until the order waits for its turn
		b.turn.RUnlock()
		runtime.Gosched()
	}
	cancel()
	w.proceed <- true
	if err := <-released; err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if want := []string{"read", "access", "access", "beat", "signals"}; !slices.Equal(w.did, want) {
		t.Errorf("%q, want %q", w.did, want)
	}
}

// mute is a board whose inputs cannot be read any more.
type mute struct {
	slow
	reads int
}

func (m *mute) Sense() ([]wire.Inputs, error) { m.reads++; return nil, errors.New("no inputs") }

// TestMute gives an order after a pause to a board that cannot be read: it is carried out,
// and the heart does not beat.
func TestMute(t *testing.T) {
	w := &mute{}
	b := newBoard(w)
	b.up, b.alive, b.beaten = true, func() bool { return true }, time.Now().Add(-time.Second)
	if err := b.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{"access", "access"}; !slices.Equal(w.did, want) || w.reads != 1 {
		t.Errorf("%q after %d readings, want %q", w.did, w.reads, want)
	}
}
