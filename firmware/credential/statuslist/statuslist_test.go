package statuslist

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/simulators/issuer"
)

var now = time.Unix(1_780_000_000, 0).UTC()

func TestDecode(t *testing.T) {
	gz := issuer.New("GZ", "Asia/Shanghai")
	l, err := Decode(gz.StatusList("7", 1000, map[uint]byte{0: 1, 5: 2, 999: 3}, now, time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Entry(0); ok {
		t.Error("an entry before the list was unpacked")
	}
	if err := l.Unpack(249); !errors.Is(err, credential.ErrMalformed) {
		t.Errorf("250 bytes unpacked to 249: %v", err)
	}
	if err := l.Unpack(250); err != nil {
		t.Fatal(err)
	}
	if l.URI != "7" || l.Bits != 2 || l.TTL != time.Hour || !l.Expires.Equal(now.Add(time.Hour)) || !l.Signed.Issued.Equal(now) {
		t.Errorf("%+v", l)
	}
	for index, want := range map[uint64]byte{0: 1, 1: 0, 4: 0, 5: 2, 998: 0, 999: 3} {
		if got, ok := l.Entry(index); !ok || got != want {
			t.Errorf("entry %d is %d, want %d", index, got, want)
		}
	}
	for _, index := range []uint64{1000, 1 << 32, 1<<64 - 1} {
		if _, ok := l.Entry(index); ok {
			t.Errorf("entry %d of 1000", index)
		}
	}
}

// TestEntry reads one byte in all four widths (draft-ietf-oauth-status-list section 4.1).
func TestEntry(t *testing.T) {
	for bits, want := range map[int][]byte{1: {1, 0, 0, 1, 1, 1, 0, 1}, 2: {1, 2, 3, 2}, 4: {9, 11}, 8: {0xb9}} {
		l := List{Bits: bits, Entries: []byte{0xb9}}
		for i, w := range want {
			if got, ok := l.Entry(uint64(i)); !ok || got != w {
				t.Errorf("%d bits, entry %d: %d, want %d", bits, i, got, w)
			}
		}
		if _, ok := l.Entry(uint64(len(want))); ok {
			t.Errorf("%d bits: an entry too many", bits)
		}
	}
}

func FuzzDecode(f *testing.F) {
	gz := issuer.New("GZ", "Asia/Shanghai")
	f.Add(gz.StatusList("7", 1000, nil, now, time.Hour))
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "vectors", "hct", "status", "*", "*.cwt"))
	if len(files) == 0 {
		f.Fatal("reference data is missing: run `make deps` or set CHECKPOINT_SHARED to its folder")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Decode(data)
		if err == nil {
			err = l.Unpack(MaxUnpacked)
		}
		if err != nil {
			if !errors.Is(err, credential.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		last := uint64(len(l.Entries)) * uint64(8/l.Bits)
		if _, ok := l.Entry(last); ok {
			t.Fatal("reads past the end")
		}
	})
}
