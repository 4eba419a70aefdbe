// Package statefile writes the small files beside a journal whole or not at all, and reads the one
// that says what the journal must hold.
package statefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Replace writes a file whole or not at all.
func Replace(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return SyncDir(dir)
}

// SyncDir makes a rename durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
