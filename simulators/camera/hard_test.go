package camera

import (
	"bytes"
	"testing"
)

// TestHard sees that a seed gives one sequence, that its frames differ and that the code is in them.
func TestHard(t *testing.T) {
	h := NewHard(3)
	first := h.JPEG(0)
	if !bytes.Equal(first, NewHard(3).JPEG(0)) {
		t.Error("one seed gave two sequences")
	}
	if bytes.Equal(first, h.JPEG(1)) || bytes.Equal(first, NewHard(4).JPEG(0)) {
		t.Error("two frames are the same")
	}
	with := decoded(t, first)
	h.Card.X = 30 // beyond the picture
	without := decoded(t, h.JPEG(0))
	changed := 0
	for i, v := range with.Pix {
		if d := int(v) - int(without.Pix[i]); d > 40 || d < -40 {
			changed++
		}
	}
	if changed < 2000 {
		t.Errorf("the card changes %d pixels", changed)
	}
}
