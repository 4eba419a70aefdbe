package publish_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/sync/bundle/publish"
)

func TestKeyDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := publish.MakeKeys(dir, 3); err != nil {
		t.Fatal(err)
	}
	if err := publish.MakeKeys(dir, 3); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("keys replaced: %v", err)
	}
	k, err := publish.LoadKeys(dir)
	if err != nil || len(k.Roots) != 3 {
		t.Fatal(len(k.Roots), err)
	}
	if _, err := publish.Sign(t.TempDir(), fstest.MapFS{"a": {}}, k, time.Now(), publish.DefaultLifetimes); err != nil {
		t.Fatal(err)
	}
}
