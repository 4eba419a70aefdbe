package hall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"example.org/checkpoint/firmware/journal/statefile"
)

// recordFile holds what this device has claimed and not ended everywhere: a line each when a
// claim begins, ends, and is gone. Identities are in it as keyed hashes only.
const recordFile = "hall.jsonl"

// Limits of the record.
const (
	maxEntries = 20_000 // claims that wait for the hub; the oldest is forgotten
	maxLine    = 64 << 10
	tidyAt     = 5_000 // lines after which it is written anew
)

// record is the file. Its methods may be called from several goroutines. None but tidy takes
// longer than two waits for the disk, however many are at it, and nobody waits for tidy.
type record struct {
	dir    string
	create func(dir string) (file, string, error) // a new private file there, and its path
	settle func(dir string) error                 // has a rename there stay

	syncing sync.Mutex // held by who waits for the disk; before mu
	mu      sync.Mutex
	file    file
	size    int64 // bytes
	torn    bool  // they end with a part of a line, which could not be taken back
	lines   int
	written uint64 // appends so far
	synced  uint64 // those of them that are on the disk
	lost    uint64 // those of them of which a wait for the disk that failed has left it open
	since   []byte // what was written since tidy began; nil: it is not at work
}

// errLost: the disk took what was written and then failed.
var errLost = errors.New("the disk has failed since it was written")

// file is an *os.File, or one that fails.
type file interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

func createFile(dir string) (file, string, error) {
	name := filepath.Join(dir, ".new-"+recordFile) // one a start that was cut off has left, too
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, "", err
	}
	return f, name, nil
}

// line is one of the record.
type line struct {
	Begin *entry `json:"begin,omitempty"`
	N     uint64 `json:"n,omitempty"`
	End   string `json:"end,omitempty"` // used, free, gone
}

// openRecord reads the record; what is no whole line is passed over. It is written anew without
// what is gone.
func openRecord(dir string) (*record, map[uint64]*entry, error) {
	entries := map[uint64]*entry{}
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("hall: %w", err)
	}
	for text := range bytes.Lines(text) {
		var l line
		if len(text) > maxLine || json.Unmarshal(text, &l) != nil {
			continue
		}
		switch e := entries[l.N]; {
		case l.Begin != nil:
			entries[l.Begin.N] = l.Begin
		case l.End == "gone":
			delete(entries, l.N)
		case e != nil:
			e.End = l.End
		}
	}
	r := &record{dir: dir, create: createFile, settle: statefile.SyncDir}
	return r, entries, r.tidy(func() []entry { return copied(entries) })
}

// copied gives the newest entries, oldest first, and forgets the others.
func copied(entries map[uint64]*entry) []entry {
	numbers := make([]uint64, 0, len(entries))
	for n := range entries {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for len(numbers) > maxEntries {
		delete(entries, numbers[0])
		numbers = numbers[1:]
	}
	all := make([]entry, 0, len(numbers))
	for _, n := range numbers {
		all = append(all, *entries[n])
	}
	return all
}

// tidy writes the record anew, as now says that it is. What others write meanwhile goes to the
// old file and then, by a short lock, behind the new one's lines: to read a line twice changes nothing.
func (r *record) tidy(now func() []entry) (err error) {
	r.mu.Lock()
	r.since, r.lines = []byte{}, 0 // after an error not again at once
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.since = nil; err != nil {
			err = fmt.Errorf("hall: %w", err)
		}
	}()
	entries := now()
	f, name, err := r.create(r.dir)
	if err != nil {
		return err
	}
	there := false
	size, err := writeAll(f, entries)
	if err == nil {
		there, err = r.exchange(f, name, size, len(entries))
	}
	if !there {
		f.Close()
		os.Remove(name)
	}
	return err
}

func writeAll(f file, entries []entry) (int64, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i := range entries {
		if err := enc.Encode(line{Begin: &entries[i]}); err != nil {
			return 0, err
		}
	}
	if _, err := f.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return int64(b.Len()), f.Sync()
}

// exchange puts a new file in the place of the old one, with what was written meanwhile. Once it is
// there what comes goes to it, also if the disk does not say that it stays there.
func (r *record) exchange(f file, name string, size int64, lines int) (there bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.since) > 0 {
		if _, err := f.Write(r.since); err != nil {
			return false, err
		}
		if err := f.Sync(); err != nil {
			return false, err
		}
	}
	if err := os.Rename(name, filepath.Join(r.dir, recordFile)); err != nil {
		return false, err
	}
	if r.file != nil {
		r.file.Close()
	}
	r.file, r.size, r.torn, r.lines, r.synced, r.lost = f, size+int64(len(r.since)), false, lines+r.lines, r.written, 0
	return true, r.settle(r.dir)
}

func (r *record) begin(e entry) error            { return r.append(line{Begin: &e}) }
func (r *record) end(n uint64, how string) error { return r.append(line{N: n, End: how}) }

// append writes a line to the disk, whole or not at all.
func (r *record) append(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	number, err := r.write(append(text, '\n'))
	if err != nil {
		return err
	}
	return r.sync(number)
}

func (r *record) write(text []byte) (number uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := r.file.Write(text)
	if err != nil {
		if r.file.Truncate(r.size) != nil {
			r.size, r.torn = r.size+int64(n), r.torn || n > 0
		}
		return 0, err
	}
	r.size, r.torn, r.lines, r.written = r.size+int64(n), false, r.lines+1, r.written+1
	if r.since != nil {
		r.since = append(r.since, text...)
	}
	return r.written, nil
}

// sync waits until an append is on the disk; one wait serves all that were written before it began.
func (r *record) sync(number uint64) error {
	r.syncing.Lock()
	defer r.syncing.Unlock()
	r.mu.Lock()
	file, written, done, lost := r.file, r.written, r.synced >= number, r.lost >= number
	r.mu.Unlock()
	switch {
	case lost: // to ask again would be answered well, and say nothing of what was written before
		return errLost
	case done:
		return nil
	}
	err := file.Sync()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.synced = max(r.synced, written)
	case r.file == file:
		r.lost = written
	}
	if r.synced >= number { // or tidy has put it into the new file
		return nil
	}
	return err
}

// count is how many lines there are.
func (r *record) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines
}

func (r *record) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}
