package gate_test

import (
	"testing"

	"example.org/checkpoint/simulators/gateboard"
)

// TestHeart has the program hang while the leaf is open, and go on.
func TestHeart(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.serve(t)
		b.until(t, "beating", beats)
		must(t, b.Release(t.Context()))
		b.untilLeaf(t, gateboard.Open)
		b.alive.Store(false)
		b.until(t, "silent", silent)
		b.untilLeaf(t, gateboard.Shut)
		b.alive.Store(true)
		b.until(t, "beating again", beats)
		if b.gate.State().Leaf != gateboard.Shut {
			t.Error("the leaf opens by itself")
		}
		must(t, b.Release(t.Context()))
		b.untilLeaf(t, gateboard.Open)
		if n := b.gate.Counts().Openings; n != 2 {
			t.Errorf("%d openings", n)
		}
	})
}

// TestPause has the program go on after a pause with an order to open: the drive does it,
// although the relay was dropped when the order came.
func TestPause(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.serve(t)
		b.until(t, "beating", beats)
		b.alive.Store(false)
		b.until(t, "silent", silent)
		must(t, b.Release(t.Context()))
		if b.gate.State().Leaf != gateboard.Shut {
			t.Error("the leaf opens for a program that is not alive")
		}
		b.alive.Store(true)
		must(t, b.Release(t.Context()))
		b.untilLeaf(t, gateboard.Open)
	})
}
