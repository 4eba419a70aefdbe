package bundle

import (
	"crypto/ed25519"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
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
	for _, version := range []string{"4", "0", "-1", "+1", "01", "x", "", "../1", "1.", ".1", "1.x", "1.1.1", "1.9"} {
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

// TestPastOfSchemes: where schemes sign their own files, the snapshot says which of theirs went with
// the targets, and of nobody else's are any taken.
func TestPastOfSchemes(t *testing.T) {
	c := newCentre(t)
	first := c.root("1")
	c.keys.Schemes = map[string]ed25519.PrivateKey{"HK": newKeys(t, 0, 1).Targets, "GZ": newKeys(t, 0, 1).Targets}
	c.files["trust/GZ.json"] = &fstest.MapFile{Data: []byte("gz")}
	s := c.device(filepath.Join(t.TempDir(), "bundle.db"))
	versions := map[string]string{}
	for _, text := range []string{"one", "two", "three"} {
		if text == "three" { // another key for everything
			rotated := newKeys(t, 3, 2)
			rotated.Roots, rotated.Schemes = append(rotated.Roots, c.keys.Roots...), c.keys.Schemes
			rotated.Schemes["HK"] = newKeys(t, 0, 1).Targets
			c.keys = rotated
		}
		c.change("trust/HK.json", text)
		versions[take(t, s, c.now).Version] = text
	}
	if want := map[string]string{"2.2": "one", "2.3": "two", "3.4": "three"}; !maps.Equal(versions, want) {
		t.Fatal(versions)
	}
	for version, want := range versions {
		set, err := Past(t.Context(), first, c.fetch, version)
		if err != nil || set.Version != version {
			t.Fatalf("%s: %q, %v", version, set.Version, err)
		}
		for name, want := range map[string]string{"trust/HK.json": want, "trust/GZ.json": "gz", "policy/door.json": `{"v":1,"profile":"door"}`} {
			if b, err := fs.ReadFile(set.FS, name); err != nil || string(b) != want {
				t.Errorf("%s: %s is %q, %v", version, name, b, err)
			}
		}
		number, _, _ := strings.Cut(version, ".")
		if set, err := Past(t.Context(), first, c.fetch, number); err == nil {
			t.Errorf("%s without the version of the snapshot: %v", number, set)
		}
	}
	refused := func(text string, want error) {
		t.Helper()
		for version, of := range versions {
			if _, err := Past(t.Context(), first, c.fetch, version); of == text && !errors.Is(err, want) {
				t.Errorf("%s: %v", version, err)
			}
		}
	}
	if _, err := Past(t.Context(), first, c.fetch, "2.4"); !errors.Is(err, ErrRefused) {
		t.Errorf("targets of one set, a snapshot of another: %v", err)
	}
	later, err := os.ReadFile(filepath.Join(c.dir, "2.HK.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(c.dir, "1.HK.json"), later, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	refused("one", ErrRefused) // a later version under its name
	if err := os.Remove(filepath.Join(c.dir, "2.HK.json")); err != nil {
		t.Fatal(err)
	}
	refused("two", fs.ErrNotExist)
}
