package tuf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// A scheme may sign its own files: the targets role delegates them by their names to a role with
// keys of the scheme (TUF section 4.5). A name that several roles list is that of the first of
// them, the targets role before all. What a role lists of other names is not for devices, and none
// delegates further.

// MaxRoles bounds the schemes of a set.
const MaxRoles = 64

// Roles checks to whom the targets role delegates.
func Roles(m *Lists) ([]metadata.DelegatedRole, error) {
	d := m.Signed.Delegations
	if d == nil {
		return nil, nil
	}
	if d.SuccinctRoles != nil || len(d.Roles) > MaxRoles {
		return nil, fmt.Errorf("%w: it delegates to bins, or to more than %d roles", ErrContents, MaxRoles)
	}
	seen := map[string]bool{}
	for _, r := range d.Roles {
		if !RoleName(r.Name) || seen[r.Name] || len(r.Paths) == 0 || r.Threshold < 1 {
			return nil, fmt.Errorf("%w: it delegates to %q: want a name of its own, paths, and a threshold", ErrContents, r.Name)
		}
		seen[r.Name] = true
	}
	return d.Roles, nil
}

// RoleName reports whether a scheme or a cohort may be called so: it becomes a file name, and is
// none of the four roles that TUF knows.
func RoleName(name string) bool {
	switch name {
	case metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP, "":
		return false
	}
	return len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// Within reports whether a role may list a name.
func Within(r metadata.DelegatedRole, name string) bool {
	is, err := r.IsDelegatedPath(name)
	return is && err == nil
}

// Gather puts the files of all roles together, sorted by name; load gives the verified metadata of
// a role that the index delegates to.
func Gather(index *Lists, load func(role string) (*Lists, error)) ([]Target, error) {
	list, err := listed(index, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, t := range list {
		taken[t.Name] = true
	}
	delegated, err := Roles(index)
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
		more, err := listed(m, func(name string) bool { return !taken[name] && !ended(name) && Within(r, name) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		for _, t := range more {
			taken[t.Name] = true
		}
		list = append(list, more...)
		if before := ended; r.Terminating {
			ended = func(name string) bool { return before(name) || Within(r, name) }
		}
	}
	slices.SortFunc(list, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	return list, checkList(list)
}
