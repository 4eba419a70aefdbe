package mapped

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func hashOf(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }

func open(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	f := open(t, dir)
	one, two := bytes.Repeat([]byte("one"), 100_000), bytes.Repeat([]byte("two"), 100_000)
	for range 2 { // the second time it is there already
		got, err := f.Put(one)
		if err != nil || !bytes.Equal(got.Bytes(), one) {
			t.Fatal(err)
		}
	}
	if _, err := f.Put(two); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, unfinished+"x"), one[:100], 0o600); err != nil { // ended while it wrote
		t.Fatal(err)
	}
	f = open(t, dir)
	held, err := f.Get(hashOf(two), int64(len(two)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Keep(map[string]bool{string(hashOf(one)): true}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if _, err := f.Get(hashOf(two), int64(len(two))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is gone: %v", err)
	}
	if !bytes.Equal(held.Bytes(), two) {
		t.Error("what is held has changed")
	}
	for path, mode := range map[string]fs.FileMode{dir: 0o700, f.path(hashOf(one)): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestDamage(t *testing.T) {
	whole := bytes.Repeat([]byte("list"), 5000)
	for name, damage := range map[string]func(path string) error{
		"a bit":     func(path string) error { b := bytes.Clone(whole); b[9000] ^= 1; return os.WriteFile(path, b, 0o600) },
		"cut":       func(path string) error { return os.Truncate(path, 1000) },
		"emptied":   func(path string) error { return os.Truncate(path, 0) },
		"longer":    func(path string) error { return os.WriteFile(path, append(bytes.Clone(whole), 'x'), 0o600) },
		"a folder":  func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
		"not there": os.Remove,
	} {
		f := open(t, t.TempDir())
		if _, err := f.Put(whole); err != nil {
			t.Fatal(err)
		}
		if err := damage(f.path(hashOf(whole))); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Get(hashOf(whole), int64(len(whole))); !errors.Is(err, ErrDamaged) && name != "not there" || err == nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "a folder" {
			continue
		}
		if got, err := f.Put(whole); err != nil || !bytes.Equal(got.Bytes(), whole) {
			t.Errorf("%s: put again: %v", name, err)
		}
	}
}

// TestLetGo: what nobody holds any more is not mapped any more, so that the disk gets its room back.
func TestLetGo(t *testing.T) {
	f := open(t, t.TempDir())
	data := bytes.Repeat([]byte("x"), 1<<20)
	mapped := func() bool {
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(maps), f.dir)
	}
	file, err := f.Put(data)
	if err != nil || !mapped() {
		t.Fatal(err, mapped())
	}
	runtime.GC()
	if !mapped() || file.Bytes()[0] != 'x' {
		t.Fatal("it went while it was held")
	}
	runtime.KeepAlive(file)
	file = nil
	for end := time.Now().Add(30 * time.Second); mapped(); time.Sleep(10 * time.Millisecond) {
		if runtime.GC(); time.Now().After(end) {
			t.Fatal("it is still mapped")
		}
	}
}
