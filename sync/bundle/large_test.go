package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/sync/bundle/publish"
	"example.org/checkpoint/sync/bundle/tuf"
)

// part is one of a large list, n bytes that no other has.
func part(i, n int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%08d", i), n/8) }

// inLarge are the files in the folder beside a store.
func inLarge(t testing.TB, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folderOf(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, filepath.Join(folderOf(path), e.Name()))
	}
	return names
}

// listOf gives the centre a list of so many parts.
func (c *centre) listOf(parts int) {
	for i := range parts {
		c.files[fmt.Sprintf("revoked/HK/%02d", i)] = &fstest.MapFile{Data: part(i, tuf.Large)}
	}
	c.change("trust/HK.json", fmt.Sprint(parts))
}

// TestLargeList: parts of a list lie mapped beside the database, each fetched once whatever is
// cut off, and go when no set needs them.
func TestLargeList(t *testing.T) {
	c := newCentre(t)
	c.listOf(12)
	fetched, left := map[string]int{}, 0
	plain := c.fetch
	c.fetch = func(ctx context.Context, name string, max int64) ([]byte, error) {
		if strings.HasPrefix(name, "targets/revoked/") {
			if left--; left < 0 {
				return nil, errors.New("the line broke")
			}
			fetched[name]++
		}
		return plain(ctx, name, max)
	}
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	for try := range 2 {
		left = 4
		if _, changed, err := s.Refresh(t.Context(), known(c.now)); !errors.Is(err, ErrUnreachable) || changed {
			t.Fatal(changed, err)
		}
		if try == 1 { // killed while it wrote the next part
			s.Close()
			if err := os.WriteFile(filepath.Join(folderOf(path), ".new-1"), part(9, 1000), 0o600); err != nil {
				t.Fatal(err)
			}
			s = c.device(path)
		}
	}
	left = 4
	set := take(t, s, c.now)
	if len(fetched) != 12 || len(inLarge(t, path)) != 12 {
		t.Errorf("%d parts fetched, %d there", len(fetched), len(inLarge(t, path)))
	}
	for name, n := range fetched {
		if n != 1 {
			t.Errorf("%s was fetched %d times", name, n)
		}
	}
	content(t, s, "revoked/HK/11", string(part(11, tuf.Large)))
	if info, err := os.Stat(path); err != nil || info.Size() > 4*tuf.Large {
		t.Errorf("the database has %d bytes, %v", info.Size(), err)
	}

	left = 100
	c.files["revoked/HK/03"] = &fstest.MapFile{Data: part(99, tuf.Large)}
	delete(c.files, "revoked/HK/11")
	c.change("trust/HK.json", "changed")
	take(t, s, c.now)
	if len(fetched) != 13 || len(inLarge(t, path)) != 11 {
		t.Errorf("after a change: %d parts fetched, %d there", len(fetched), len(inLarge(t, path)))
	}
	if old, err := fs.ReadFile(set.FS, "revoked/HK/11"); err != nil || !bytes.Equal(old, part(11, tuf.Large)) {
		t.Error("who judges by the set before has lost a part of it: ", err)
	}
	s.Close()
	s = c.device(path)
	content(t, s, "revoked/HK/03", string(part(99, tuf.Large)))
}

// TestDamagedPart: a part that a power cut, a disk or somebody has changed is noticed at the start
// and fetched again, and no other.
func TestDamagedPart(t *testing.T) {
	for name, damage := range map[string]func(file string) error{
		"a bit": func(file string) error {
			b, err := os.ReadFile(file)
			if err == nil {
				b[1000] ^= 1
				err = os.WriteFile(file, b, 0o600)
			}
			return err
		},
		"cut":  func(file string) error { return os.Truncate(file, 4096) },
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t)
			c.listOf(3)
			path := filepath.Join(t.TempDir(), "bundle.db")
			s := c.device(path)
			take(t, s, c.now)
			s.Close()
			if err := damage(inLarge(t, path)[1]); err != nil {
				t.Fatal(err)
			}
			s = c.device(path)
			if set, ok := s.Current(); ok || !errors.Is(s.Status().Fault, ErrStored) {
				t.Fatalf("%+v in force, %v", set, s.Status().Fault)
			}
			c.got = nil
			take(t, s, c.now)
			content(t, s, "revoked/HK/01", string(part(1, tuf.Large)))
			if got := strings.Count(strings.Join(c.got, " "), "targets/revoked/"); got != 1 {
				t.Errorf("%d parts fetched", got)
			}
		})
	}
}

// TestNoPlaceForParts: a disk that takes nothing more leaves the set before in force, and the next
// refresh that finds room takes the new one.
func TestNoPlaceForParts(t *testing.T) {
	c := newCentre(t)
	c.listOf(2)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	c.listOf(4)
	aside := folderOf(path) + ".aside"
	if err := errors.Join(os.Rename(folderOf(path), aside), os.WriteFile(folderOf(path), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, changed, err := s.Refresh(t.Context(), known(c.now)); err == nil || changed || errors.Is(err, ErrRefused) {
		t.Fatal(changed, err)
	}
	content(t, s, "revoked/HK/01", string(part(1, tuf.Large)))
	if err := errors.Join(os.Remove(folderOf(path)), os.Rename(aside, folderOf(path))); err != nil {
		t.Fatal(err)
	}
	take(t, s, c.now)
	content(t, s, "revoked/HK/03", string(part(3, tuf.Large)))
}

// TestTwoAtOnce: whoever opens the store of a running device takes nothing away from it.
func TestTwoAtOnce(t *testing.T) {
	c := newCentre(t)
	c.listOf(1)
	path := filepath.Join(t.TempDir(), "bundle.db")
	take(t, c.device(path), c.now)
	writing := filepath.Join(folderOf(path), ".new-1")
	if err := os.WriteFile(writing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path, c.root("1"), c.fetch); err == nil {
		s.Close()
		t.Fatal("opened twice")
	}
	if _, err := os.Stat(writing); err != nil {
		t.Error(err)
	}
}

// TestLargeInTheDatabase: an earlier version of the program has put large files there.
func TestLargeInTheDatabase(t *testing.T) {
	c := newCentre(t)
	c.listOf(2)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	err := s.update(func(tx *bolt.Tx) error {
		return errors.Join(tx.Bucket(bFiles).Put([]byte("revoked/HK/00"), part(0, tuf.Large)), tx.Bucket(bFiles).Put([]byte("revoked/HK/01"), part(1, tuf.Large)))
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := os.RemoveAll(folderOf(path)); err != nil {
		t.Fatal(err)
	}
	s = c.device(path)
	content(t, s, "revoked/HK/01", string(part(1, tuf.Large)))
	c.now = c.now.AddDate(0, 0, 1)
	c.sign()
	if _, changed, err := s.Refresh(t.Context(), known(c.now)); err != nil || changed {
		t.Fatal(changed, err)
	}
	s.Close()
	s = c.device(path)
	content(t, s, "revoked/HK/01", string(part(1, tuf.Large)))
	var inside []byte
	if err := s.view(func(tx *bolt.Tx) error { inside = tx.Bucket(bFiles).Get([]byte("revoked/HK/01")); return nil }); err != nil || inside != nil {
		t.Errorf("%d bytes are still in the database, %v", len(inside), err)
	}
}

// TestTenMillion: a list of 80 MB, more than may lie in memory, is signed, fetched, put in force and
// found again at a start, and the heap stays small.
func TestTenMillion(t *testing.T) {
	const parts, size = 10, 8_000_000
	src := t.TempDir()
	if err := os.MkdirAll(filepath.Join(src, "revoked", "HK"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range parts {
		if err := os.WriteFile(filepath.Join(src, "revoked", "HK", fmt.Sprint(i)), part(i, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := newCentre(t)
	if _, err := publish.Sign(c.dir, os.DirFS(src), c.keys, c.now, publish.DefaultLifetimes); err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	s.Close()
	s = c.device(path)
	if grown := heap() - before; grown > size {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	content(t, s, "revoked/HK/9", string(part(9, size)))
}
