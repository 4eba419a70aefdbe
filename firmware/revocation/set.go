package revocation

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"example.org/checkpoint/firmware/credential/revoked"
	"example.org/checkpoint/firmware/trust"
)

// Set is the revocation list of one scheme: a base of sorted hashes and deltas
// over it. It is immutable; reading and merging it at the same time is safe if
// its files may be read so.
type Set struct {
	Issued  time.Time
	Expires time.Time
	base    []sorted // ascending
	layers  []layer  // newest first
	bad     error    // who signed it may not
}

// layer is one delta.
type layer struct{ withdrawn, reinstated sorted }

// File is one file of hashes, of some size in bytes.
type File struct {
	At   io.ReaderAt
	Size int64
}

var (
	errCount = errors.New("another number of hashes than the list says")
	errSum   = errors.New("another content than the list says")
	errTwice = errors.New("a list of this scheme is there already")
	errOther = errors.New("the list is of another scheme")
)

// OpenSet puts a list and its files together. Every file is read once, and
// compared with what the list says of it.
func OpenSet(l revoked.List, open func(name string) (File, error)) (*Set, error) {
	s := &Set{Issued: l.Signed.Issued, Expires: l.Expires}
	for _, f := range l.Base {
		run, err := whole(f, 0, open)
		if err == nil && run[0].n > 0 && len(s.base) > 0 && run[0].first <= s.base[len(s.base)-1].last {
			err = errOrder
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if run[0].n > 0 {
			s.base = append(s.base, run[0])
		}
	}
	for _, d := range l.Deltas {
		runs, err := whole(d.File, d.Reinstated, open)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		s.layers = slices.Insert(s.layers, 0, layer{runs[0], runs[1]})
	}
	return s, nil
}

// whole opens a file whose last hashes, so many as tail says, are a run of their own.
func whole(f revoked.File, tail uint64, open func(string) (File, error)) ([2]sorted, error) {
	var out [2]sorted
	in, err := open(f.Name)
	if err != nil {
		return out, err
	}
	switch {
	case in.Size%width != 0:
		return out, errSize
	case uint64(in.Size/width) != f.Count:
		return out, errCount
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(in.At, 0, in.Size)); err != nil {
		return out, err
	}
	if !bytes.Equal(sum.Sum(nil), f.SHA256[:]) {
		return out, errSum
	}
	head := int64(f.Count - tail)
	for i, part := range [2][2]int64{{0, head}, {head * width, int64(tail)}} {
		if out[i], err = newSorted(in.At, part[0], part[1]); err == nil {
			err = out[i].check()
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// Has reports whether a hash is withdrawn. The newest delta that names it decides.
func (s *Set) Has(h Hash) (bool, error) {
	for _, l := range s.layers {
		if in, err := l.withdrawn.has(h); in || err != nil {
			return in, err
		}
		if in, err := l.reinstated.has(h); in || err != nil {
			return false, err
		}
	}
	i, found := slices.BinarySearchFunc(s.base, h, func(r sorted, h Hash) int {
		switch {
		case r.last < h:
			return -1
		case r.first > h:
			return 1
		}
		return 0
	})
	if !found {
		return false, nil
	}
	return s.base[i].has(h)
}

// Merge writes base and deltas as one new base in ascending order, and returns how
// many hashes it has. Meanwhile s answers as before.
func (s *Set) Merge(w io.Writer) (count int64, err error) {
	changes := map[Hash]bool{} // withdrawn or not
	for _, l := range slices.Backward(s.layers) {
		for h, err := range l.reinstated.all() {
			if err != nil {
				return 0, err
			}
			changes[h] = false
		}
		for h, err := range l.withdrawn.all() {
			if err != nil {
				return 0, err
			}
			changes[h] = true
		}
	}
	pending := slices.Sorted(maps.Keys(changes))
	out := bufio.NewWriterSize(w, 64<<10)
	put := func(h Hash) {
		var b [width]byte
		binary.BigEndian.PutUint64(b[:], uint64(h))
		out.Write(b[:]) // its error stays until Flush
		count++
	}
	for _, run := range s.base {
		for h, err := range run.all() {
			if err != nil {
				return count, err
			}
			for len(pending) > 0 && pending[0] < h {
				if changes[pending[0]] {
					put(pending[0])
				}
				pending = pending[1:]
			}
			if len(pending) > 0 && pending[0] == h {
				if changes[h] {
					put(h)
				}
				pending = pending[1:]
				continue
			}
			put(h)
		}
	}
	for _, h := range pending {
		if changes[h] {
			put(h)
		}
	}
	return count, out.Flush()
}

// Sets holds the revocation lists of all schemes. It is complete before it is asked.
type Sets struct{ byScheme map[string]*Set }

// Add decodes the list of a scheme and opens its files. One that is signed by
// somebody else is kept, but determines nothing.
func (l *Sets) Add(scheme string, signed []byte, store *trust.Store, open func(name string) (File, error)) error {
	list, err := revoked.Decode(signed)
	if err != nil {
		return err
	}
	if list.Signed.Issuer != scheme {
		return errOther
	}
	if l.byScheme[scheme] != nil {
		return errTwice
	}
	set, err := OpenSet(list, open)
	if err != nil {
		return err
	}
	by, _, err := store.VerifyUse(trust.Revocation, list.Signed)
	if err == nil && by != scheme {
		err = fmt.Errorf("%w: not a revocation key of %s", trust.ErrWrongUse, scheme)
	}
	set.bad = err
	if l.byScheme == nil {
		l.byScheme = map[string]*Set{}
	}
	l.byScheme[scheme] = set
	return nil
}

// Look asks the list of a scheme for an identity at a time, the earliest that it
// may be. A scheme without a list withdraws nothing by it: Valid, made never.
func (l *Sets) Look(scheme string, identity []byte, now time.Time) Answer {
	s := l.byScheme[scheme]
	if s == nil {
		return Answer{Status: Valid}
	}
	a := Answer{Changed: s.Issued, List: "revoked/" + scheme + ".json"}
	switch {
	case s.bad != nil:
		a.Why = s.bad
	case !now.Before(s.Expires):
		a.Why = errEnded
	default:
		in, err := s.Has(HashOf(identity))
		switch a.Why = err; {
		case err != nil:
		case in:
			a.Status = Withdrawn
		default:
			a.Status = Valid
		}
	}
	return a
}
