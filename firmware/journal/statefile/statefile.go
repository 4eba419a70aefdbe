// Package statefile writes the small files beside a journal whole or not at all, and reads the one
// that says what the journal must hold.
package statefile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// Replace writes a file whole or not at all. On a full disk a short one is written over the one
// that is there, so that a device starts there too. The error names the file; whose it is says the caller.
func Replace(path string, b []byte) error {
	err := replace(path, b)
	if full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT); full && len(b) <= sector {
		err = overwrite(path, b)
	}
	return err
}

func replace(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// overwrite writes what fits into the first sector of a file, and cuts the rest off.
func overwrite(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Truncate(int64(len(b)))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// SyncDir makes a rename durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
