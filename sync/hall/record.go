package hall

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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

type record struct {
	dir   string
	file  *os.File
	lines int
}

// line is one of the record.
type line struct {
	Begin *entry `json:"begin,omitempty"`
	N     uint64 `json:"n,omitempty"`
	End   string `json:"end,omitempty"` // used, free, gone
}

// openRecord reads the record; its last line may be torn. It is written anew without what is gone.
func openRecord(dir string) (*record, map[uint64]*entry, error) {
	entries := map[uint64]*entry{}
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("hall: %w", err)
	}
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, maxLine)
	for s.Scan() {
		var l line
		if json.Unmarshal(s.Bytes(), &l) != nil {
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
	r := &record{dir: dir}
	return r, entries, r.tidy(entries)
}

// tidy writes the record anew.
func (r *record) tidy(entries map[uint64]*entry) error {
	var b bytes.Buffer
	numbers := make([]uint64, 0, len(entries))
	for n := range entries {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for len(numbers) > maxEntries {
		delete(entries, numbers[0])
		numbers = numbers[1:]
	}
	enc := json.NewEncoder(&b)
	for _, n := range numbers {
		if err := enc.Encode(line{Begin: entries[n]}); err != nil {
			return fmt.Errorf("hall: %w", err)
		}
	}
	if err := statefile.Replace(filepath.Join(r.dir, recordFile), b.Bytes()); err != nil {
		return fmt.Errorf("hall: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(r.dir, recordFile), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("hall: %w", err)
	}
	if r.file != nil {
		r.file.Close()
	}
	r.file, r.lines = f, len(numbers)
	return nil
}

func (r *record) begin(e entry) error            { return r.append(line{Begin: &e}) }
func (r *record) end(n uint64, how string) error { return r.append(line{N: n, End: how}) }

// append writes a line to the disk.
func (r *record) append(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err = r.file.Write(append(text, '\n')); err == nil {
		err = r.file.Sync()
	}
	r.lines++
	return err
}
