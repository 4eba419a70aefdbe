// Package mapped keeps large files in one folder, each under its hash, and maps them for
// reading: a list of a hundred megabytes costs pages that the kernel may drop, and no heap.
//
// Nothing is given out before all its bytes were hashed. A file stays mapped for as long as
// somebody holds its File, also after it has left the folder.
package mapped

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
)

// ErrDamaged reports that a file of the folder is not what its name says, or cannot be read.
var ErrDamaged = errors.New("a stored file is damaged")

// unfinished begins the name of a file that is being written.
const unfinished = ".new-"

// Folder is a folder of such files, for its owner only.
type Folder struct{ dir string }

// File is one of them.
type File struct{ data []byte }

// Bytes are the file's, for as long as f is held. Nobody can change them: writing is a fault.
func (f *File) Bytes() []byte { return f.data }

// Open makes the folder unless it is there, and forgets what a program that was ended was writing.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f := &Folder{dir}
	return f, f.remove(func(name string) bool { return strings.HasPrefix(name, unfinished) })
}

// Put keeps data, whole or not at all, and gives it mapped.
func (f *Folder) Put(data []byte) (*File, error) {
	sum := sha256.Sum256(data)
	if had, err := f.Get(sum[:], int64(len(data))); err == nil {
		return had, nil
	}
	if err := f.write(f.path(sum[:]), data); err != nil {
		return nil, err
	}
	return f.Get(sum[:], int64(len(data)))
}

func (f *Folder) write(path string, data []byte) error {
	file, err := os.CreateTemp(f.dir, unfinished+"*") // for its owner only
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Get gives the file with that SHA-256 and length. One that is not there is fs.ErrNotExist.
func (f *Folder) Get(hash []byte, length int64) (*File, error) {
	file, err := os.Open(f.path(hash))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() != length || length == 0 {
		return nil, fmt.Errorf("%w: %s has %d bytes, not %d", ErrDamaged, filepath.Base(f.path(hash)), info.Size(), length)
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(length), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	mapped := &File{data}
	runtime.AddCleanup(mapped, unmap, data)
	if sum, err := sumOf(data); err != nil || !bytes.Equal(sum, hash) {
		return nil, fmt.Errorf("%w: %s: %v", ErrDamaged, filepath.Base(f.path(hash)), err)
	}
	return mapped, nil
}

func unmap(data []byte) { _ = syscall.Munmap(data) } // it fails for what is not mapped only

// sumOf hashes what is mapped. A page that cannot be read is an error.
func sumOf(data []byte) (sum []byte, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	whole := sha256.Sum256(data)
	return whole[:], nil
}

// Keep removes all files but those with such hashes.
func (f *Folder) Keep(hashes map[string]bool) error {
	return f.remove(func(name string) bool {
		hash, err := hex.DecodeString(name)
		return err == nil && !hashes[string(hash)]
	})
}

func (f *Folder) remove(gone func(name string) bool) error {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if !gone(e.Name()) {
			continue
		}
		if removed := os.Remove(filepath.Join(f.dir, e.Name())); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}

func (f *Folder) path(hash []byte) string { return filepath.Join(f.dir, hex.EncodeToString(hash)) }
