package bundle

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Check lists the plain files of a set, sorted, and refuses what a device would not take:
// number, sizes, names, anything that is not a plain file.
func Check(files fs.FS) ([]string, error) {
	var (
		names []string
		list  []target
	)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%w: %s is not a plain file", ErrContents, name)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names = append(names, name)
		list = append(list, target{name: name, length: info.Size()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrContents)
	}
	return names, checkList(list)
}

// Dir fetches from a repository in a directory: a USB stick, or a test.
func Dir(dir string) Fetcher {
	return func(_ context.Context, name string, max int64) ([]byte, error) {
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("bundle: %q is no file of a repository", name)
		}
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, max+1))
	}
}
