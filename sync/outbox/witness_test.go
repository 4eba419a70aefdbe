package outbox

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestWitness: a checkpoint of every hundred events and every ten seconds, none of nothing new, and one
// that was not stored is made up for.
func TestWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var head uint64
		var told []uint64
		var down error
		w := Witness{
			Head: func() (uint64, uint64, [32]byte, error) { return 7, head, [32]byte{}, nil },
			Sign: func(epoch, seq uint64, hash [32]byte) ([]byte, error) { return []byte{byte(seq)}, nil },
			Tell: func(_ context.Context, what string, signed []byte) error {
				if down == nil && what == "cp" {
					told = append(told, uint64(signed[0]))
				}
				return down
			},
			Log: slog.New(slog.DiscardHandler),
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }() // ends with stop
		step := func(seq uint64, d time.Duration, want ...uint64) {
			t.Helper()
			head = seq
			time.Sleep(d)
			synctest.Wait()
			if !slices.Equal(told, want) {
				t.Fatalf("head %d: %v, want %v", seq, told, want)
			}
		}
		step(0, 20*time.Second)
		step(1, 2*time.Second, 1)
		step(50, 5*time.Second, 1)
		step(101, 2*time.Second, 1, 101)
		step(150, 8*time.Second, 1, 101)
		step(150, 3*time.Second, 1, 101, 150)
		step(150, time.Minute, 1, 101, 150)
		down = errors.New("down")
		step(160, time.Minute, 1, 101, 150)
		down = nil
		step(170, 2*time.Second, 1, 101, 150, 170)
		stop()
		<-done
	})
}
