package statefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"one", "two"} {
		if err := Replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q %v", got, err)
		}
	}
	if err := os.Mkdir(path+".new", 0o700); err != nil { // where the new one would be written
		t.Fatal(err)
	}
	if err := Replace(path, []byte("three")); err == nil || strings.Contains(err.Error(), "journal") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "two" {
		t.Errorf("after a write that failed: %q %v", got, err)
	}
}

// TestReplaceOnAFullDisk: where a new file would lie every write finds the disk full.
func TestReplaceOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := Replace(path, []byte("the one before")); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"short": true, strings.Repeat("x", sector): true, strings.Repeat("x", sector+1): false} {
		if err := os.Symlink("/dev/full", path+".new"); err != nil {
			t.Fatal(err)
		}
		err := Replace(path, []byte(text))
		got, failed := os.ReadFile(path)
		if failed != nil || want != (err == nil) || want != (string(got) == text) || !want && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d bytes: %v, there are %d", len(text), err, len(got))
		}
	}
}

func TestWitness(t *testing.T) {
	dir := t.TempDir()
	if _, found, err := ReadWitness(dir); found || err != nil {
		t.Error(found, err)
	}
	w := Witness{V: 1, Boot: 3, Epoch: 1<<64 - 1, Seq: 7, Hash: "ab00000000000000000000000000000000000000000000000000000000000000"}
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	if got, found, err := ReadWitness(dir); got != w || !found || err != nil || got.Sum() != [32]byte{0xab} {
		t.Errorf("%+v %v %v", got, found, err)
	}
	for _, text := range []string{"", "{", `{"v":2,"boot":9}`} {
		if err := os.WriteFile(filepath.Join(dir, WitnessFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, found, err := ReadWitness(dir); found || err != nil {
			t.Errorf("%q: %v %v", text, found, err)
		}
	}
}
