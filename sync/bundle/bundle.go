// Package bundle brings the centre's signed set of lists, rules and texts to the device
// under TUF (The Update Framework, specification 1.0.31) and keeps the last good one.
//
// A set is taken whole or not at all. Refresh downloads and verifies a candidate; the
// caller parses it and says Activate or Reject. Metadata and files are kept in one bbolt
// file and change in one transaction, large files beside it under their hashes; at the next
// start, offline too, they are verified again as of the time of the last good refresh. How stale
// a set may be is not decided here: the caller judges its age by Published and Verified. Nothing
// that has expired is ever newly accepted.
//
// What a timestamp says of its own time is held against the clock. While somebody vouches
// for the clock, one that was signed ahead of it is refused, else it would be a floor under
// which every right one has expired. While nobody does, a newer word about the set in force
// is taken, but a new set only if the clock is not behind its signature: behind it nobody can
// say whether it has expired. A timestamp of a wrong time that was taken then is healed
// by one of a higher version and a right time.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/sync/bundle/mapped"
	"example.org/checkpoint/sync/bundle/tuf"
)

var (
	// ErrRefused: the repository offers what its signatures, versions or dates do not allow. The set in force stays.
	ErrRefused = errors.New("bundle: the repository is not believed")
	// ErrUnreachable: a file could not be fetched; try again later.
	ErrUnreachable = errors.New("bundle: the repository cannot be reached")
	// ErrContents: correctly signed, but no set that a device takes: too many or too large files, unclean names.
	ErrContents = tuf.ErrContents
	// ErrStored: what is on this device does not verify; a refresh replaces it.
	ErrStored = errors.New("bundle: the stored set does not verify: refresh it")
	// ErrClock: a new set is there, and the device's clock, for which nobody vouches, is behind its signature.
	ErrClock = errors.New("bundle: a new set waits until the device knows the time: set the clock")
	// ErrNotCandidate: Activate wants the set that Refresh gave last.
	ErrNotCandidate = errors.New("bundle: not the candidate of the last refresh")
)

// Fetcher gets one file of the repository, at most max bytes. A file that is not there is an
// error that is fs.ErrNotExist. Names: "timestamp.json", "3.root.json", "7.snapshot.json",
// "7.targets.json", "targets/policy/<sha256>.door.json".
type Fetcher func(ctx context.Context, name string, max int64) ([]byte, error)

// Slack is how far the centre's clock may be ahead of the device's.
const Slack = 5 * time.Minute

// Time is what the caller knows of the time.
type Time struct {
	Now   time.Time     // expiry is judged by it; not raised to what a repository has signed
	Doubt time.Duration // the true time is at most so far off; of a known one
	Known bool          // somebody vouches for Now
}

// ahead reports whether a signed time is later than it can be.
func (t Time) ahead(signed time.Time) bool { return signed.After(t.Now.Add(t.Doubt + Slack)) }

// Set is one verified set of files, immutable.
type Set struct {
	Version   string    // of the targets, a decimal number; where schemes sign their own files, a point and that of the snapshot follow
	FS        fs.FS     // the files, in memory or mapped; ModTime = when that file last changed, signed; zero if the signer did not say
	Verified  time.Time // the last refresh that found it to be the newest
	Published time.Time // when the centre signed the timestamp that vouches for it; zero if the signer did not say. Freshness is judged by it, and it is a floor for the clock
	Expires   time.Time // of that timestamp: from then on the centre no longer says that this is its newest set

	found *found // nil in the zero Set
}

// Status is what health shows.
type Status struct {
	Version  string    // in force; "" = none
	Verified time.Time // last good refresh of the set in force
	Changed  time.Time // "last changed": when the set in force was activated
	Tried    time.Time // "last tried": when Refresh last began, since the start
	Rejected string    // version that the device could not use, with the reason; "" = none
	Fault    error     // of the last refresh, or ErrStored; nil = well
	Aside    string    // where a damaged store was put at the start; "" = it was sound
}

// Store keeps the set in force. Refresh, Activate and Reject are one caller's; the others
// may be called from any goroutine.
type Store struct {
	root  []byte
	fetch Fetcher
	db    *bolt.DB
	large *mapped.Folder

	mu        sync.Mutex
	current   *found
	changed   time.Time
	candidate *found
	rejected  string // hash of targets metadata that was rejected since the start
	status    Status
}

// Open opens the store at path and verifies what is in it under the pinned root: the
// root.json that came with the package or the enrolment. A damaged file is put aside. An
// error means that the root or the path is unusable.
func Open(path string, root []byte, fetch Fetcher) (*Store, error) {
	if _, err := trustRoot(root, time.Time{}); err != nil {
		return nil, fmt.Errorf("bundle: the pinned root: %w", err)
	}
	s := &Store{root: root, fetch: fetch}
	err := s.openFile(path)
	if errors.Is(err, errDamaged) {
		if s.status.Aside, err = setAside(path); err == nil {
			err = s.openFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if s.current != nil {
		s.status.Version, s.status.Verified, s.status.Changed = s.current.version(), s.current.verified, s.changed
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Current gives the set in force; false when there is none.
func (s *Store) Current() (Set, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return Set{}, false
	}
	return s.current.set(), true
}

// Status may be called at any time.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Refresh asks the repository for its newest set. changed is true when set is a candidate
// that waits for Activate or Reject; otherwise set is the one in force. A rejected candidate is not
// offered again until a newer one appears or the program is started again.
func (s *Store) Refresh(ctx context.Context, now Time) (set Set, changed bool, err error) {
	s.note(func() { s.status.Tried = now.Now })
	set, changed, err = s.Import(ctx, now, s.fetch)
	s.note(func() { s.status.Fault = err })
	return set, changed, err
}

// Import is Refresh from another repository, such as Dir of a USB stick, by the same rules: nothing
// older than what was seen is taken, and nothing that has expired.
func (s *Store) Import(ctx context.Context, now Time, from Fetcher) (set Set, changed bool, err error) {
	next, err := s.refresh(ctx, now, from)
	s.note(func() {
		switch {
		case err != nil:
		case s.current != nil && s.current.same(next): // the same files, vouched for anew
			s.candidate, s.current = nil, next
			s.status.Verified = next.verified
		case s.rejected == next.identity():
		default:
			s.candidate, changed = next, true
		}
	})
	if changed {
		return next.set(), true, nil
	}
	set, _ = s.Current()
	return set, false, err
}

// Activate puts the candidate in force, in one transaction. After an error the set before
// stays in force.
func (s *Store) Activate(set Set) error {
	s.mu.Lock()
	next := s.candidate
	s.mu.Unlock()
	if next == nil || set.found != next {
		return ErrNotCandidate
	}
	if err := s.store(next, next.verified); err != nil {
		return err
	}
	s.note(func() {
		s.current, s.candidate, s.changed = next, nil, next.verified
		s.status.Version, s.status.Verified, s.status.Changed, s.status.Rejected = next.version(), next.verified, next.verified, ""
	})
	return nil
}

// Reject leaves the set before in force.
func (s *Store) Reject(set Set, why error) {
	s.note(func() {
		if s.candidate == nil || set.found != s.candidate {
			return
		}
		s.rejected, s.candidate = set.found.identity(), nil
		s.status.Rejected = fmt.Sprintf("%s: %v", set.Version, why)
	})
}

func (s *Store) note(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

func (f *found) version() string {
	v := strconv.FormatInt(f.trusted.index.Signed.Version, 10)
	if len(f.trusted.roles) == 0 {
		return v
	}
	return fmt.Sprintf("%s.%d", v, f.trusted.stamp.Meta["snapshot.json"].Version) // which says the versions of all roles
}

func (f *found) set() Set {
	return Set{Version: f.version(), FS: f.files, Verified: f.verified, Published: f.trusted.published(), Expires: f.trusted.stamp.Expires, found: f}
}
