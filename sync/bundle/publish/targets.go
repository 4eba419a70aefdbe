package publish

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// role is the metadata of a role that lists files, as it will be.
type role struct {
	version int64
	bytes   []byte
}

// pathsOf are the files that a scheme signs itself.
func pathsOf(scheme string) []string {
	return []string{"trust/" + scheme + ".json", "status/" + scheme + "/*", "revoked/" + scheme + ".json", "revoked/" + scheme + "/*"}
}

// targets signs what lists the files: each scheme that has a key its own, and the targets role
// the rest, and to whom it delegates.
func (w *writer) targets(files fs.FS) error {
	names, err := tuf.Check(files)
	if err != nil {
		return err
	}
	w.signed.Files = len(names)
	d := &metadata.Delegations{Keys: map[string]*metadata.Key{}}
	for _, scheme := range slices.Sorted(maps.Keys(w.keys.Schemes)) {
		half, err := public(w.keys.Schemes[scheme])
		if err != nil {
			return err
		}
		id, err := half.ID()
		if err != nil {
			return err
		}
		r := metadata.DelegatedRole{Name: scheme, KeyIDs: []string{id}, Threshold: 1, Terminating: true, Paths: pathsOf(scheme)}
		d.Keys[id], d.Roles = half, append(d.Roles, r)
		own := slices.Clone(names)
		own = slices.DeleteFunc(own, func(name string) bool { return !tuf.Within(r, name) })
		names = slices.DeleteFunc(names, func(name string) bool { return tuf.Within(r, name) })
		still := w.old.targets != nil && w.old.schemes[scheme] != nil && w.old.targets.VerifyDelegate(scheme, w.old.schemes[scheme]) == nil && hasKey(w.old.targets, id)
		if err := w.list(files, scheme, own, nil, w.old.schemes[scheme], w.keys.Schemes[scheme], still); err != nil {
			return err
		}
	}
	if len(d.Roles) == 0 {
		d = nil
	}
	still := w.old.targets != nil && w.inForce.VerifyDelegate(metadata.TARGETS, w.old.targets) == nil && sameDelegations(w.old.targets.Signed.Delegations, d)
	if err := w.list(files, metadata.TARGETS, names, d, w.old.targets, w.keys.Targets, still); err != nil {
		return err
	}
	w.signed.Targets = w.roles[metadata.TARGETS].version
	return nil
}

func hasKey(m *tuf.Lists, id string) bool {
	return m.Signed.Delegations != nil && m.Signed.Delegations.Keys[id] != nil
}

func sameDelegations(a, b *metadata.Delegations) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.Roles, b.Roles, func(a, b metadata.DelegatedRole) bool {
		return a.Name == b.Name && a.Threshold == b.Threshold && a.Terminating == b.Terminating && slices.Equal(a.KeyIDs, b.KeyIDs) && slices.Equal(a.Paths, b.Paths)
	})
}

// list signs the list of one role, if it is not still what it was: nothing has changed, the keys
// neither, and it is not due.
func (w *writer) list(files fs.FS, name string, names []string, d *metadata.Delegations, old *tuf.Lists, key ed25519.PrivateKey, still bool) error {
	next := metadata.Targets(w.now.Add(w.life.Targets))
	next.Signed.Delegations = d
	changed := old == nil || len(old.Signed.Targets) != len(names)
	for _, file := range names {
		data, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		since := w.now
		if before := oldTarget(old, file); before != nil && bytes.Equal(before.Hashes["sha256"], sum[:]) {
			if t := tuf.Changed(before); !t.IsZero() {
				since = t
			}
		} else {
			changed = true
			if err := w.write(output{tuf.Stored(file, sum[:]), data}); err != nil { // under its hash: nobody asks for it yet
				return err
			}
		}
		custom, err := json.Marshal(map[string]int64{"changed": since.Unix()})
		if err != nil {
			return err
		}
		next.Signed.Targets[file] = &metadata.TargetFiles{Length: int64(len(data)),
			Hashes: metadata.Hashes{"sha256": sum[:]}, Custom: (*json.RawMessage)(&custom)}
	}
	w.signed.Changed = w.signed.Changed || changed
	if old != nil {
		if !changed && still && !w.due(old.Signed.Expires, w.life.Targets) {
			w.roles[name] = role{old.Signed.Version, w.old.raw[name]}
			return nil
		}
		next.Signed.Version = old.Signed.Version + 1
	} else if s := w.old.snapshot; s != nil && s.Signed.Meta[name+".json"] != nil { // it was there before, and gone since
		next.Signed.Version = s.Signed.Meta[name+".json"].Version + 1
	}
	data, err := sign(next, key)
	if err != nil {
		return err
	}
	w.roles[name] = role{next.Signed.Version, data}
	w.out = append(w.out, output{fmt.Sprintf("%d.%s.json", next.Signed.Version, name), data})
	return nil
}

func oldTarget(old *tuf.Lists, name string) *metadata.TargetFiles {
	if old == nil {
		return nil
	}
	return old.Signed.Targets[name]
}

// snapshot says which version of each role is current. What was there once stays: a version may
// not vanish.
func (w *writer) snapshot() error {
	next := metadata.Snapshot(w.now.Add(w.life.Snapshot))
	same := w.old.snapshot != nil
	if same {
		maps.Copy(next.Signed.Meta, w.old.snapshot.Signed.Meta)
	}
	for name, r := range w.roles {
		before := next.Signed.Meta[name+".json"]
		same = same && before != nil && before.Version == r.version
		next.Signed.Meta[name+".json"] = describe(r.version, r.bytes)
	}
	if old := w.old.snapshot; old != nil {
		w.signed.Snapshot, w.snapshotBytes = old.Signed.Version, w.old.raw[metadata.SNAPSHOT]
		if same && !w.due(old.Signed.Expires, w.life.Snapshot) && w.inForce.VerifyDelegate(metadata.SNAPSHOT, old) == nil {
			return nil
		}
		next.Signed.Version = old.Signed.Version + 1
	}
	var err error
	w.signed.Snapshot = next.Signed.Version
	if w.snapshotBytes, err = sign(next, w.keys.Snapshot); err != nil {
		return err
	}
	w.out = append(w.out, output{fmt.Sprintf("%d.snapshot.json", next.Signed.Version), w.snapshotBytes})
	return nil
}
