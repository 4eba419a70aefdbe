package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// Past gives the set of an earlier version out of a repository that keeps them, as publish.Sign's
// does: signed under the pinned root or one that followed it. It may have expired, and
// nobody vouches for it now: Published is zero.
func Past(ctx context.Context, root []byte, fetch Fetcher, version string) (Set, error) {
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || n < 1 {
		return Set{}, fmt.Errorf("bundle: %q is no version of a set", version)
	}
	t, err := trustRoot(root, time.Time{})
	if err != nil {
		return Set{}, fmt.Errorf("bundle: the pinned root: %w", err)
	}
	r := &walk{ctx: ctx, fetch: fetch, consistent: true}
	data, err := r.get(fmt.Sprintf("%d.targets.json", n), maxTargets)
	if errors.Is(err, fs.ErrNotExist) {
		return Set{}, fmt.Errorf("bundle: the repository has no version %d: give one that still keeps it: %w", n, fs.ErrNotExist)
	} else if err != nil {
		return Set{}, err
	}
	var index *tuf.Lists
	err = guard(func() error { index, err = metadata.Targets().FromBytes(data); return err })
	if err != nil {
		return Set{}, refused("targets", err)
	}
	signed := func() error { return guard(func() error { return t.Root.VerifyDelegate(metadata.TARGETS, index) }) }
	for range maxRotations {
		if signed() == nil {
			break
		}
		next, err := r.get(fmt.Sprintf("%d.root.json", t.Root.Signed.Version+1), maxRoot)
		if err == nil {
			err = refused("root", guard(func() error { _, err := t.UpdateRoot(next); return err }))
		}
		if err != nil {
			break // none of them signed it, which is said below
		}
	}
	if err := signed(); err != nil {
		return Set{}, refused("targets", err)
	}
	if index.Signed.Version != n {
		return Set{}, fmt.Errorf("%w: %d.targets.json says it is version %d", ErrRefused, n, index.Signed.Version)
	}
	list, err := tuf.Gather(index, func(role string) (*tuf.Lists, error) {
		return nil, fmt.Errorf("%w: which version of %s went with it nobody says", ErrContents, role)
	})
	if err != nil {
		return Set{}, err
	}
	files, err := r.download(trusted{list: list}, nil)
	return Set{Version: version, FS: files}, err
}
