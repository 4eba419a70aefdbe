package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/tuf"
)

// Bounds on metadata, in bytes, and on the roots walked in one refresh.
const (
	maxRoot      = 512 << 10
	maxTimestamp = 16 << 10
	maxSnapshot  = 2 << 20
	maxTargets   = 5 << 20
	maxRole      = 1 << 20 // of a scheme: as many files as a set may have
	maxRotations = 256
)

// raw is the metadata of one set as it was signed.
type raw struct {
	root                         int64 // version of the root it was verified under
	timestamp, snapshot, targets []byte
	roles                        map[string][]byte // to which targets delegates, by name; never changed
}

// trusted is verified metadata.
type trusted struct {
	raw
	stamp metadata.TimestampType
	index *tuf.Lists
	list  []tuf.Target
}

// found is a verified set with its files.
type found struct {
	trusted  trusted
	files    *fileset.Tree
	verified time.Time
}

// identity tells sets apart: two of one version can only come from a stolen key, but still.
func (f *found) identity() string {
	h := sha256.New()
	h.Write(f.trusted.targets)
	for _, name := range slices.Sorted(maps.Keys(f.trusted.roles)) {
		fmt.Fprintf(h, "\n%s %d\n%s", name, len(f.trusted.roles[name]), f.trusted.roles[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (f *found) same(g *found) bool { return f.trusted.raw.equal(g.trusted.raw) }

func (t trusted) published() time.Time { return tuf.Published(t.stamp) }

// trustRoot starts from a pinned root; now is the time by which everything is judged.
func trustRoot(root []byte, now time.Time) (t *trustedmetadata.TrustedMetadata, err error) {
	err = guard(func() error {
		t, err = trustedmetadata.New(root)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.RefTime = now
	return t, nil
}

// guard turns a panic of the library into an error: metadata signed by a stolen key may
// lack members that it takes for granted, and must not stop the device.
func guard(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed metadata: %v", r)
		}
	}()
	return fn()
}

// snapshotOf gives what the timestamp says of the snapshot, targetsOf what the snapshot
// says of the targets.
func snapshotOf(t *trustedmetadata.TrustedMetadata) (*metadata.MetaFiles, error) {
	return entry(t.Timestamp.Signed.Meta, "snapshot.json", maxSnapshot)
}

func targetsOf(t *trustedmetadata.TrustedMetadata) (*metadata.MetaFiles, error) {
	return entry(t.Snapshot.Signed.Meta, "targets.json", maxTargets)
}

func entry(meta map[string]*metadata.MetaFiles, name string, most int64) (*metadata.MetaFiles, error) {
	for name, m := range meta {
		if m == nil {
			return nil, fmt.Errorf("%w: nothing is said of %s", ErrRefused, name)
		}
	}
	m := meta[name]
	if m == nil {
		return nil, fmt.Errorf("%w: no word of %s", ErrRefused, name)
	}
	if m.Length > most || m.Length < 0 {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrRefused, name, m.Length, most)
	}
	return m, nil
}
