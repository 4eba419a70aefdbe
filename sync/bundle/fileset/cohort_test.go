package fileset_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/tuf"
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
		_, name, err := fileset.For(files, fmt.Sprintf("gate-%02d", i))
		if err != nil {
			t.Fatal(err)
		}
		count[name]++
	}
	if count["canary"] != 1 || count["half"] < 430 || count["half"] > 570 {
		t.Errorf("%v", count)
	}
	seen, name, err := fileset.For(files, "gate-01")
	if err != nil || name != "canary" {
		t.Fatal(name, err)
	}
	if err := fstest.TestFS(seen, "policy/door.json", "policy/more.json", "trust/HK.json", "rollout.json"); err != nil {
		t.Error(err)
	}
	if b, err := fs.ReadFile(seen, "policy/door.json"); err != nil || string(b) != "new" {
		t.Errorf("%s %v", b, err)
	}
	if _, err := fs.Stat(seen, "cohort"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a device sees the others' files")
	}
	views, err := fileset.All(files)
	if err != nil || len(views) != 3 {
		t.Fatal(len(views), err)
	}
	if b, err := fs.ReadFile(views[""], "policy/door.json"); err != nil || string(b) != "old" {
		t.Errorf("%s %v", b, err)
	}
	for _, bad := range []string{`{}`, `x`, `{"v":1,"cohorts":[{"name":"a/b"}]}`, `{"v":1,"cohorts":[{"name":"a","share":101}]}`} {
		if _, _, err := fileset.For(fstest.MapFS{"rollout.json": {Data: []byte(bad)}}, "g"); !errors.Is(err, tuf.ErrContents) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
