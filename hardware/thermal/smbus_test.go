package thermal

import (
	"testing"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2ctest"
)

// TestDatasheet has the two examples of the datasheet's SMBus section.
func TestDatasheet(t *testing.T) {
	bus := &i2ctest.Playback{DontPanic: true, Ops: []i2ctest.IO{
		{Addr: 0x5a, W: []byte{0x07}, R: []byte{0xd2, 0x3a, 0x30}},
		{Addr: 0x5a, W: []byte{0x22, 0x07, 0xc8, 0x48}},
	}}
	s := &Sensor{dev: i2c.Dev{Bus: bus, Addr: 0x5a}}
	if v, err := s.word(0x07); v != 0x3ad2 || err != nil {
		t.Errorf("%#04x, %v", v, err)
	}
	if err := s.write(0x22, 0xc807); err != nil {
		t.Error(err)
	}
	if err := bus.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzWord: no three bytes make it fall over, and only an intact word is believed.
func FuzzWord(f *testing.F) {
	f.Add([]byte{0xd2, 0x3a, 0x30})
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, r []byte) {
		if len(r) != 3 {
			return
		}
		s := &Sensor{dev: i2c.Dev{Bus: &i2ctest.Playback{DontPanic: true, Ops: []i2ctest.IO{{Addr: 0x5a, W: []byte{0x07}, R: r}}}, Addr: 0x5a}}
		c, err := s.celsius(ramObject, -70.01, 382.2)
		if intact := pec(0xb4, 0x07, 0xb5, r[0], r[1]) == r[2]; err == nil && (!intact || c < -70.01 || c > 382.2) {
			t.Errorf("% x: %v", r, c)
		}
	})
}
