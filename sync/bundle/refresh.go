package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/tuf"
)

// refresh walks the client workflow (TUF specification section 5). Metadata that was verified on
// the way is kept even if a later step fails: it is the floor under which nothing is
// accepted again.
func (s *Store) refresh(ctx context.Context, now Time, from Fetcher) (next *found, err error) {
	kept, err := s.load()
	if err != nil {
		return nil, err
	}
	r := &walk{ctx: ctx, fetch: from, now: now, kept: kept, seen: kept.seen, roots: map[int64][]byte{}, arrived: arrived{store: s}}
	t, err := r.metadata(s.root)
	if saveErr := s.save(r); saveErr != nil {
		return nil, saveErr
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	current := s.current
	s.mu.Unlock()
	next = &found{trusted: t, verified: now.Now}
	if current != nil && current.same(next) {
		next.files = current.files
		return next, s.store(next, s.changed)
	}
	if s.rejected == next.identity() {
		return next, nil
	}
	if !now.Known && now.ahead(t.published()) {
		return nil, ErrClock
	}
	if err := s.tidy(current, next); err != nil {
		return nil, fmt.Errorf("bundle: the store: %w", err)
	}
	next.files, err = r.download(t, current)
	return next, err
}

// walk is one refresh.
type walk struct {
	ctx        context.Context
	fetch      Fetcher
	now        Time
	kept       kept
	seen       raw              // verified in this refresh or an earlier one
	roots      map[int64][]byte // new in this refresh
	consistent bool
	arrived    arrived
}

// How long one file may take: a mirror that trickles keeps nobody, and a slow line brings a large file.
const (
	patience = time.Minute
	perMiB   = 30 * time.Second
)

func (r *walk) get(name string, max int64) ([]byte, error) { return r.getIn(patience, name, max) }

func (r *walk) getIn(within time.Duration, name string, max int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(r.ctx, within)
	defer cancel()
	data, err := r.fetch(ctx, name, max)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrUnreachable, name, err)
	case int64(len(data)) > max:
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d", ErrRefused, name, len(data), max)
	}
	return data, nil
}

func (r *walk) metadata(pinned []byte) (trusted, error) {
	t, err := trustRoot(pinned, r.now.Now)
	if err != nil {
		return trusted{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := r.rotate(t); err != nil {
		return trusted{}, err
	}
	r.consistent = t.Root.Signed.ConsistentSnapshot
	r.seen.root = t.Root.Signed.Version
	if err := r.timestamp(t); err != nil {
		return trusted{}, err
	}
	if err := r.snapshot(t); err != nil {
		return trusted{}, err
	}
	targets, err := r.targets(t)
	if err != nil {
		return trusted{}, err
	}
	list, err := tuf.Gather(targets, func(role string) (*tuf.Lists, error) { return r.delegate(t, role) })
	return trusted{raw: r.seen.only(targets), stamp: t.Timestamp.Signed, index: targets, list: list}, err
}

// rotate follows the chain of roots, each signed by the one before (section 5.3).
func (r *walk) rotate(t *trustedmetadata.TrustedMetadata) error {
	for range maxRotations {
		version := t.Root.Signed.Version + 1
		if data, ok := r.kept.roots[version]; ok && guard(func() error { _, err := t.UpdateRoot(data); return err }) == nil {
			continue
		}
		data, err := r.get(fmt.Sprintf("%d.root.json", version), maxRoot)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = refused("root", guard(func() error { _, err := t.UpdateRoot(data); return err }))
		}
		if err != nil {
			return err
		}
		r.roots[version] = data
	}
	return fmt.Errorf("%w: more than %d roots since the last refresh", ErrRefused, maxRotations)
}

// refused says of metadata that is not believed what to do about it.
func refused(what string, err error) error {
	do := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, &metadata.ErrExpiredMetadata{}):
		do = ": have the centre sign again, and see that the device's clock is right"
	case errors.Is(err, &metadata.ErrUnsignedMetadata{}):
		do = ": it is signed by other keys than the root names: is this the device's centre?"
	case errors.Is(err, &metadata.ErrBadVersionNumber{}):
		do = ": it is older than what this device has seen, or not of one piece: bring the newest, whole"
	}
	return fmt.Errorf("%w: %s: %w%s", ErrRefused, what, err, do)
}

// timestamp: the one on the device, if it still verifies, is the floor (section 5.4).
func (r *walk) timestamp(t *trustedmetadata.TrustedMetadata) error {
	old := r.kept.seen.timestamp
	if old != nil {
		_ = guard(func() error { _, err := t.UpdateTimestamp(old); return err }) // expired is good enough for a floor
	}
	data, err := r.get("timestamp.json", maxTimestamp)
	if err != nil {
		return err
	}
	err = guard(func() error { _, err := t.UpdateTimestamp(data); return err })
	switch {
	case errors.Is(err, &metadata.ErrEqualVersionNumber{}):
		data = old
	case err != nil:
		return refused("timestamp", err)
	}
	if _, err := snapshotOf(t); err != nil {
		return err
	}
	if signed := tuf.Published(t.Timestamp.Signed); r.now.Known && r.now.ahead(signed) {
		return fmt.Errorf("%w: timestamp %d says it was signed at %s, and it is %s: have the centre set its clock and sign again", ErrRefused,
			t.Timestamp.Signed.Version, signed.Format(time.RFC3339), r.now.Now.UTC().Format(time.RFC3339))
	}
	r.seen.timestamp = data
	return nil
}

// snapshot: the one on the device, if the timestamp still means it, saves the download (section 5.5).
func (r *walk) snapshot(t *trustedmetadata.TrustedMetadata) error {
	want, err := snapshotOf(t)
	if err != nil {
		return err
	}
	if old := r.kept.seen.snapshot; old != nil {
		err := guard(func() error { _, err := t.UpdateSnapshot(old, true); return err })
		if err == nil && want.VerifyLengthHashes(old) == nil {
			_, err = targetsOf(t)
			return err
		}
	}
	data, err := r.get(r.versioned("snapshot", want.Version), limit(want.Length, maxSnapshot))
	if err != nil {
		return err
	}
	if err := guard(func() error { _, err := t.UpdateSnapshot(data, false); return err }); err != nil {
		return refused("snapshot", err)
	}
	if _, err := targetsOf(t); err != nil {
		return err
	}
	r.seen.snapshot = data
	return nil
}

// targets as snapshot (section 5.6).
func (r *walk) targets(t *trustedmetadata.TrustedMetadata) (m *tuf.Lists, err error) {
	want, err := targetsOf(t)
	if err != nil {
		return nil, err
	}
	update := func(data []byte) error {
		return guard(func() error { m, err = t.UpdateTargets(data); return err })
	}
	if old := r.kept.seen.targets; old != nil && update(old) == nil {
		return m, nil
	}
	data, err := r.get(r.versioned("targets", want.Version), limit(want.Length, maxTargets))
	if err != nil {
		return nil, err
	}
	if err := update(data); err != nil {
		return nil, refused("targets", err)
	}
	r.seen.targets = data
	return m, nil
}

func (r *walk) versioned(role string, version int64) string {
	if r.consistent {
		return fmt.Sprintf("%d.%s.json", version, role)
	}
	return role + ".json"
}

func limit(said, most int64) int64 {
	if said > 0 {
		return said
	}
	return most
}

// download gets the files that the set in force has not already (section 5.7).
func (r *walk) download(t trusted, current *found) (*fileset.Tree, error) {
	tree := fileset.New()
	for _, f := range t.list {
		file, ok := have(current, f)
		if !ok {
			var err error
			if file, err = r.file(f); err != nil {
				return nil, errors.Join(err, r.arrived.flush())
			}
		}
		tree.Add(f.Name, file)
	}
	return tree, nil
}

// file gets one, unless an earlier try has.
func (r *walk) file(f tuf.Target) (fileset.File, error) {
	if file, ok := r.arrived.earlier(f); ok {
		return file, nil
	}
	data, err := r.getIn(patience+time.Duration(f.Length>>20)*perMiB, r.stored(f), f.Length)
	if err != nil {
		return fileset.File{}, err
	}
	if err := f.Verify(data); err != nil {
		return fileset.File{}, refused(f.Name, err)
	}
	return r.arrived.add(f, data)
}

func (r *walk) stored(f tuf.Target) string {
	if !r.consistent {
		return "targets/" + f.Name
	}
	return tuf.Stored(f.Name, f.Hash)
}

func have(current *found, f tuf.Target) (file fileset.File, ok bool) {
	if current == nil {
		return file, false
	}
	file, ok = current.files.File(f.Name)
	file.Changed = f.Changed
	return file, ok && int64(len(file.Data)) == f.Length && bytes.Equal(file.Hash, f.Hash)
}
