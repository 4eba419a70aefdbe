package bundle

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// TestSlowRetrieval: a mirror that never ends a file is given up after a minute, and what is in force stays.
func TestSlowRetrieval(t *testing.T) {
	m := newMirror(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := m.device(path)
	take(t, s, noon)
	m.next()
	m.put("rules.txt", "two")
	m.publish()
	kept, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, slow := range []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", stored("rules.txt", "two")} {
			began := time.Now()
			r := &walk{ctx: t.Context(), now: known(noon), kept: kept, roots: map[int64][]byte{}, fetch: func(ctx context.Context, name string, max int64) ([]byte, error) {
				if name == slow {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return m.fetch(ctx, name, max)
			}}
			found, err := r.metadata(s.root)
			if err == nil {
				_, err = r.download(found, s.current)
			}
			if !errors.Is(err, ErrUnreachable) || time.Since(began) != patience {
				t.Errorf("%s: %v after %v", slow, err, time.Since(began))
			}
		}
	})
	content(t, s, "rules.txt", "one")
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
