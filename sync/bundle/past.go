package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// Past gives the set of an earlier version, as Set.Version says it, out of a repository that keeps
// them, as publish.Sign's does: signed under the pinned root or one that followed it. It may have
// expired, and nobody vouches for it now: Published is zero.
func Past(ctx context.Context, root []byte, fetch Fetcher, version string) (Set, error) {
	number, ofSnapshot, delegates := strings.Cut(version, ".")
	n, err := versionOf(number)
	var at int64
	if err == nil && delegates {
		at, err = versionOf(ofSnapshot)
	}
	if err != nil {
		return Set{}, fmt.Errorf("bundle: %q is no version of a set", version)
	}
	t, err := trustRoot(root, time.Time{})
	if err != nil {
		return Set{}, fmt.Errorf("bundle: the pinned root: %w", err)
	}
	r := &walk{ctx: ctx, fetch: fetch, consistent: true}
	index, _, err := once[metadata.TargetsType](r, metadata.TARGETS, n, maxTargets)
	if err != nil {
		return Set{}, err
	}
	if index.Signed.Version != n {
		return Set{}, fmt.Errorf("%w: %d.targets.json says it is version %d", ErrRefused, n, index.Signed.Version)
	}
	var snapshot *metadata.Metadata[metadata.SnapshotType]
	if delegates {
		if snapshot, err = snapshotThen(r, at, n); err != nil {
			return Set{}, err
		}
	}
	err = r.signedThen(t, func() error {
		if err := t.Root.VerifyDelegate(metadata.TARGETS, index); err != nil || snapshot == nil {
			return err
		}
		return t.Root.VerifyDelegate(metadata.SNAPSHOT, snapshot)
	})
	if err != nil {
		return Set{}, err
	}
	list, err := tuf.Gather(index, func(role string) (*tuf.Lists, error) { return roleThen(r, index, snapshot, role) })
	if err != nil {
		return Set{}, err
	}
	files, err := r.download(trusted{list: list}, nil)
	return Set{Version: version, FS: files}, err
}

// versionOf reads a version as it is written in names of files.
func versionOf(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return 0, strconv.ErrSyntax
	}
	return n, nil
}

// once fetches metadata of an earlier version, not believed yet.
func once[T metadata.Roles](r *walk, role string, version, most int64) (m *metadata.Metadata[T], data []byte, err error) {
	data, err = r.get(fmt.Sprintf("%d.%s.json", version, role), most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("bundle: the repository has no version %d of %s: give one that still keeps it: %w", version, role, fs.ErrNotExist)
	} else if err != nil {
		return nil, nil, err
	}
	err = guard(func() error { m, err = new(metadata.Metadata[T]).FromBytes(data); return err })
	return m, data, refused(role, err)
}

// signedThen follows the chain of roots to the one under which what verify looks at was signed.
func (r *walk) signedThen(t *trustedmetadata.TrustedMetadata, verify func() error) error {
	for range maxRotations {
		if guard(verify) == nil {
			return nil
		}
		next, err := r.get(fmt.Sprintf("%d.root.json", t.Root.Signed.Version+1), maxRoot)
		if err == nil {
			err = refused("root", guard(func() error { _, err := t.UpdateRoot(next); return err }))
		}
		if err != nil {
			break // none of them signed it, which is said below
		}
	}
	return refused("an earlier set", guard(verify))
}

// snapshotThen is the snapshot that goes with a version of the targets.
func snapshotThen(r *walk, version, targets int64) (*metadata.Metadata[metadata.SnapshotType], error) {
	m, _, err := once[metadata.SnapshotType](r, metadata.SNAPSHOT, version, maxSnapshot)
	if err != nil {
		return nil, err
	}
	if said, err := entry(m.Signed.Meta, "targets.json", maxTargets); err != nil {
		return nil, err
	} else if m.Signed.Version != version || said.Version != targets {
		return nil, fmt.Errorf("%w: %d.snapshot.json is version %d, with version %d of the targets, not %d", ErrRefused,
			version, m.Signed.Version, said.Version, targets)
	}
	return m, nil
}

// roleThen is what a scheme had signed then.
func roleThen(r *walk, index *tuf.Lists, snapshot *metadata.Metadata[metadata.SnapshotType], role string) (*tuf.Lists, error) {
	if snapshot == nil {
		return nil, fmt.Errorf("%w: which version of %s went with it nobody says", ErrContents, role)
	}
	said, err := entry(snapshot.Signed.Meta, role+".json", maxRole)
	if err != nil {
		return nil, err
	}
	m, data, err := once[metadata.TargetsType](r, role, said.Version, maxRole)
	if err != nil {
		return nil, err
	}
	err = guard(func() error { return errors.Join(said.VerifyLengthHashes(data), index.VerifyDelegate(role, m)) })
	if err == nil && m.Signed.Version != said.Version {
		err = fmt.Errorf("%d.%s.json says it is version %d", said.Version, role, m.Signed.Version)
	}
	return m, refused(role, err)
}
