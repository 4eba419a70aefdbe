package boltfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Allocate has the disk give the first n bytes of a file, which has as many then at least, before
// they are written, so that no write there fails for want of room (fallocate(2)). Where the
// file system cannot promise that, nothing is promised, and there is no error.
func Allocate(path string, n int64) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("boltfile: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		switch err := syscall.Fallocate(int(f.Fd()), 0, 0, n); {
		case err == nil || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS):
			return nil
		case !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("boltfile: allocate: %w", err)
		}
	}
}
