// Package room says how far the journal's file may be filled, and by what: when it fills up,
// nobody is admitted any more, while those who were admitted, alarms and evacuations are
// still recorded, and then the journal's own upkeep goes on.
package room

import (
	"errors"
	"fmt"
	"path/filepath"

	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/layout"
)

var (
	// ErrFull: only the centre's marks, or a larger maximum, make room again.
	ErrFull = errors.New("journal: full of events that the centre has not confirmed: restore the connection to the centre")
	// ErrDisk: the disk has no more room for the file, and what it gave ahead is used up.
	ErrDisk = errors.New("journal: the storage is full")
)

// Purpose is what a write is for.
type Purpose int

const (
	Upkeep Purpose = iota // starts, marks, pruning
	Append                // everything else
	Claim                 // new admissions
)

// The disk gives the file room ahead of what is written. An admission begins only while two
// reserves of it are left, everything else but upkeep while one is, so that a full disk ends
// admissions first too, and no commit fails for it.
const (
	reserve = 512 << 10
	ahead   = 4 // reserves that are asked for
)

// Room is that of one file.
type Room struct {
	dir     string
	maxSize int64
	given   int64 // bytes of the file, from its start, that the disk has given
	short   error // why it gives no more; nil if it does
}

// In is the room of the journal in a state directory, of which its file may take maxSize bytes.
func In(dir string, maxSize int64) Room { return Room{dir: dir, maxSize: maxSize} }

// Ask has the disk give room ahead, if what is left is little. Of a file bbolt has taken size
// bytes into use, of which used are not free for new pages.
func (r *Room) Ask(size, used int64) {
	if r.short == nil && r.given-used >= int64(Claim)*reserve {
		return
	}
	for n := int64(ahead); n > 0; n-- {
		to := min(size+n*reserve, r.maxSize)
		err := boltfile.Allocate(filepath.Join(r.dir, layout.File), to)
		if err == nil {
			r.given = max(r.given, to)
			if n == ahead {
				r.short = nil
			}
			return
		}
		r.short = err
	}
	r.given = max(r.given, size) // which is written
}

// Full says why a write for p may not begin; nil if it may. Ask came before.
func (r *Room) Full(p Purpose, used int64) error {
	kept := max(r.maxSize/32, reserve)
	switch {
	case p == Upkeep:
		return nil
	case used >= r.maxSize-2*layout.AllocSize-int64(p)*kept:
		return ErrFull
	case r.given-used < int64(p)*reserve:
		return fmt.Errorf("%w: make room in %s: %w", ErrDisk, r.dir, r.short)
	}
	return nil
}

// Short reports whether the disk gives no more; what it gave before lasts a while.
func (r *Room) Short() bool { return r.short != nil }
