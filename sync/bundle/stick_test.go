package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestStick: a repository on a USB stick is taken by the same rules, and no link on it is followed.
func TestStick(t *testing.T) {
	c := newCentre(t)
	s := c.device(filepath.Join(t.TempDir(), "bundle.db"))
	take(t, s, c.now)
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	c.change("policy/door.json", "new")
	stick := t.TempDir()
	if err := os.CopyFS(stick, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	set, changed, err := s.Import(t.Context(), known(c.now), Dir(stick))
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	if err := s.Activate(set); err != nil {
		t.Fatal(err)
	}
	content(t, s, "policy/door.json", "new")
	if _, changed, err := s.Import(t.Context(), known(c.now), Dir(old)); !errors.Is(err, ErrRefused) || changed {
		t.Errorf("last month's stick: %v, %v", changed, err)
	}
	if s.Status().Fault != nil {
		t.Error("a stick is no fault of the line")
	}

	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(dir string) error{
		"timestamp.json":      func(dir string) error { return os.Symlink(secret, filepath.Join(dir, "timestamp.json")) },
		"inside.json":         func(dir string) error { return os.Symlink("timestamp.json", filepath.Join(dir, "inside.json")) },
		"targets/policy/a":    func(dir string) error { return os.Symlink(filepath.Dir(secret), filepath.Join(dir, "targets")) },
		"../secret":           func(dir string) error { return nil },
		"folder":              func(dir string) error { return os.Mkdir(filepath.Join(dir, "folder"), 0o700) },
		"timestamp.json/deep": func(dir string) error { return os.WriteFile(filepath.Join(dir, "timestamp.json"), nil, 0o600) },
	} {
		dir := t.TempDir()
		if err := make(dir); err != nil {
			t.Fatal(err)
		}
		if b, err := Dir(dir)(t.Context(), name, 10); err == nil {
			t.Errorf("%s: read %q", name, b)
		}
	}
	if b, err := Dir(stick)(t.Context(), "timestamp.json", 10); err != nil || len(b) != 11 {
		t.Errorf("%d bytes read of a longer file, %v", len(b), err)
	}
}

// TestHungStick: a stick that does not answer is given up, and asked again only when it has.
func TestHungStick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, answer := 0, make(chan struct{})
		stick := patiently(func(string, int64) ([]byte, error) { asked++; <-answer; return []byte("x"), nil })
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			if _, err := stick(ctx, "timestamp.json", 1); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Error(err, time.Since(began))
			}
			cancel()
		}
		if asked != 1 {
			t.Errorf("%d goroutines wait", asked)
		}
		close(answer)
		if data, err := stick(t.Context(), "timestamp.json", 1); err != nil || string(data) != "x" {
			t.Error(data, err)
		}
	})
}
