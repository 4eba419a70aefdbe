package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/mapped"
	"example.org/checkpoint/sync/bundle/tuf"
)

var errDamaged = errors.New("the store is damaged")

// The file:
var (
	bRoots  = []byte("roots")  // version → root metadata, each verified by the one before
	bSeen   = []byte("seen")   // role → newest metadata verified: the floor against rollback
	bActive = []byte("active") // role → metadata of the set in force, and the numbers below
	bFiles  = []byte("files")  // name → bytes of the set in force

	kRoot     = []byte("root")     // version the set in force was verified under
	kVerified = []byte("verified") // Unix nanoseconds
	kChanged  = []byte("changed")  // Unix nanoseconds
)

// rolePrefix is before the name of a role to which targets delegates.
const rolePrefix = "role/"

// kept is what earlier refreshes left.
type kept struct {
	roots map[int64][]byte
	seen  raw
}

func u64(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func number(b []byte) int64 {
	if len(b) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// openFile opens the file and loads the set in force; whatever is wrong with its structure
// is errDamaged, and a set that does not verify only leaves a fault.
func (s *Store) openFile(path string) (err error) {
	defer recoverDamage(&err)()
	if info, err := os.Stat(path); err == nil && info.Size() > 0 && info.Size() < int64(2*os.Getpagesize()) {
		return errDamaged
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %w", errDamaged, err)
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("the running device holds %s: stop it first", path)
	case err != nil:
		return err
	}
	s.db = db
	loaded := false
	defer func() {
		if !loaded {
			db.Close()
		}
	}()
	if s.large, err = mapped.Open(folderOf(path)); err != nil { // nobody else is at it: the database is ours
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bRoots, bSeen, bActive, bFiles, bPartial} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.restore(); errors.Is(err, errDamaged) {
		return err
	} else if err != nil {
		s.status.Fault = fmt.Errorf("%w: %w", ErrStored, err)
	}
	loaded = true
	return nil
}

// recoverDamage turns a panic of bbolt, or a fault in the mapped file, into errDamaged:
// defer what it returns.
func recoverDamage(err *error) func() {
	was := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(was)
		if r := recover(); r != nil {
			*err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}
}

func setAside(path string) (string, error) {
	aside := path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000000000Z")
	return aside, os.Rename(path, aside)
}

// restore verifies the set in force from nothing but the pinned root and the file, at the
// time of the last good refresh, and reads every byte of it.
func (s *Store) restore() error {
	k, err := s.load()
	if err != nil {
		return err
	}
	var (
		active            raw
		verified, changed time.Time
		files             = map[string][]byte{}
	)
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bActive)
		active = readRaw(b)
		active.root = number(b.Get(kRoot))
		verified, changed = time.Unix(0, number(b.Get(kVerified))), time.Unix(0, number(b.Get(kChanged)))
		return tx.Bucket(bFiles).ForEach(func(name, data []byte) error {
			files[string(name)] = append([]byte{}, data...)
			return nil
		})
	})
	if err != nil || active.targets == nil {
		return err
	}
	t, err := verify(s.root, k.roots, active, verified)
	if err != nil {
		return err
	}
	tree := fileset.New()
	for _, f := range t.list {
		file, err := s.restored(f, files)
		if err != nil {
			return err
		}
		tree.Add(f.Name, file)
	}
	s.current, s.changed = &found{trusted: t, files: tree, verified: verified}, changed
	return nil
}

// restored gives one file of the set in force; in the database are those that are not large, and
// what an earlier version of the program has put there.
func (s *Store) restored(f tuf.Target, inDatabase map[string][]byte) (fileset.File, error) {
	data, ok := inDatabase[f.Name]
	switch {
	case !ok && f.Length >= tuf.Large:
		return s.spilt(f)
	case !ok:
		return fileset.File{}, fmt.Errorf("%s is missing", f.Name)
	}
	if err := f.Verify(data); err != nil {
		return fileset.File{}, fmt.Errorf("%s: %w", f.Name, err)
	}
	if f.Length >= tuf.Large {
		if file, err := s.spill(f, data); err == nil {
			return file, nil
		} // no room: it stays where it is
	}
	return small(f, data), nil
}

// verify judges metadata on the device as of the time it was last good.
func verify(pinned []byte, roots map[int64][]byte, m raw, at time.Time) (trusted, error) {
	t, err := trustRoot(pinned, at)
	if err != nil {
		return trusted{}, err
	}
	out := trusted{raw: m}
	err = guard(func() error {
		for t.Root.Signed.Version < m.root {
			if _, err := t.UpdateRoot(roots[t.Root.Signed.Version+1]); err != nil {
				return err
			}
		}
		if _, err := t.UpdateTimestamp(m.timestamp); err != nil {
			return err
		}
		if _, err := t.UpdateSnapshot(m.snapshot, false); err != nil {
			return err
		}
		out.index, err = t.UpdateTargets(m.targets)
		return err
	})
	if err != nil {
		return trusted{}, err
	}
	out.stamp = t.Timestamp.Signed
	out.list, err = tuf.Gather(out.index, func(role string) (more *tuf.Lists, err error) {
		err = guard(func() error { more, err = t.UpdateDelegatedTargets(m.roles[role], role, metadata.TARGETS); return err })
		return more, err
	})
	return out, err
}

func readRaw(b *bolt.Bucket) raw {
	get := func(role string) []byte {
		if v := b.Get([]byte(role)); v != nil {
			return append([]byte{}, v...)
		}
		return nil
	}
	m := raw{timestamp: get("timestamp"), snapshot: get("snapshot"), targets: get("targets"), roles: map[string][]byte{}}
	c := b.Cursor()
	for k, v := c.Seek([]byte(rolePrefix)); k != nil && strings.HasPrefix(string(k), rolePrefix); k, v = c.Next() {
		m.roles[strings.TrimPrefix(string(k), rolePrefix)] = append([]byte{}, v...)
	}
	return m
}

func writeRaw(b *bolt.Bucket, m raw) error {
	for role, data := range map[string][]byte{"timestamp": m.timestamp, "snapshot": m.snapshot, "targets": m.targets} {
		if data != nil {
			if err := b.Put([]byte(role), data); err != nil {
				return err
			}
		}
	}
	return writeRoles(b, m.roles)
}

// writeRoles replaces the roles that are there.
func writeRoles(b *bolt.Bucket, roles map[string][]byte) error {
	for name := range readRaw(b).roles {
		if roles[name] == nil {
			if err := b.Delete([]byte(rolePrefix + name)); err != nil {
				return err
			}
		}
	}
	for name, data := range roles {
		if err := b.Put([]byte(rolePrefix+name), data); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) load() (k kept, err error) {
	k.roots = map[int64][]byte{}
	err = s.view(func(tx *bolt.Tx) error {
		k.seen = readRaw(tx.Bucket(bSeen))
		return tx.Bucket(bRoots).ForEach(func(version, data []byte) error {
			k.roots[number(version)] = append([]byte{}, data...)
			return nil
		})
	})
	return k, err
}

// save keeps the metadata that a refresh verified.
func (s *Store) save(r *walk) error {
	if old := r.kept.seen; len(r.roots) == 0 && bytes.Equal(old.timestamp, r.seen.timestamp) &&
		bytes.Equal(old.snapshot, r.seen.snapshot) && old.equal(r.seen) {
		return nil
	}
	return s.update(func(tx *bolt.Tx) error {
		for version, data := range r.roots {
			if err := tx.Bucket(bRoots).Put(u64(version), data); err != nil {
				return err
			}
		}
		return writeRaw(tx.Bucket(bSeen), r.seen)
	})
}

// store puts a set in force: metadata, times and files in one transaction. Files that are
// the same already stay untouched; large ones are on the disk already.
func (s *Store) store(f *found, changed time.Time) error {
	err := s.update(func(tx *bolt.Tx) error {
		active, files := tx.Bucket(bActive), tx.Bucket(bFiles)
		if err := errors.Join(writeRaw(active, f.trusted.raw), active.Put(kRoot, u64(f.trusted.root)),
			active.Put(kVerified, u64(f.verified.UnixNano())), active.Put(kChanged, u64(changed.UnixNano()))); err != nil {
			return err
		}
		var gone []string
		err := files.ForEach(func(name, _ []byte) error {
			if file, ok := f.files.File(string(name)); !ok || file.Held != nil {
				gone = append(gone, strings.Clone(string(name)))
			}
			return nil
		})
		for _, name := range gone {
			err = errors.Join(err, files.Delete([]byte(name)))
		}
		for name := range f.files.Names() {
			file, _ := f.files.File(name)
			if file.Held != nil {
				continue
			}
			if old := files.Get([]byte(name)); old == nil || !bytes.Equal(old, file.Data) {
				err = errors.Join(err, files.Put([]byte(name), file.Data))
			}
		}
		return errors.Join(err, forget(tx))
	})
	if err == nil {
		_ = s.tidy(f) // what cannot be removed now goes the next time
	}
	return err
}

func (s *Store) view(fn func(*bolt.Tx) error) (err error) {
	defer recoverDamage(&err)()
	return s.db.View(fn)
}

func (s *Store) update(fn func(*bolt.Tx) error) (err error) {
	defer recoverDamage(&err)()
	if err := s.db.Update(fn); err != nil {
		return fmt.Errorf("bundle: the store: %w", err)
	}
	return nil
}
