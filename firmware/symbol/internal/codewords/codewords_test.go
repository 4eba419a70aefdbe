package codewords

import (
	"bytes"
	"testing"
)

func FuzzContent(f *testing.F) {
	f.Add([]byte("\x40\x56hello"), uint8(1))
	f.Add([]byte{0x30, 0x25, 0x74, 0x02, 0x61, 0x62}, uint8(10))
	f.Add([]byte{0x71, 0xa4, 0x02, 0xc3, 0xbc, 0xd1, 0x01, 0x80, 0, 0x80, 0x12, 0x55}, uint8(40))
	f.Fuzz(func(t *testing.T, data []byte, version uint8) {
		var s Text
		if err := s.read(data, int(version%40)+1, 0); err == nil {
			if len(s.Bytes) > 8*len(data) {
				t.Errorf("%d bytes of %d", len(s.Bytes), len(data))
			}
			if s.Part.Of > 16 || s.Part.Of > 0 && s.Part.Index >= s.Part.Of {
				t.Error(s.Part)
			}
		}
		if chinese(data) && bytes.IndexFunc(data, func(r rune) bool { return r > 0x7f }) < 0 {
			t.Error("Chinese without characters")
		}
	})
}

// FuzzGrid hands any modules to the library behind Read, which must not panic outside it.
func FuzzGrid(f *testing.F) {
	f.Add(uint8(0), []byte{1, 2, 3}, uint8(3))
	f.Add(uint8(39), []byte("HC1:NCFA5SR-0 8JV3Q6DBXJPJ+VSX"), uint8(31))
	f.Fuzz(func(t *testing.T, version uint8, modules []byte, format uint8) {
		if len(modules) == 0 {
			return
		}
		m := Modules{N: int(version%40)*4 + 21}
		m.Dark = make([]bool, m.N*m.N)
		for i := range m.Dark {
			m.Dark[i] = modules[i/8%len(modules)]>>(i%8)&1 == 1
		}
		f := Format{Mirrored: format > 127, data: uint32(format % 32)}
		m.Read(f)
		m.ReadModel1(f)
	})
}
