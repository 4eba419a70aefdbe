package journal

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/verdict"
)

// fails makes every later write to the open journal fail, as a storage does that has died:
// the program's handle of the file is exchanged for one that cannot write.
func (b *bench) fails() {
	b.Helper()
	path := filepath.Join(b.dir, layout.File)
	readOnly, err := os.Open(path)
	b.must(err)
	defer readOnly.Close()
	handles, err := filepath.Glob("/proc/self/fd/*")
	b.must(err)
	for _, h := range handles {
		var fd int
		for _, c := range filepath.Base(h) {
			fd = 10*fd + int(c-'0')
		}
		if to, err := os.Readlink(h); err == nil && to == path && fd != int(readOnly.Fd()) {
			b.must(syscall.Dup3(int(readOnly.Fd()), fd, syscall.O_CLOEXEC))
		}
	}
}

// wait lets the time of the next try come.
func (j *Journal) wait() { j.retry.at = time.Now() }

// TestTheWayBack: the storage fails for a while. Nothing that was acknowledged is lost, nothing
// that was not is there afterwards, and the journal goes on by itself.
func TestTheWayBack(t *testing.T) {
	b := newBench(t)
	j := b.open()
	l := j.Lane("1")
	b.claim(l, 1, "", "a")
	b.fails()
	if r, err := l.Claim(claimed(b.now, 2, b.now.Add(time.Hour), "b")); err == nil {
		t.Fatalf("claimed: %q", r)
	}
	if j.Stats().Fault == nil {
		t.Error("no fault is shown")
	}
	if err := l.Append(event.Event{Kind: event.Alarm}); !errors.Is(err, ErrFailed) {
		t.Errorf("before it is time: %v", err)
	}
	if e, err := j.Entries(10, 1<<20); err == nil {
		t.Errorf("%d events go to the centre meanwhile", len(e))
	}

	// The failed commit happened all the same: its header is on the disk, unacknowledged.
	db, err := bolt.Open(filepath.Join(b.dir, layout.File), 0o600, &bolt.Options{Timeout: time.Second})
	b.must(err)
	b.must(db.Update(func(tx *bolt.Tx) error {
		return errors.Join(tx.DeleteBucket([]byte("marks")), tx.DeleteBucket([]byte("events")))
	}))
	b.must(db.Close())

	j.wait()
	b.settle(l, 1, true)
	b.claim(l, 3, verdict.Replayed, "a")
	b.claim(l, 4, "", "b") // the claim that failed has left no mark
	if got := b.kinds(j); got != "started claimed passed claimed" {
		t.Error(got)
	}
	if s := j.Stats(); s.Fault != nil || s.Seq != 4 || s.Origin != First {
		t.Errorf("%+v", s)
	}
	b.intact(b.dir)
	b.close(j)
	j = b.open()
	b.origin(j, Continued)
}

// TestTheWayBackIsTriedAgain while the storage stays away, less and less often, and by the
// watch when nothing happens.
func TestTheWayBackIsTriedAgain(t *testing.T) {
	b := newBench(t)
	j := b.open()
	b.fails()
	if err := j.Append(event.Event{Kind: event.Condition}); err == nil {
		t.Fatal("written")
	}
	path := filepath.Join(b.dir, layout.File)
	b.must(os.Rename(path, path+".away"))
	for range 10 {
		j.wait()
		if err := j.Tend(); !errors.Is(err, ErrFailed) {
			t.Error(err)
		}
	}
	if j.retry.pause != longPause {
		t.Error(j.retry.pause)
	}
	if err := j.Tend(); !errors.Is(err, ErrFailed) { // it is not time
		t.Error(err)
	}
	b.must(os.Rename(path+".away", path))
	j.wait()
	b.must(j.Tend())
	b.must(j.Append(event.Event{Kind: event.Condition}))
	if j.retry.pause != 0 {
		t.Error(j.retry.pause)
	}
}

// TestNotTheSameFile: what is not the acknowledged state is not gone on with.
func TestNotTheSameFile(t *testing.T) {
	b := newBench(t)
	j := b.open()
	backup, err := os.ReadFile(filepath.Join(b.dir, layout.File))
	b.must(err)
	for range 3 {
		b.alarm(j.Lane("1"))
	}
	good, err := os.ReadFile(filepath.Join(b.dir, layout.File))
	b.must(err)
	b.fails()
	if err := j.Append(event.Event{Kind: event.Condition}); err == nil {
		t.Fatal("written")
	}
	b.must(os.WriteFile(filepath.Join(b.dir, layout.File), backup, 0o600))
	j.wait()
	if err := j.Tend(); !errors.Is(err, ErrFailed) {
		t.Error(err)
	}
	b.must(os.WriteFile(filepath.Join(b.dir, layout.File), good, 0o600))
	j.wait()
	b.must(j.Tend())
	if got := b.kinds(j); got != "started alarm alarm alarm" {
		t.Error(got)
	}
}
