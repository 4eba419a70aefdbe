package bundle

import (
	"fmt"
	"path/filepath"
	"strings"

	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/tuf"
)

// Large files, the parts of a list of many million hashes, lie beside the database in a folder, each
// under its hash, and are mapped: a set of 256 MiB costs little memory. They are there before the
// set that needs them is stored, so that a fetch which was cut off goes on where it was, and those
// that no set needs any more go when another is in force.

// folderOf is where they are, bundle.files beside bundle.db.
func folderOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".files" }

func small(f tuf.Target, data []byte) fileset.File {
	return fileset.File{Data: data, Hash: f.Hash, Changed: f.Changed}
}

// spill keeps a large file.
func (s *Store) spill(f tuf.Target, data []byte) (fileset.File, error) {
	m, err := s.large.Put(data)
	if err != nil {
		return fileset.File{}, fmt.Errorf("bundle: the store: %s: %w", f.Name, err)
	}
	return fileset.File{Data: m.Bytes(), Hash: f.Hash, Changed: f.Changed, Held: m}, nil
}

// spilt gives a large file that is there.
func (s *Store) spilt(f tuf.Target) (fileset.File, error) {
	m, err := s.large.Get(f.Hash, f.Length)
	if err != nil {
		return fileset.File{}, fmt.Errorf("%s: %w", f.Name, err)
	}
	return fileset.File{Data: m.Bytes(), Hash: f.Hash, Changed: f.Changed, Held: m}, nil
}

// tidy forgets the large files that none of the sets has.
func (s *Store) tidy(sets ...*found) error {
	needed := map[string]bool{}
	for _, set := range sets {
		if set == nil {
			continue
		}
		for _, f := range set.trusted.list {
			needed[string(f.Hash)] = true
		}
	}
	return s.large.Keep(needed)
}
