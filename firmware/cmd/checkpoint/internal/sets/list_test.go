package sets

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/checkpoint/firmware/roster"
	"example.org/checkpoint/simulators/issuer"
)

func TestBundleList(t *testing.T) {
	dir := t.TempDir()
	text, out := filepath.Join(dir, "residents.txt"), filepath.Join(dir, "src", "lists", "residents.bin")
	write := func(s string) {
		if err := os.WriteFile(text, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("GZ one\n\nHK two\nGZ one\n")
	if err := (&listCmd{Members: text, Out: out}).Run(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	list, err := roster.Parse(data)
	if err != nil || list.Len() != 2 || !list.Has(roster.Member{Scheme: "HK", Subject: "two"}) {
		t.Error(err, list.Len())
	}
	if err := put(filepath.Join(dir, "src"), "keys.json", issuer.KeysFile(nil, nil)); err != nil {
		t.Fatal(err)
	}
	if err := (&buildCmd{Src: filepath.Join(dir, "src"), Out: filepath.Join(dir, "out")}).Run(); err != nil {
		t.Error(err)
	}
	write("GZ\n")
	if err := (&listCmd{Members: text, Out: out}).Run(); err == nil {
		t.Error("a line without a pseudonym was taken")
	}
}
