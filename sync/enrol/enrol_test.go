package enrol

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/sync/sign1"
)

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first, created, err := Load(dir)
	if err != nil || !created {
		t.Fatalf("first: created %v, %v", created, err)
	}
	info, err := os.Stat(filepath.Join(dir, file))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	again, created, err := Load(dir)
	if err != nil || created || again.ID() != first.ID() {
		t.Fatalf("again: created %v, %v, key %s then %s", created, err, first, again)
	}
	signed, err := again.Sign("batch", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sign1.Open(sign1.Keys{first.ID(): first.Public()}, "batch", signed); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
}

func TestBadKeyFileIsNeverReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
	}{"torn": {"", 0o600}, "not ours": {"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", 0o600}, "open to others": {"x", 0o644}} {
		dir := t.TempDir()
		path := filepath.Join(dir, file)
		if err := errors.Join(os.WriteFile(path, []byte(c.text), c.mode), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(dir); !errors.Is(err, ErrKeyFile) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != c.text {
			t.Errorf("%s: the file was touched", name)
		}
	}
}

func TestCard(t *testing.T) {
	key, _, err := Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	card, err := key.Card("gate-07", "LW")
	if err != nil || card.V != 1 || card.Device != "gate-07" || card.Site != "LW" || card.KID != key.ID().String() || card.SPKI == "" {
		t.Fatalf("card %+v, %v", card, err)
	}
	for _, bad := range []string{"", "a.b", "a b", ">", strings.Repeat("x", 65), "門"} {
		if _, err := key.Card(bad, "LW"); err == nil {
			t.Errorf("device name %q accepted", bad)
		}
	}
	if s := fmt.Sprintf("%v %s", key, key); strings.Count(s, key.ID().String()) != 2 || len(s) > 60 {
		t.Errorf("a key prints as %q", s)
	}
}

// TestSameCard: a card can be compared with another print of it.
func TestSameCard(t *testing.T) {
	dir := t.TempDir()
	key, _, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var cards [2]Request
	for i := range cards {
		if cards[i], err = key.Request(dir, "gate-07"); err != nil {
			t.Fatal(err)
		}
	}
	if cards[0] != cards[1] || cards[0].CSR == "" || cards[0].User == "" {
		t.Errorf("%+v", cards)
	}
}

// TestAdmittedAgain: an admission that takes the place of another leaves no moment without one, in
// which the device would come in plainly, and no half of one.
func TestAdmittedAgain(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"one", "two"} {
		if err := put(dir, admissionFile, []byte(text), os.Rename); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, admissionFile))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info, err)
		}
	}
	failing := func(string, string) error { return os.ErrInvalid }
	if err := put(dir, admissionFile, []byte("three"), failing); !errors.Is(err, os.ErrInvalid) {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if text, _ := os.ReadFile(filepath.Join(dir, admissionFile)); err != nil || string(text) != "two" || len(left) != 1 {
		t.Errorf("%q, %v, %v", text, left, err)
	}
}
