package bundle

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// A scheme may sign its own files: the targets role delegates them by their names to a role with
// keys of the scheme (TUF section 4.5). A name that several roles list is that of the first of
// them, the targets role before all. What a role lists of other names is not for devices, and none
// delegates further.

// maxRoles bounds the schemes of a set.
const maxRoles = 32

// roles checks to whom the targets role delegates.
func roles(m *metadata.Metadata[metadata.TargetsType]) ([]metadata.DelegatedRole, error) {
	d := m.Signed.Delegations
	if d == nil {
		return nil, nil
	}
	if d.SuccinctRoles != nil || len(d.Roles) > maxRoles {
		return nil, fmt.Errorf("%w: it delegates to bins, or to more than %d roles", ErrContents, maxRoles)
	}
	seen := map[string]bool{}
	for _, r := range d.Roles {
		if !roleName(r.Name) || seen[r.Name] || len(r.Paths) == 0 || r.Threshold < 1 {
			return nil, fmt.Errorf("%w: it delegates to %q: want a name of its own, paths, and a threshold", ErrContents, r.Name)
		}
		seen[r.Name] = true
	}
	return d.Roles, nil
}

// roleName: it becomes a file name, and is none of the four that TUF knows.
func roleName(name string) bool {
	switch name {
	case metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP, "":
		return false
	}
	return len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// gather puts the files of all roles together.
func gather(index *metadata.Metadata[metadata.TargetsType], load func(role string) (*metadata.Metadata[metadata.TargetsType], error)) ([]target, error) {
	list, err := listed(index, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, t := range list {
		taken[t.name] = true
	}
	delegated, err := roles(index)
	if err != nil {
		return nil, err
	}
	ended := func(string) bool { return false } // by a terminating role: later ones are not asked for such names
	for _, r := range delegated {
		m, err := load(r.Name)
		if err != nil {
			return nil, err
		}
		if d := m.Signed.Delegations; d != nil && (len(d.Roles) > 0 || d.SuccinctRoles != nil) {
			return nil, fmt.Errorf("%w: %s delegates further, which devices do not follow", ErrContents, r.Name)
		}
		more, err := listed(m, func(name string) bool { return !taken[name] && !ended(name) && within(r, name) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		for _, t := range more {
			taken[t.name] = true
		}
		list = append(list, more...)
		if before := ended; r.Terminating {
			ended = func(name string) bool { return before(name) || within(r, name) }
		}
	}
	slices.SortFunc(list, func(a, b target) int { return strings.Compare(a.name, b.name) })
	return list, checkList(list)
}

func within(r metadata.DelegatedRole, name string) bool {
	is, err := r.IsDelegatedPath(name)
	return is && err == nil
}

// delegate fetches the metadata of a role, unless the one on the device is still the one that the
// snapshot means.
func (r *walk) delegate(t *trustedmetadata.TrustedMetadata, role string) (m *metadata.Metadata[metadata.TargetsType], err error) {
	want, err := entry(t.Snapshot.Signed.Meta, role+".json", maxRole)
	if err != nil {
		return nil, err
	}
	update := func(data []byte) error {
		return guard(func() error { m, err = t.UpdateDelegatedTargets(data, role, metadata.TARGETS); return err })
	}
	if old := r.kept.seen.roles[role]; old != nil && update(old) == nil {
		return m, nil
	}
	data, err := r.get(r.versioned(role, want.Version), limit(want.Length, maxRole))
	if err != nil {
		return nil, err
	}
	if err := update(data); err != nil {
		return nil, refused(role, err)
	}
	r.seen.roles = maps.Clone(r.seen.roles)
	if r.seen.roles == nil {
		r.seen.roles = map[string][]byte{}
	}
	r.seen.roles[role] = data
	return m, nil
}

// only keeps the roles that a set has.
func (m raw) only(index *metadata.Metadata[metadata.TargetsType]) raw {
	kept := map[string][]byte{}
	if d := index.Signed.Delegations; d != nil {
		for _, r := range d.Roles {
			if data, ok := m.roles[r.Name]; ok {
				kept[r.Name] = data
			}
		}
	}
	m.roles = kept
	return m
}

// equal reports whether two sets have the same files, signed by the same roles.
func (m raw) equal(other raw) bool {
	return bytes.Equal(m.targets, other.targets) && maps.EqualFunc(m.roles, other.roles, bytes.Equal)
}
