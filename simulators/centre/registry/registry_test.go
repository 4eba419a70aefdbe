package registry

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/simulators/device"
)

// newCard is what a device prints.
func newCard(t testing.TB, name string) []byte {
	t.Helper()
	d, err := device.New(name, "HZMB")
	if err != nil {
		t.Fatal(err)
	}
	return d.Card()
}

// TestLook: a card that comes or goes is seen at once, one that is changed in its place after a while,
// and a folder in which nothing happens is not read again.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, card []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name+".json"), card, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	settle := func() { // as if nothing had happened for long
		t.Helper()
		if err := os.Chtimes(dir, long, long); err != nil {
			t.Fatal(err)
		}
	}
	put("a", newCard(t, "a"))
	settle()
	r := New(dir, slog.New(slog.DiscardHandler))
	now := time.Now()
	has := func(want ...string) {
		t.Helper()
		r.look(now)
		for _, name := range want {
			if _, ok := r.devices[name]; !ok || len(r.devices) != len(want) {
				t.Errorf("%d devices, %s: %v", len(r.devices), name, ok)
			}
		}
	}
	has("a")
	put("a", newCard(t, "other"))
	settle()
	has("a")
	if keys, err := r.Keys(); err != nil || len(keys) != 1 || keys[0].Device != "other" {
		t.Errorf("what keys.json is made of is behind the cards: %+v, %v", keys, err)
	}
	has("other")
	put("a", newCard(t, "third"))
	settle()
	has("other")
	r.read = now.Add(-readEvery)
	has("third")
	put("b", nil) // still being written
	has("third")
	put("b", newCard(t, "b"))
	has("third", "b")
	settle()
	has("third", "b")
	if err := os.Remove(filepath.Join(dir, "a.json")); err != nil {
		t.Fatal(err)
	}
	has("b")
}

// BenchmarkLook is what a look at the folder costs that is due once a second.
func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	for i := range 10_000 {
		name := fmt.Sprintf("gate-%05d", i)
		if err := os.WriteFile(filepath.Join(dir, name+".json"), newCard(b, name), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(dir, long, long); err != nil {
		b.Fatal(err)
	}
	r, now := New(dir, slog.New(slog.DiscardHandler)), time.Now()
	r.look(now)
	for b.Loop() {
		r.look(now)
	}
	if len(r.devices) != 10_000 {
		b.Errorf("%d devices", len(r.devices))
	}
}
