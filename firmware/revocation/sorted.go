package revocation

import (
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

// width is the size of one hash in bytes; block is how many hashes share an entry
// of the index, 4 KiB; near is how many neighbours are tried one by one.
const (
	width = 8
	block = 512
	near  = 32
)

var (
	errSize  = errors.New("not a whole number of hashes")
	errOrder = errors.New("the hashes are not in ascending order")
)

// sorted is a run of ascending hashes, in memory or mapped. Its bytes are only
// read, and never copied but for the index.
type sorted struct {
	data  []byte
	index []byte // every block-th hash, as in data
	last  Hash
}

// newSorted takes hashes as they are in a file. It reads them all: they ascend,
// and nothing is there twice. They are hashed into sum on the way.
func newSorted(data []byte, sum io.Writer) (sorted, error) {
	s := sorted{data: data, index: make([]byte, 0, (len(data)/width+block-1)/block*width)}
	for from := 0; from < len(data); from += block * width {
		part := data[from:min(from+block*width, len(data))]
		sum.Write(part)
		if from > 0 && hashAt(part, 0) <= s.last {
			return sorted{}, errOrder
		}
		last := hashAt(part, 0)
		for rest := part[width:]; len(rest) >= width; rest = rest[width:] {
			h := hashAt(rest, 0)
			if h <= last {
				return sorted{}, errOrder
			}
			last = h
		}
		s.index, s.last = append(s.index, part[:width]...), last
	}
	return s, nil
}

func hashAt(b []byte, i int) Hash { return Hash(binary.BigEndian.Uint64(b[i*width:])) }

func (s sorted) empty() bool { return len(s.data) == 0 }
func (s sorted) first() Hash { return hashAt(s.data, 0) }

// has looks a hash up in the index, and then in one block.
func (s sorted) has(h Hash) bool {
	if s.empty() || h < s.first() || h > s.last {
		return false
	}
	n := upTo(s.index, h, s.last)
	above := s.last
	if n*width < len(s.index) {
		above = hashAt(s.index, n)
	}
	part := s.data[(n-1)*block*width:]
	part = part[:min(block*width, len(part))]
	return hashAt(part, upTo(part, h, above)-1) == h
}

// upTo returns how many of ascending hashes are not above h. The first is not;
// above is what would come behind the last, about. Hashes are spread evenly, so that
// the place of h is nearly known: upTo walks from there, then takes growing steps,
// then halves what is left, of an uneven list no more than three times as often as a
// search by halves would.
func upTo(b []byte, h, above Hash) int {
	low, high := 0, len(b)/width // low is not above h, high is
	guess := high - 1
	if below := hashAt(b, 0); above > h {
		guess = min(guess, int(float64(h-below)/float64(above-below)*float64(high)))
	}
	if hashAt(b, guess) <= h {
		low = guess
		for end := min(high, low+near); low+1 < end; low++ {
			if hashAt(b, low+1) > h {
				return low + 1
			}
		}
		for step := near; low+step < high && hashAt(b, low+step) <= h; step *= 2 {
			low += step
		}
	} else {
		high = guess
		for end := max(low, high-near); high-1 > end; high-- {
			if hashAt(b, high-1) <= h {
				return high
			}
		}
		for step := near; high-step > low && hashAt(b, high-step) > h; step *= 2 {
			high -= step
		}
	}
	return low + sort.Search(high-low-1, func(i int) bool { return hashAt(b, low+1+i) > h }) + 1
}

// all gives the run from its beginning.
func (s sorted) all() iter.Seq[Hash] {
	return func(yield func(Hash) bool) {
		for rest := s.data; len(rest) >= width; rest = rest[width:] {
			if !yield(hashAt(rest, 0)) {
				return
			}
		}
	}
}
