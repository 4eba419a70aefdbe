package hall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// disk is a file on a disk with faults on demand.
type disk struct {
	file
	room     int  // bytes that a write still gets; negative: as many as it wants
	stuck    bool // nothing can be taken back
	syncing  chan struct{}
	released chan struct{}
	synced   atomic.Int64
	fails    int // waits for the disk from now on
}

func (d *disk) Write(b []byte) (int, error) {
	if d.room < 0 || len(b) <= d.room {
		return d.file.Write(b)
	}
	n, err := d.file.Write(b[:d.room])
	return n, errors.Join(err, syscall.ENOSPC)
}

func (d *disk) Truncate(size int64) error {
	if d.stuck {
		return syscall.EIO
	}
	return d.file.Truncate(size)
}

func (d *disk) Sync() error {
	d.synced.Add(1)
	if d.fails--; d.fails >= 0 {
		return syscall.EIO
	}
	if d.syncing != nil {
		close(d.syncing)
		d.syncing = nil
		<-d.released
	}
	return d.file.Sync()
}

// TestFullDisk: what could not be written whole spoils no line behind it, whether it can be taken
// back or not.
func TestFullDisk(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		for _, room := range []int{0, 1, 30, 150} {
			synctest.Test(t, func(t *testing.T) {
				hub := newMeeting()
				a := newGate(t, "a", hub)
				a.Settle(a.admits("before").N, true)
				full := &disk{file: a.log.file, room: room, stuck: stuck}
				a.log.file = full
				for range 2 {
					if _, _, err := a.Claim(t.Context(), "1/x", ids("x")); !errors.Is(err, syscall.ENOSPC) {
						t.Fatalf("a claim that is not noted: %v", err)
					}
				}
				full.room = -1
				for i := range 3 {
					a.Settle(a.admits(fmt.Sprint("after", i)).N, true)
				}
				if !stuck {
					text, err := os.ReadFile(filepath.Join(a.dir, recordFile))
					if err != nil || int64(len(text)) != a.log.size {
						t.Errorf("%d bytes, %d known, %v", len(text), a.log.size, err)
					}
				}
				a.Hall.Close()
				a.open(hub)
				if len(a.entries) != 4 {
					t.Errorf("room for %d bytes, stuck %v: %d claims are known after a restart", room, stuck, len(a.entries))
				}
				for n, e := range a.entries {
					if e.End != "used" {
						t.Errorf("claim %d is %q", n, e.End)
					}
				}
			})
		}
	}
}

// TestTidyBlocksNobody: while the record is written anew to a disk that does not answer, people are
// let in, and what they did is in the new record.
func TestTidyBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a := newGate(t, "a", hub)
		first := a.admits("first")
		slow := &disk{room: -1, syncing: make(chan struct{}), released: make(chan struct{})}
		syncing := slow.syncing
		a.log.create = func(dir string) (file, string, error) {
			f, name, err := createFile(dir)
			slow.file = f
			return slow, name, err
		}
		a.log.lines = tidyAt + 10
		done := make(chan struct{})
		go func() { a.tidy(); close(done) }() // ends when the disk answers
		<-syncing
		began := time.Now()
		a.Settle(first.N, true)
		a.Settle(a.admits("second").N, true)
		third := a.admits("third")
		a.Settle(third.N, false)
		if s := a.State(); s.Waiting != 1 || time.Since(began) != 0 {
			t.Errorf("%+v after %v", s, time.Since(began))
		}
		close(slow.released)
		<-done
		a.Settle(a.admits("fourth").N, true)
		a.Hall.Close()
		a.open(hub)
		for n, want := range map[uint64]string{1: "used", 2: "used", 3: "free", 4: "used"} {
			if e := a.entries[n]; e == nil || e.End != want {
				t.Errorf("claim %d: %+v, want %s", n, e, want)
			}
		}
		if text, err := os.ReadDir(a.dir); err != nil || len(text) != 2 { // the record and the keys
			t.Errorf("%v, %v", text, err)
		}
	})
}

// TestManyAtOnce: while the disk is slow with one claim, those of other lanes wait for one more
// answer of it together.
func TestManyAtOnce(t *testing.T) {
	a := newGate(t, "a", newMeeting())
	slow := &disk{file: a.log.file, room: -1, syncing: make(chan struct{}), released: make(chan struct{})}
	syncing := slow.syncing
	a.log.file = slow
	var lanes sync.WaitGroup
	lanes.Go(func() { a.admits("first") })
	<-syncing
	before := slow.synced.Load()
	for i := range 10 {
		lanes.Go(func() { a.admits(fmt.Sprint("x", i)) })
	}
	eventually(t, "all are written", func() bool {
		a.log.mu.Lock()
		defer a.log.mu.Unlock()
		return a.log.written == 11
	})
	close(slow.released)
	lanes.Wait()
	if n := slow.synced.Load() - before; n != 1 {
		t.Errorf("the disk was waited for %d times more", n)
	}
	a.Hall.Close()
	if _, entries, err := openRecord(a.dir); err != nil || len(entries) != 11 {
		t.Errorf("%d claims, %v", len(entries), err)
	}
}

// TestTidyFails: a record that cannot be written anew stays as it was, with what came meanwhile.
func TestTidyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a := newGate(t, "a", hub)
		a.Settle(a.admits("first").N, true)
		a.log.create = func(dir string) (file, string, error) {
			f, name, err := createFile(dir)
			return &disk{file: f, room: 20}, name, err
		}
		a.log.lines = tidyAt + 10
		a.tidy()
		a.Settle(a.admits("second").N, true)
		a.Hall.Close()
		a.open(hub)
		if len(a.entries) != 2 {
			t.Errorf("%d claims", len(a.entries))
		}
	})
}

// TestTidyDoesNotStay: once the new file is there what comes goes to it, whatever the disk says of
// its folder.
func TestTidyDoesNotStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a := newGate(t, "a", hub)
		a.Settle(a.admits("first").N, true)
		a.log.settle = func(string) error { return syscall.EIO }
		a.log.lines = tidyAt + 10
		a.tidy()
		a.Settle(a.admits("second").N, true)
		a.Hall.Close()
		a.open(hub)
		if len(a.entries) != 2 {
			t.Errorf("%d claims", len(a.entries))
		}
	})
}

// TestDiskFailedOnce: of two who wait for a disk that fails once, neither hears that all is well:
// what it says of its next wait is not about what was written before.
func TestDiskFailedOnce(t *testing.T) {
	a := newGate(t, "a", newMeeting())
	a.log.file = &disk{file: a.log.file, room: -1, fails: 1}
	var numbers []uint64
	for range 2 {
		n, err := a.log.write([]byte("{}\n"))
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	for _, n := range numbers {
		if err := a.log.sync(n); err == nil {
			t.Errorf("%d is on the disk", n)
		}
	}
	if err := a.log.end(1, "gone"); err != nil {
		t.Errorf("the disk is well again: %v", err)
	}
}

// FuzzRecord: whatever is in the file, the device starts.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"begin":{"n":1,"what":"1/7","at":"2026-11-21T08:00:00Z","marks":[{"key":"k","value":"e30=","until":"2026-11-21T09:00:00Z"}]}}` + "\n" + `{"n":1,"end":"used"}`))
	f.Add([]byte("{\"n\":1,\"end\":\"gone\"}\n{\"begin\":{\"n\":18446744073709551615}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, recordFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		r, _, err := openRecord(dir)
		if err != nil {
			t.Fatal(err)
		}
		r.file.Close()
	})
}
