package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestPast: a repository gives what was in force earlier, also under a root that came
// later, and nothing that its keys did not sign.
func TestPast(t *testing.T) {
	c := newCentre(t)
	first := c.root("1")
	c.change("trust/HK.json", "second")
	rotated := newKeys(t, 3, 2)
	rotated.Roots = append(rotated.Roots, c.keys.Roots...)
	c.keys = rotated
	c.change("trust/HK.json", "third")
	for version, want := range map[string]string{"1": `{"v":1}`, "2": "second", "3": "third"} {
		set, err := Past(t.Context(), first, c.fetch, version)
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		if b, err := fs.ReadFile(set.FS, "trust/HK.json"); err != nil || string(b) != want || set.Version != version || !set.Published.IsZero() {
			t.Errorf("%s: %q, %v", version, b, err)
		}
	}
	for _, version := range []string{"4", "0", "-1", "x", "", "../1"} {
		if set, err := Past(t.Context(), first, c.fetch, version); err == nil {
			t.Errorf("version %q: %v", version, set)
		}
	}
	if _, err := Past(t.Context(), first, c.fetch, "4"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a version that is not kept: %v", err)
	}
	other := newCentre(t)
	if _, err := Past(t.Context(), other.root("1"), c.fetch, "1"); !errors.Is(err, ErrRefused) {
		t.Errorf("another root: %v", err)
	}
	if err := os.Rename(filepath.Join(c.dir, "1.targets.json"), filepath.Join(c.dir, "9.targets.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := Past(t.Context(), first, c.fetch, "9"); !errors.Is(err, ErrRefused) {
		t.Errorf("one version under the name of another: %v", err)
	}
}
