package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"testing"
)

func pack(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

func TestZlib(t *testing.T) {
	data := bytes.Repeat([]byte("0"), 1000)
	packed := pack(data)
	if out, err := Zlib(packed, 1000); err != nil || !bytes.Equal(out, data) {
		t.Errorf("as much as it may: %d bytes, %v", len(out), err)
	}
	if _, err := Zlib(packed, 999); !errors.Is(err, errTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := Zlib(pack(make([]byte, 64<<20)), 1000); !errors.Is(err, errTooLarge) {
		t.Errorf("a bomb: %v", err)
	}
	if _, err := Zlib(append(packed, 0), 1000); !errors.Is(err, errTrailing) {
		t.Errorf("a byte after it: %v", err)
	}
	if _, err := Zlib(packed[:len(packed)-1], 1000); err == nil {
		t.Error("unpacked what was cut short")
	}
	packed[len(packed)-1] ^= 1
	if _, err := Zlib(packed, 1000); err == nil {
		t.Error("unpacked what fails its checksum")
	}
}
