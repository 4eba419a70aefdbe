package statefile

import (
	"os"
	"path/filepath"
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
	if err := Replace(path, []byte("three")); err == nil {
		t.Error("written")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "two" {
		t.Errorf("after a write that failed: %q %v", got, err)
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
