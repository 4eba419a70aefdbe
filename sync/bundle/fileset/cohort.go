package fileset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/sync/bundle/tuf"
)

// A new rule or list is tried by a few devices first (R27): rollout.json says which belong to a
// cohort, and files below cohort/<name>/ stand for those devices in the place of the ones
// without. One set serves all, so that what a cohort sees is signed like the rest.

const (
	rolloutFile = "rollout.json"
	cohortDir   = "cohort/"
	maxCohorts  = 16
)

// cohort is one line of rollout.json:
//
//	{"v": 1, "cohorts": [{"name": "canary", "devices": ["gate-01"], "share": 5}]}
//
// A device belongs to the first that names it, or in whose share, in percent, its name falls.
type cohort struct {
	Name    string
	Devices []string
	Share   uint64
}

// has reports whether a device belongs to it. Which devices a share means stays the same as it grows.
func (c cohort) has(device string) bool {
	sum := sha256.Sum256([]byte(c.Name + "\x00" + device))
	return slices.Contains(c.Devices, device) || binary.BigEndian.Uint64(sum[:])%100 < c.Share
}

func cohorts(files fs.FS) ([]cohort, error) {
	text, err := fs.ReadFile(files, rolloutFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var f struct {
		V       int
		Cohorts []cohort
	}
	if err := json.Unmarshal(text, &f); err != nil || f.V != 1 || len(f.Cohorts) > maxCohorts {
		return nil, fmt.Errorf("%w: %s: want \"v\": 1 and at most %d cohorts: %v", tuf.ErrContents, rolloutFile, maxCohorts, err)
	}
	for _, c := range f.Cohorts {
		if !tuf.RoleName(c.Name) || c.Share > 100 {
			return nil, fmt.Errorf("%w: %s: cohort %q: want a plain name, and a share of at most 100", tuf.ErrContents, rolloutFile, c.Name)
		}
	}
	return f.Cohorts, nil
}

// For gives the files as a device sees them, and the name of its cohort, if it belongs to one.
func For(files fs.FS, device string) (fs.FS, string, error) {
	list, err := cohorts(files)
	if err != nil {
		return nil, "", err
	}
	name := ""
	if i := slices.IndexFunc(list, func(c cohort) bool { return c.has(device) }); i >= 0 {
		name = list[i].Name
	}
	seen, err := overlay(files, name)
	return seen, name, err
}

// All gives the files as every cohort sees them, by its name, and under "" as all others do.
func All(files fs.FS) (map[string]fs.FS, error) {
	list, err := cohorts(files)
	if err != nil {
		return nil, err
	}
	views := map[string]fs.FS{}
	for _, c := range append(list, cohort{}) {
		if views[c.Name], err = overlay(files, c.Name); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// overlay is the files without the cohorts' own, but for those of one.
func overlay(files fs.FS, name string) (fs.FS, error) {
	view := map[string]*File{}
	own := cohortDir + name + "/"
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		at, mine := strings.CutPrefix(path, own)
		switch {
		case strings.HasPrefix(path, cohortDir) && (!mine || name == ""):
			return nil
		case !mine:
			if _, replaced := view[path]; replaced {
				return nil
			}
			at = path
		}
		view[at], err = open(files, path)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(view))
	for name := range view {
		names = append(names, name)
	}
	slices.Sort(names)
	t := New()
	for _, name := range names {
		t.Add(name, *view[name])
	}
	return t, nil
}

// open reads a file; one in memory is not copied.
func open(files fs.FS, name string) (*File, error) {
	if t, ok := files.(*Tree); ok {
		return t.files[name], nil
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err
	}
	return &File{Data: data, Changed: info.ModTime().Truncate(time.Second)}, nil
}
