package revocation

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"math/bits"
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

// width is the size of one hash in bytes; crowd is about how many hashes share an entry of the
// index; near is how many neighbours are tried one by one; part is how many bytes are looked
// through at once.
const (
	width = 8
	crowd = 128
	near  = 24
	part  = 16 << 10
)

var (
	errSize  = errors.New("not a whole number of hashes")
	errOrder = errors.New("the hashes are not in ascending order")
)

// sorted is a run of ascending hashes, in memory or mapped. Its bytes are only
// read, and never copied. What lies between first and last is cut into stretches of equal
// width; the index says how many hashes come before each.
type sorted struct {
	data        []byte
	index       []uint32 // by stretch, and the number of all hashes
	shift       uint     // bits of a stretch's width
	first, last Hash
}

// newSorted takes hashes as they are in a file. It reads them all: they ascend,
// and nothing is there twice. They are hashed into sum on the way, unless it is nil.
func newSorted(data []byte, sum hash.Hash) (sorted, error) {
	n := len(data) / width
	if n == 0 {
		return sorted{}, nil
	}
	s := sorted{data: data, first: hashAt(data, 0), last: hashAt(data, n-1)}
	if s.first > s.last {
		return sorted{}, errOrder
	}
	span := uint64(s.last - s.first)
	s.shift = uint(max(0, bits.Len64(span)-bits.Len(uint(n/crowd))))
	s.index = make([]uint32, 1, span>>s.shift+2)
	last, at := s.first, 1
	for from := 0; from < len(data); from += part {
		rest := data[from:min(from+part, len(data))]
		if sum != nil {
			sum.Write(rest)
		}
		if from == 0 {
			rest = rest[width:]
		}
		for ; len(rest) >= 8*width; rest = rest[8*width:] { // eight at a time, most of them within a stretch
			b := rest[: 8*width : 8*width]
			h0, h1, h2, h3 := hashAt(b, 0), hashAt(b, 1), hashAt(b, 2), hashAt(b, 3)
			h4, h5, h6, h7 := hashAt(b, 4), hashAt(b, 5), hashAt(b, 6), hashAt(b, 7)
			if h0 <= last || h1 <= h0 || h2 <= h1 || h3 <= h2 || h4 <= h3 || h5 <= h4 || h6 <= h5 || h7 <= h6 || h7 > s.last {
				return sorted{}, errOrder
			}
			last = h7
			if s.stretch(h7) >= len(s.index) {
				s.enter(at, h0, h1, h2, h3, h4, h5, h6, h7)
			}
			at += 8
		}
		for ; len(rest) >= width; rest = rest[width:] {
			h := hashAt(rest, 0)
			if h <= last || h > s.last {
				return sorted{}, errOrder
			}
			last = h
			s.enter(at, h)
			at++
		}
	}
	s.index = append(s.index, uint32(n))
	return s, nil
}

// stretch is in which a hash lies that is within.
func (s *sorted) stretch(h Hash) int { return int(uint64(h-s.first) >> s.shift) }

// enter begins the stretches up to those of the next hashes, the first of which is number at.
func (s *sorted) enter(at int, next ...Hash) {
	for i, h := range next {
		for len(s.index) <= s.stretch(h) {
			s.index = append(s.index, uint32(at+i))
		}
	}
}

func hashAt(b []byte, i int) Hash { return Hash(binary.BigEndian.Uint64(b[i*width:])) }

func (s *sorted) empty() bool { return len(s.data) == 0 }

// has looks a hash up in its stretch. Hashes are spread evenly, so that its place is nearly
// known: has walks from there, and of a list that is uneven it halves what is left.
func (s *sorted) has(h Hash) bool {
	if s.empty() || h < s.first || h > s.last {
		return false
	}
	from := uint64(h - s.first)
	in := s.stretch(h)
	low, high := int(s.index[in]), int(s.index[in+1])
	if low == high {
		return false
	}
	over, under := bits.Mul64(from&(1<<s.shift-1), uint64(high-low))
	at := low + int(over<<(64-s.shift)|under>>s.shift)
	if hashAt(s.data, at) < h {
		low = at + 1
		for end := min(high, low+near); low < end; low++ {
			if v := hashAt(s.data, low); v >= h {
				return v == h
			}
		}
	} else {
		high = at + 1
		for end := max(low, high-near); high > end; high-- {
			if v := hashAt(s.data, high-1); v <= h {
				return v == h
			}
		}
	}
	n := sort.Search(high-low, func(i int) bool { return hashAt(s.data, low+i) >= h })
	return n < high-low && hashAt(s.data, low+n) == h
}
