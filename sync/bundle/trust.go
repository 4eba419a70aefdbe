package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// What a device takes. The centre's tools refuse more.
const (
	maxFile  = 8 << 20  // bytes
	maxTotal = 64 << 20 // bytes
	maxFiles = 2000
	maxName  = 200 // bytes
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
	index *metadata.Metadata[metadata.TargetsType]
	list  []target
}

// found is a verified set with its files.
type found struct {
	trusted  trusted
	files    *tree
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

// target is one file as the targets metadata lists it.
type target struct {
	name    string
	length  int64
	hash    []byte // SHA-256
	changed time.Time
	meta    *metadata.TargetFiles
}

func (t trusted) published() time.Time { return publishedIn(t.stamp) }

// publishedIn reads the time that our signer writes into the timestamp.
func publishedIn(t metadata.TimestampType) time.Time {
	return unixOf(t.UnrecognizedFields["published"])
}

func unixOf(v any) time.Time {
	if sec, ok := v.(float64); ok && sec > 0 && sec < 1<<40 {
		return time.Unix(int64(sec), 0).UTC()
	}
	return time.Time{}
}

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

// listed checks what a role lists of the names that it may.
func listed(m *metadata.Metadata[metadata.TargetsType], may func(name string) bool) ([]target, error) {
	var list []target
	for name, f := range m.Signed.Targets {
		if !may(name) {
			continue
		}
		if f == nil || len(f.Hashes["sha256"]) != sha256.Size {
			return nil, fmt.Errorf("%w: %q has no SHA-256", ErrContents, name)
		}
		list = append(list, target{name: name, length: f.Length, hash: f.Hashes["sha256"], changed: changedOf(f), meta: f})
	}
	return list, nil
}

// changedOf reads {"changed": <unix seconds>} from a target's custom member.
func changedOf(f *metadata.TargetFiles) time.Time {
	if f.Custom == nil {
		return time.Time{}
	}
	var custom map[string]any
	if json.Unmarshal(*f.Custom, &custom) != nil {
		return time.Time{}
	}
	return unixOf(custom["changed"])
}

// checkList bounds a sorted list of files and demands clean names.
func checkList(list []target) error {
	if len(list) > maxFiles {
		return fmt.Errorf("%w: %d files, at most %d", ErrContents, len(list), maxFiles)
	}
	total, names := int64(0), map[string]bool{}
	for _, t := range list {
		if !clean(t.name) {
			return fmt.Errorf("%w: file name %q: use letters, digits, '.', '-', '_' and '/', at most %d bytes, no part beginning with '.'", ErrContents, t.name, maxName)
		}
		if total += t.length; t.length < 0 || t.length > maxFile || total > maxTotal {
			return fmt.Errorf("%w: %s: %d bytes; a file has at most %d, all together %d", ErrContents, t.name, t.length, maxFile, maxTotal)
		}
		names[t.name] = true
	}
	for _, t := range list {
		for dir := path.Dir(t.name); dir != "."; dir = path.Dir(dir) {
			if names[dir] {
				return fmt.Errorf("%w: %s is a file and a directory", ErrContents, dir)
			}
		}
	}
	return nil
}

func clean(name string) bool {
	if !fs.ValidPath(name) || name == "." || len(name) > maxName {
		return false
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-/", r):
		default:
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return true
}
