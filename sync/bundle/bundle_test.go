package bundle

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/sync/bundle/publish"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func known(now time.Time) Time { return Time{Now: now, Known: true} }

// centre is a repository in a directory, made with the product's own signer.
type centre struct {
	t     testing.TB
	dir   string
	keys  publish.Keys
	files fstest.MapFS
	now   time.Time
	got   []string // names fetched
	fetch Fetcher
}

func newKeys(t testing.TB, roots, threshold int) publish.Keys {
	key := func() ed25519.PrivateKey {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := publish.Keys{Threshold: threshold, Targets: key(), Snapshot: key(), Timestamp: key()}
	for range roots {
		k.Roots = append(k.Roots, key())
	}
	return k
}

func newCentre(t testing.TB) *centre {
	c := &centre{t: t, dir: t.TempDir(), keys: newKeys(t, 3, 2), now: noon, files: fstest.MapFS{
		"trust/HK.json": {Data: []byte(`{"v":1}`)}, "policy/door.json": {Data: []byte(`{"v":1,"profile":"door"}`)}, "empty.txt": {}}}
	c.fetch = func(ctx context.Context, name string, max int64) ([]byte, error) {
		c.got = append(c.got, name)
		return Dir(c.dir)(ctx, name, max)
	}
	c.sign()
	return c
}

func (c *centre) sign() publish.Signed {
	c.t.Helper()
	s, err := publish.Sign(c.dir, c.files, c.keys, c.now, publish.DefaultLifetimes)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *centre) change(name, text string) publish.Signed {
	c.t.Helper()
	c.files[name] = &fstest.MapFile{Data: []byte(text)}
	c.now = c.now.Add(time.Hour)
	return c.sign()
}

func (c *centre) root(version string) []byte {
	b, err := os.ReadFile(filepath.Join(c.dir, version+".root.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// device opens a store on a path; it is closed by the test's end or by hand.
func (c *centre) device(path string) *Store {
	c.t.Helper()
	s, err := Open(path, c.root("1"), c.fetch)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { s.Close() })
	return s
}

func take(t testing.TB, s *Store, now time.Time) Set {
	t.Helper()
	set, changed, err := s.Refresh(t.Context(), known(now))
	if err != nil || !changed {
		t.Fatalf("changed %v, %v", changed, err)
	}
	if err := s.Activate(set); err != nil {
		t.Fatal(err)
	}
	return set
}

func content(t testing.TB, s *Store, name, want string) {
	t.Helper()
	set, ok := s.Current()
	if !ok {
		t.Fatal("no set in force")
	}
	if b, err := fs.ReadFile(set.FS, name); err != nil || string(b) != want {
		t.Fatalf("%s = %q, %v; want %q", name, b, err, want)
	}
}

func TestColdNoChangeChange(t *testing.T) {
	c := newCentre(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	if _, ok := s.Current(); ok {
		t.Fatal("a set out of nothing")
	}
	set := take(t, s, c.now)
	if set.Version != "1" || !set.Verified.Equal(c.now) || !set.Published.Equal(c.now) {
		t.Errorf("%+v", set)
	}
	if err := fstest.TestFS(set.FS, "trust/HK.json", "policy/door.json", "empty.txt"); err != nil {
		t.Error(err)
	}

	c.got = nil
	later := c.now.Add(10 * time.Minute)
	if same, changed, err := s.Refresh(t.Context(), known(later)); err != nil || changed || !same.Verified.Equal(later) || same.Version != "1" {
		t.Fatalf("no change: %+v, %v, %v", same, changed, err)
	}
	if len(c.got) != 2 {
		t.Errorf("no change fetched %v", c.got)
	}

	c.got = nil
	c.change("policy/door.json", "new")
	set = take(t, s, c.now)
	if len(c.got) != 5 { // 2.root, timestamp, snapshot, targets, the one file
		t.Errorf("one file changed, fetched %v", c.got)
	}
	content(t, s, "policy/door.json", "new")
	for name, want := range map[string]time.Time{"policy/door.json": c.now, "trust/HK.json": noon} {
		if info, err := fs.Stat(set.FS, name); err != nil || !info.ModTime().Equal(want) {
			t.Errorf("%s changed %v, %v; want %v", name, info.ModTime(), err, want)
		}
	}
	if st := s.Status(); st.Version != "2" || !st.Changed.Equal(c.now) || !st.Tried.Equal(c.now) || st.Fault != nil {
		t.Errorf("%+v", st)
	}

	c.now = c.now.Add(time.Hour)
	if again := c.sign(); again.Changed || again.Targets != 2 || again.Snapshot != 2 || again.Timestamp != 3 {
		t.Errorf("signed again: %+v", again)
	}
	if same, changed, err := s.Refresh(t.Context(), known(c.now)); err != nil || changed || !same.Published.Equal(c.now) {
		t.Errorf("a newer timestamp: %+v, %v, %v", same, changed, err)
	}
}

func TestRejectedIsNotTriedAgain(t *testing.T) {
	c := newCentre(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	c.change("policy/door.json", "bad")
	bad, changed, err := s.Refresh(t.Context(), known(c.now))
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	s.Reject(bad, errors.New("policy/door.json: no rules"))
	if err := s.Activate(bad); !errors.Is(err, ErrNotCandidate) {
		t.Fatalf("activated after all: %v", err)
	}
	for range 2 {
		if set, changed, err := s.Refresh(t.Context(), known(c.now)); err != nil || changed || set.Version != "1" {
			t.Fatalf("offered again: %+v, %v, %v", set, changed, err)
		}
	}
	if st := s.Status(); st.Rejected != "2: policy/door.json: no rules" || st.Version != "1" {
		t.Errorf("%+v", st)
	}
	c.change("policy/door.json", "good")
	take(t, s, c.now)
	content(t, s, "policy/door.json", "good")
	if st := s.Status(); st.Rejected != "" {
		t.Errorf("%+v", st)
	}
}

func TestOfflineStart(t *testing.T) {
	c := newCentre(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	want := take(t, s, c.now)
	s.Close()

	c.fetch = func(context.Context, string, int64) ([]byte, error) { return nil, errors.New("no line") }
	s = c.device(path)
	content(t, s, "trust/HK.json", `{"v":1}`)
	muchLater := c.now.AddDate(3, 0, 0) // everything has long expired: the age is the caller's to judge
	set, changed, err := s.Refresh(t.Context(), known(muchLater))
	if !errors.Is(err, ErrUnreachable) || changed || set.Version != want.Version || !set.Verified.Equal(want.Verified) || !set.Published.Equal(want.Published) {
		t.Fatalf("%+v, %v, %v", set, changed, err)
	}
	if st := s.Status(); !st.Tried.Equal(muchLater) || !st.Changed.Equal(c.now) || st.Fault == nil {
		t.Errorf("%+v", st)
	}
}

func TestDamagedStore(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)/3] },
		"to 100":  func(b []byte) []byte { return b[:100] },
		"emptied": func(b []byte) []byte { return nil },
		"zeroed":  func(b []byte) []byte { return make([]byte, len(b)) },
		"noise":   func(b []byte) []byte { rand.Read(b); return b },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t)
			path := filepath.Join(t.TempDir(), "bundle.db")
			s := c.device(path)
			take(t, s, c.now)
			s.Close()
			b, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, damage(b), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			s = c.device(path)
			if _, ok := s.Current(); ok {
				t.Fatal("a set out of a damaged file")
			}
			take(t, s, c.now) // and the next refresh repairs it
			content(t, s, "trust/HK.json", `{"v":1}`)
		})
	}
}

// TestFlippedBits: no byte of the stored set can be changed unnoticed.
func TestFlippedBits(t *testing.T) {
	c := newCentre(t)
	c.change("policy/door.json", "THE RULES OF THIS DOOR")
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	s.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i := range b {
		if string(b[i:min(i+9, len(b))]) == "THE RULES" {
			b[i], found = 'S', true
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil || !found {
		t.Fatal(err, found)
	}
	s = c.device(path)
	if set, ok := s.Current(); ok || !errors.Is(s.Status().Fault, ErrStored) {
		t.Fatalf("%+v in force, %v", set, s.Status().Fault)
	}
	take(t, s, c.now)
	content(t, s, "policy/door.json", "THE RULES OF THIS DOOR")
}

func TestAnotherRootOfTrust(t *testing.T) {
	c, other := newCentre(t), newCentre(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	s.Close()
	s = other.device(path) // re-enrolled with another centre
	if _, ok := s.Current(); ok {
		t.Fatal("the old centre's set is still believed")
	}
	take(t, s, other.now)
}

func TestSignerNeedsTheRootKeys(t *testing.T) {
	c := newCentre(t)
	roots := c.keys.Roots
	c.keys.Roots = nil // offline, as in production
	c.change("policy/door.json", "x")
	c.keys.Snapshot = newKeys(t, 0, 2).Snapshot
	if _, err := publish.Sign(c.dir, c.files, c.keys, c.now, publish.DefaultLifetimes); !errors.Is(err, publish.ErrRootKeys) {
		t.Fatalf("a new online key without the root keys: %v", err)
	}
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)

	c.keys.Roots = roots
	if got := c.change("policy/door.json", "y"); got.Root != 2 {
		t.Fatalf("%+v", got)
	}
	c.keys.Roots = append(roots[1:], newKeys(t, 1, 2).Roots...) // one root key replaced, two of the old sign
	if got := c.change("policy/door.json", "z"); got.Root != 3 {
		t.Fatalf("%+v", got)
	}
	take(t, s, c.now)
	content(t, s, "policy/door.json", "z")
	s.Close()
	s = c.device(path) // verified from root 1 through 3 again
	content(t, s, "policy/door.json", "z")

	c.keys.Roots = roots[:1]
	if _, err := publish.Sign(c.dir, c.files, c.keys, c.now, publish.DefaultLifetimes); !errors.Is(err, publish.ErrRootKeys) {
		t.Fatalf("one root key of two: %v", err)
	}
}

func BenchmarkRefresh(b *testing.B) {
	c := newCentre(b)
	for n := range 200 {
		c.files[filepath.Join("lists", time.Duration(n).String()+".bin")] = &fstest.MapFile{Data: make([]byte, 1200)}
	}
	c.sign()
	b.Run("cold-203-files", func(b *testing.B) {
		for n := range b.N {
			s := c.device(filepath.Join(b.TempDir(), time.Duration(n).String()))
			take(b, s, c.now)
			s.Close()
		}
	})
	s := c.device(filepath.Join(b.TempDir(), "bundle.db"))
	take(b, s, c.now)
	b.Run("no-change", func(b *testing.B) {
		for b.Loop() {
			if _, changed, err := s.Refresh(b.Context(), known(c.now)); changed || err != nil {
				b.Fatal(changed, err)
			}
		}
	})
}
