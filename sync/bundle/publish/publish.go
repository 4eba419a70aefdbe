// Package publish signs the files of a set into a repository under TUF (The Update Framework,
// specification 1.0.31) that devices can fetch from.
package publish

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// Lifetimes of what is signed. A device accepts nothing new that has expired; how long it goes on
// with what it has is policy (freshness.json), not this.
type Lifetimes struct{ Root, Targets, Snapshot, Timestamp time.Duration }

// DefaultLifetimes suit a timestamp that is signed again hourly and a root that is renewed by hand.
var DefaultLifetimes = Lifetimes{Root: 2 * 365 * 24 * time.Hour, Targets: 90 * 24 * time.Hour, Snapshot: 30 * 24 * time.Hour, Timestamp: 3 * 24 * time.Hour}

// ErrRootKeys means that a root is to be made or changed, and too few of the old and new root keys are there.
var ErrRootKeys = errors.New("bundle: a new root is due and needs the root keys")

// Signed says what a repository is at after signing.
type Signed struct {
	Root, Targets, Snapshot, Timestamp int64 // versions
	Files                              int
	Changed                            bool // other files than before
}

// Sign signs files into the repository in dir, which it makes or carries on: consistent
// snapshots, each role's version one higher when it changes, the timestamp's always.
// Files that are the same keep the time of their last change. A reader, or a cut, in the
// middle sees the old set or the new one.
func Sign(dir string, files fs.FS, k Keys, now time.Time, life Lifetimes) (Signed, error) {
	now = now.UTC().Truncate(time.Second)
	old, err := readRepository(dir)
	if err != nil {
		return Signed{}, err
	}
	w := &writer{dir: dir, now: now, life: life, keys: k, old: old, roles: map[string]role{}}
	steps := []func() error{w.root, func() error { return w.targets(files) }, w.snapshot, w.timestamp, w.flush}
	for _, step := range steps {
		if err := step(); err != nil {
			return Signed{}, fmt.Errorf("bundle: sign: %w", err)
		}
	}
	return w.signed, nil
}

// repository is what was signed last; nil members = nothing yet.
type repository struct {
	root      *metadata.Metadata[metadata.RootType]
	targets   *tuf.Lists
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	timestamp *metadata.Metadata[metadata.TimestampType]
	raw       map[string][]byte // bytes by role
	schemes   map[string]*tuf.Lists
}

func readRepository(dir string) (r repository, err error) {
	r.raw, r.schemes = map[string][]byte{}, map[string]*tuf.Lists{}
	read := func(role, name string) bool {
		if err != nil {
			return false
		}
		data, readErr := os.ReadFile(filepath.Join(dir, name))
		if !errors.Is(readErr, fs.ErrNotExist) {
			err = readErr
		}
		r.raw[role] = data
		return readErr == nil
	}
	if read(metadata.ROOT, "root.json") {
		r.root, err = metadata.Root().FromBytes(r.raw[metadata.ROOT])
	}
	if read(metadata.TIMESTAMP, "timestamp.json") {
		r.timestamp, err = metadata.Timestamp().FromBytes(r.raw[metadata.TIMESTAMP])
	}
	if err != nil || r.timestamp == nil {
		return r, err
	}
	if r.root == nil {
		return r, errors.New("bundle: the repository has a timestamp.json and no root.json")
	}
	m := r.timestamp.Signed.Meta["snapshot.json"]
	if m != nil && read(metadata.SNAPSHOT, fmt.Sprintf("%d.snapshot.json", m.Version)) {
		r.snapshot, err = metadata.Snapshot().FromBytes(r.raw[metadata.SNAPSHOT])
	}
	if err != nil || r.snapshot == nil {
		return r, errors.Join(err, errors.New("bundle: the repository's snapshot is missing"))
	}
	m = r.snapshot.Signed.Meta["targets.json"]
	if m != nil && read(metadata.TARGETS, fmt.Sprintf("%d.targets.json", m.Version)) {
		r.targets, err = metadata.Targets().FromBytes(r.raw[metadata.TARGETS])
	}
	if err == nil && r.targets == nil {
		err = errors.New("bundle: the repository's targets are missing")
	}
	if err != nil {
		return r, err
	}
	delegated, err := tuf.Roles(r.targets)
	for _, d := range delegated {
		if m := r.snapshot.Signed.Meta[d.Name+".json"]; m != nil && read(d.Name, fmt.Sprintf("%d.%s.json", m.Version, d.Name)) {
			r.schemes[d.Name], err = metadata.Targets().FromBytes(r.raw[d.Name])
		}
	}
	return r, err
}

type output struct {
	name string
	data []byte
}

type writer struct {
	dir    string
	now    time.Time
	life   Lifetimes
	keys   Keys
	old    repository
	out    []output // metadata, in the order in which it may appear
	roots  []output // a new root, to appear just before the timestamp
	signed Signed

	inForce       *metadata.Metadata[metadata.RootType]
	roles         map[string]role // targets and those to which it delegates, as they are now
	snapshotBytes []byte
}

// due says whether something signed for so long is past half of its life.
func (w *writer) due(expires time.Time, life time.Duration) bool { return expires.Sub(w.now) < life/2 }

// root makes the first root, or the next one when keys, threshold or time ask for it.
func (w *writer) root() error {
	next := metadata.Root(w.now.Add(w.life.Root))
	for role, keys := range map[string][]ed25519.PrivateKey{metadata.ROOT: w.keys.Roots, metadata.TARGETS: {w.keys.Targets},
		metadata.SNAPSHOT: {w.keys.Snapshot}, metadata.TIMESTAMP: {w.keys.Timestamp}} {
		for _, key := range keys {
			half, err := public(key)
			if err == nil {
				err = next.Signed.AddKey(half, role)
			}
			if err != nil {
				return err
			}
		}
	}
	threshold := w.keys.Threshold
	if threshold == 0 {
		threshold = min(2, len(w.keys.Roots))
		if w.old.root != nil {
			threshold = w.old.root.Signed.Roles[metadata.ROOT].Threshold
		}
	}
	next.Signed.Roles[metadata.ROOT].Threshold = threshold
	if old := w.old.root; old != nil {
		w.inForce, w.signed.Root = old, old.Signed.Version
		if len(w.keys.Roots) == 0 { // as it should be: they lie offline
			for _, role := range []string{metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP} {
				if !slices.Equal(old.Signed.Roles[role].KeyIDs, next.Signed.Roles[role].KeyIDs) {
					return fmt.Errorf("%w: the %s key is not the one in root.json", ErrRootKeys, role)
				}
			}
			return nil
		}
		if sameRoles(old.Signed.Roles, next.Signed.Roles) && !w.due(old.Signed.Expires, w.life.Root) {
			return nil
		}
		next.Signed.Version = old.Signed.Version + 1
	}
	data, err := sign(next, w.keys.Roots...)
	if err == nil {
		err = next.VerifyDelegate(metadata.ROOT, next)
	}
	if err == nil && w.old.root != nil {
		err = w.old.root.VerifyDelegate(metadata.ROOT, next)
	}
	if err != nil {
		return fmt.Errorf("%w, %d of them: %w", ErrRootKeys, threshold, err)
	}
	w.inForce, w.signed.Root = next, next.Signed.Version
	w.roots = []output{{fmt.Sprintf("%d.root.json", next.Signed.Version), data}, {"root.json", data}}
	return nil
}

func sameRoles(a, b map[string]*metadata.Role) bool {
	for name := range b {
		if a[name] == nil || a[name].Threshold != b[name].Threshold || !sameSet(a[name].KeyIDs, b[name].KeyIDs) {
			return false
		}
	}
	return true
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func (w *writer) timestamp() error {
	next := metadata.Timestamp(w.now.Add(w.life.Timestamp))
	next.Signed.Meta["snapshot.json"] = describe(w.signed.Snapshot, w.snapshotBytes)
	next.Signed.UnrecognizedFields = map[string]any{"published": w.now.Unix()}
	if w.old.timestamp != nil {
		next.Signed.Version = w.old.timestamp.Signed.Version + 1
	}
	w.signed.Timestamp = next.Signed.Version
	data, err := sign(next, w.keys.Timestamp)
	w.out = append(append(w.out, w.roots...), output{"timestamp.json", data})
	return err
}

func describe(version int64, data []byte) *metadata.MetaFiles {
	sum := sha256.Sum256(data)
	return &metadata.MetaFiles{Version: version, Length: int64(len(data)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}

// flush writes what is new, each file whole, the timestamp last.
func (w *writer) flush() error {
	for _, o := range w.out {
		if err := w.write(o); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) write(o output) error {
	target := filepath.Join(w.dir, filepath.FromSlash(o.name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return replace(target, o.data)
}

func replace(target string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(target), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), target)
}
