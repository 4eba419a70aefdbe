package inspection_test

import (
	"io/fs"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
)

// TestHeld: a set whose files may be mapped stays for as long as anybody judges by it.
func TestHeld(t *testing.T) {
	var gone atomic.Bool
	load := func() *inspection.Snapshot {
		files := &struct{ fs.FS }{newWorld(t).files}
		runtime.AddCleanup(files, func(struct{}) { gone.Store(true) }, struct{}{})
		s, err := inspection.Load(files, "7", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Vouched(now)
	}
	s := load()
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
	if gone.Load() {
		t.Fatal("the files went before the snapshot")
	}
	runtime.KeepAlive(s)
	s = nil
	for end := time.Now().Add(30 * time.Second); !gone.Load(); time.Sleep(10 * time.Millisecond) {
		if runtime.GC(); time.Now().After(end) {
			t.Fatal("the files stay without the snapshot")
		}
	}
}
