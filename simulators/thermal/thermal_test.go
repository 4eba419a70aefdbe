package thermal

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/physic"
)

// TestDatasheet has the two examples of the datasheet's SMBus section.
func TestDatasheet(t *testing.T) {
	if got := pec(0xb4, 0x07, 0xb5, 0xd2, 0x3a); got != 0x30 {
		t.Errorf("read: %#02x", got)
	}
	if got := pec(0xb4, 0x22, 0x07, 0xc8); got != 0x48 {
		t.Errorf("write: %#02x", got)
	}
	s := New()
	s.Show(0x3ad2*0.02-273.15, 20)
	r := make([]byte, 3)
	if err := s.Tx(0x5a, []byte{7}, r); err != nil || !bytes.Equal(r, []byte{0xd2, 0x3a, 0x30}) {
		t.Errorf("% x, %v", r, err)
	}
}

// TestStrict: what a driver gets wrong is refused and remembered.
func TestStrict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		word := func(command byte, v uint16) []byte {
			lo, hi := byte(v), byte(v>>8)
			return []byte{command, lo, hi, pec(0xb4, command, lo, hi)}
		}
		for name, tc := range map[string]struct {
			w []byte
			r int
		}{
			"no code read":        {[]byte{7}, 2},
			"unknown command":     {[]byte{0x60}, 3},
			"RAM written":         {word(7, 1), 0},
			"wrong code":          {[]byte{0x24, 0, 0, 0}, 0},
			"not erased":          {word(0x24, 0xfae1), 0},
			"the address changed": {word(0x2e, 0), 0},
		} {
			s := New()
			if err := s.Tx(0x5a, tc.w, make([]byte, tc.r)); err == nil || len(s.Errors()) != 1 {
				t.Errorf("%s: %v, %q", name, err, s.Errors())
			}
		}
		s := New()
		if err := s.Tx(0x5a, word(0x24, 0), nil); err != nil {
			t.Error(err)
		}
		if err := s.Tx(0x5a, word(0x24, 0xfae1), nil); err == nil {
			t.Error("written while busy")
		}
		time.Sleep(writing)
		if err := s.Tx(0x5a, word(0x24, 0xfae1), nil); err != nil || s.Emissivity() < 0.97 {
			t.Error(err, s.Emissivity())
		}
		if err := s.SetSpeed(400 * physic.KiloHertz); err == nil {
			t.Error("400 kHz")
		}
	})
}
