package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCohorts(t *testing.T) {
	files := fstest.MapFS{
		"policy/door.json":               {Data: []byte("old")},
		"trust/HK.json":                  {Data: []byte("hk")},
		"cohort/canary/policy/door.json": {Data: []byte("new")},
		"cohort/canary/policy/more.json": {Data: []byte("more")},
		"cohort/half/policy/door.json":   {Data: []byte("half")},
		"rollout.json":                   {Data: []byte(`{"v":1,"cohorts":[{"name":"canary","devices":["gate-01"]},{"name":"half","share":50}]}`)},
	}
	count := map[string]int{}
	for i := range 1000 {
		_, name, err := For(files, fmt.Sprintf("gate-%02d", i))
		if err != nil {
			t.Fatal(err)
		}
		count[name]++
	}
	if count["canary"] != 1 || count["half"] < 430 || count["half"] > 570 {
		t.Errorf("%v", count)
	}
	view, name, err := For(files, "gate-01")
	if err != nil || name != "canary" {
		t.Fatal(name, err)
	}
	if err := fstest.TestFS(view, "policy/door.json", "policy/more.json", "trust/HK.json", "rollout.json"); err != nil {
		t.Error(err)
	}
	if b, err := fs.ReadFile(view, "policy/door.json"); err != nil || string(b) != "new" {
		t.Errorf("%s %v", b, err)
	}
	if _, err := fs.Stat(view, "cohort"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a device sees the others' files")
	}
	views, err := Views(files)
	if err != nil || len(views) != 3 {
		t.Fatal(len(views), err)
	}
	if b, err := fs.ReadFile(views[""], "policy/door.json"); err != nil || string(b) != "old" {
		t.Errorf("%s %v", b, err)
	}
	for _, bad := range []string{`{}`, `x`, `{"v":1,"cohorts":[{"name":"a/b"}]}`, `{"v":1,"cohorts":[{"name":"a","share":101}]}`} {
		if _, _, err := For(fstest.MapFS{"rollout.json": {Data: []byte(bad)}}, "g"); !errors.Is(err, ErrContents) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestResume: a line that breaks every few files, and a program that is ended in between, still get a
// large set, each file fetched once.
func TestResume(t *testing.T) {
	c := newCentre(t)
	for i := range 40 {
		c.files[fmt.Sprintf("revoked/HK/%02d", i)] = &fstest.MapFile{Data: []byte(strings.Repeat(fmt.Sprint(i), 100_000))}
	}
	c.change("trust/HK.json", "x")
	fetched, left := map[string]int{}, 0
	plain := c.fetch
	c.fetch = func(ctx context.Context, name string, max int64) ([]byte, error) {
		if strings.HasPrefix(name, "targets/") {
			if left--; left < 0 {
				return nil, errors.New("the line broke")
			}
			fetched[name]++
		}
		return plain(ctx, name, max)
	}
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	for try := 0; ; try++ {
		left = 7
		set, changed, err := s.Refresh(t.Context(), known(c.now))
		if err == nil && changed {
			if err := s.Activate(set); err != nil {
				t.Fatal(err)
			}
			break
		}
		if try > 10 {
			t.Fatal("it never ends: ", err)
		}
		if try == 3 {
			s.Close()
			s = c.device(path)
		}
	}
	if len(fetched) != 43 {
		t.Errorf("%d files", len(fetched))
	}
	for name, n := range fetched {
		if n != 1 {
			t.Errorf("%s was fetched %d times", name, n)
		}
	}
	content(t, s, "revoked/HK/39", strings.Repeat("39", 100_000))
}
