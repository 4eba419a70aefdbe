package bundle

import (
	"bytes"
	"maps"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// delegate fetches the metadata of a role, unless the one on the device is still the one that the
// snapshot means.
func (r *walk) delegate(t *trustedmetadata.TrustedMetadata, role string) (m *tuf.Lists, err error) {
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
func (m raw) only(index *tuf.Lists) raw {
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
