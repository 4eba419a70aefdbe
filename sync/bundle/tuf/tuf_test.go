package tuf

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"
)

func TestCheck(t *testing.T) {
	many := fstest.MapFS{}
	for n := range MaxFiles + 1 {
		many[time.Duration(n).String()] = &fstest.MapFile{}
	}
	for name, bad := range map[string]fstest.MapFS{
		"empty": {}, "hidden": {".git/x": {}}, "space": {"a b": {}}, "not ASCII": {"門": {}},
		"link": {"a": {Mode: fs.ModeSymlink}}, "too large": {"a": {Data: make([]byte, MaxFile+1)}}, "too many": many,
	} {
		if _, err := Check(bad); !errors.Is(err, ErrContents) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", ".", "..", "../a", "/a", "a/", "a//b", "a/../b", `a\b`, "a/.b", "a\x00"} {
		if clean(bad) {
			t.Errorf("%q is clean", bad)
		}
	}
}
