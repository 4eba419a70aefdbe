package revocation

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"sort"
)

// Hash stands for one withdrawn identity: the first 8 bytes of SHA-256 of its
// identity bytes (FORMATS A7), big-endian.
type Hash uint64

// HashOf returns the hash of identity bytes.
func HashOf(identity []byte) Hash {
	sum := sha256.Sum256(identity)
	return Hash(binary.BigEndian.Uint64(sum[:8]))
}

// width is the size of one hash in a file in bytes; page is how many are read at once.
const (
	width = 8
	page  = 64
)

var (
	errSize  = errors.New("not a whole number of hashes")
	errOrder = errors.New("the hashes are not in ascending order")
)

// sorted is a run of ascending hashes in memory or in a mapped or open file.
type sorted struct {
	at    io.ReaderAt
	from  int64 // of the first hash, in bytes
	n     int64
	first Hash
	last  Hash
}

// newSorted takes n hashes from an offset in bytes. It does not look at them all.
func newSorted(at io.ReaderAt, from, n int64) (sorted, error) {
	s := sorted{at: at, from: from, n: n}
	if n == 0 {
		return s, nil
	}
	var err error
	if s.first, err = s.get(0); err == nil {
		s.last, err = s.get(n - 1)
	}
	if err == nil && s.first > s.last {
		err = errOrder
	}
	return s, err
}

func (s sorted) get(i int64) (Hash, error) {
	var b buffer
	_, err := s.read(&b, i, 1)
	return b.hash(0), err
}

// has looks where a hash should be: hashes are spread evenly, so that its place is
// nearly known. It reads a few pages at most, and never more than twice what a search by halves would.
func (s sorted) has(h Hash) (bool, error) {
	if s.n == 0 || h < s.first || h > s.last {
		return false, nil
	}
	var b buffer
	low, high := int64(0), s.n // h is in [low, high) if anywhere
	below, above := s.first, s.last
	for turn := 0; high-low > page; turn++ {
		guess := low + (high-low)/2
		if turn%2 == 0 && above > below { // by halves every other time, against an uneven list
			guess = low + int64(float64(h-below)/float64(above-below)*float64(high-low-1)) - page/2
			guess = min(max(guess, low), high-page)
		}
		n, err := s.read(&b, guess, page)
		if err != nil {
			return false, err
		}
		switch first, last := b.hash(0), b.hash(n-1); {
		case h < first:
			high, above = guess, first
		case h > last:
			low, below = guess+n, last
		default:
			return b.contains(n, h), nil
		}
	}
	n, err := s.read(&b, low, high-low)
	return err == nil && b.contains(n, h), err
}

// buffer is a page as read.
type buffer [page * width]byte

// read fills b with up to n hashes and returns how many there are.
func (s sorted) read(b *buffer, from, n int64) (int64, error) {
	n = min(n, s.n-from)
	switch got, err := s.at.ReadAt(b[:n*width], s.from+from*width); {
	case got == int(n*width):
		return n, nil // also with io.EOF, exactly at the end
	case err == io.EOF:
		return 0, io.ErrUnexpectedEOF
	default:
		return 0, err
	}
}

func (b *buffer) hash(i int64) Hash { return Hash(binary.BigEndian.Uint64(b[i*width:])) }

// contains reports whether h is among the first n hashes.
func (b *buffer) contains(n int64, h Hash) bool {
	i := sort.Search(int(n), func(i int) bool { return b.hash(int64(i)) >= h })
	return i < int(n) && b.hash(int64(i)) == h
}

// all reads the run from its beginning. An error ends it, and is the last thing that it gives.
func (s sorted) all() iter.Seq2[Hash, error] {
	return func(yield func(Hash, error) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(s.at, s.from, s.n*width), 64<<10)
		var b [width]byte
		for i := int64(0); i < s.n; i++ {
			if _, err := io.ReadFull(r, b[:]); err != nil {
				yield(0, err)
				return
			}
			if !yield(Hash(binary.BigEndian.Uint64(b[:])), nil) {
				return
			}
		}
	}
}

// check reads the whole run: it ascends, and nothing is there twice.
func (s sorted) check() error {
	var last Hash
	any := false
	for h, err := range s.all() {
		if err != nil {
			return err
		}
		if any && h <= last {
			return errOrder
		}
		last, any = h, true
	}
	return nil
}
