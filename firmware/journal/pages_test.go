package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// FuzzPages: no content makes the check panic, hang or read outside the file, and
// every page that it passes lies inside.
func FuzzPages(f *testing.F) {
	dir := f.TempDir()
	j, err := Open(dir, Options{Device: "gate-07", Site: "LMC"})
	if err != nil {
		f.Fatal(err)
	}
	for i := range uint64(30) {
		if _, err := j.Lane("1").Claim(claimed(noon, i+1, far, "a"+strconv.FormatUint(i, 10))); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, journalFile))
	if err != nil {
		f.Fatal(err)
	}
	whole := pages{file: bytes.NewReader(data), size: pageSize, seen: map[uint64]bool{0: true, 1: true}}
	if err := whole.check(uint64(len(data)) / pageSize); err != nil || len(whole.seen) < 6 {
		f.Fatal(err, len(whole.seen))
	}
	data = data[:whole.end*pageSize]
	f.Add(uint32(0), []byte{}, uint32(1))
	f.Add(uint32(3*pageSize), []byte{3, 0, 0, 0, 0, 0, 0, 0, branchFlag, 0, 1, 0}, uint32(3))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint32) {
		data := bytes.Clone(data[:len(data)-int(cut)%len(data)])
		copy(data[int(at)%len(data):], patch)
		p := pages{file: bytes.NewReader(data), size: pageSize, seen: map[uint64]bool{0: true, 1: true}}
		there := uint64(len(data)) / pageSize
		if there < 2 {
			return
		}
		if err := p.check(there); err != nil {
			if !errors.Is(err, errDamaged) {
				t.Error(err)
			}
			return
		}
		for id := range p.seen {
			if id >= there {
				t.Errorf("page %d of %d", id, there)
			}
		}
	})
}
