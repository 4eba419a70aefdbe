// Package fileset shows the files of a set as a file system, whole or as one device sees them.
package fileset

import (
	"bytes"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Tree is a file system in memory. Once it is filled it is only read.
type Tree struct {
	files map[string]*File
	dirs  map[string][]fs.DirEntry // sorted by name
}

// File is one file of a tree, which nobody may change once it is there.
type File struct {
	Data    []byte
	Hash    []byte    // SHA-256; nil if nobody has looked
	Changed time.Time // zero if nobody has said
	Held    any       // what Data lies in, if it is mapped; the bytes are good for as long as the tree is reachable
}

// New makes a tree without files.
func New() *Tree {
	return &Tree{files: map[string]*File{}, dirs: map[string][]fs.DirEntry{".": nil}}
}

// Add adds a file.
func (t *Tree) Add(name string, f File) {
	t.files[name] = &f
	t.enter(path.Dir(name), fs.FileInfoToDirEntry(f.info(name)))
}

func (f *File) info(name string) info {
	return info{path.Base(name), int64(len(f.Data)), f.Changed, 0o444}
}

func (t *Tree) enter(dir string, e fs.DirEntry) {
	if _, known := t.dirs[dir]; !known {
		t.dirs[dir] = nil
		t.enter(path.Dir(dir), fs.FileInfoToDirEntry(info{path.Base(dir), 0, time.Time{}, fs.ModeDir | 0o555}))
	}
	list := t.dirs[dir]
	at, _ := slices.BinarySearchFunc(list, e, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	t.dirs[dir] = slices.Insert(list, at, e)
}

// File gives one of the files.
func (t *Tree) File(name string) (f File, ok bool) {
	if had := t.files[name]; had != nil {
		return *had, true
	}
	return File{}, false
}

// Names gives the names of all files in any order.
func (t *Tree) Names() iter.Seq[string] { return maps.Keys(t.files) }

// Open implements fs.FS.
func (t *Tree) Open(name string) (fs.File, error) {
	if fs.ValidPath(name) {
		if f := t.files[name]; f != nil {
			return &openFile{f.info(name), bytes.NewReader(f.Data), f}, nil
		}
		if list, ok := t.dirs[name]; ok {
			return &openDir{info{path.Base(name), 0, time.Time{}, fs.ModeDir | 0o555}, list}, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadFile implements fs.ReadFileFS; the bytes are the caller's.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	if f := t.files[name]; f != nil {
		return append([]byte{}, f.Data...), nil
	}
	return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
}

type info struct {
	name    string
	size    int64
	changed time.Time
	mode    fs.FileMode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return i.changed }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

type openFile struct {
	info info
	*bytes.Reader
	file *File
}

// Bytes returns the whole file as it is held, which may be mapped: nobody may change it, and it is
// good for as long as the tree is reachable.
func (f *openFile) Bytes() []byte { return f.file.Data }

// SHA256 returns its hash, or nil if nobody has looked.
func (f *openFile) SHA256() []byte { return f.file.Hash }

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openDir struct {
	info info
	rest []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(d.rest) {
		if n > 0 && len(d.rest) == 0 {
			return nil, io.EOF
		}
		n = len(d.rest)
	}
	list := slices.Clone(d.rest[:n])
	d.rest = d.rest[n:]
	return list, nil
}
