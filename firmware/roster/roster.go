// Package roster answers whether a holder is on a site's list, such as that of its
// residents, without holding anybody's pseudonym.
package roster

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sort"
)

// The file is: 8 bytes magic, 16 bytes salt, 4 bytes number of entries (big endian),
// and the entries in order, each the first 16 bytes of
// SHA-256(salt || scheme || 0 || subject).
const (
	magic    = "CPLIST\x00\x01"
	saltSize = 16
	head     = len(magic) + saltSize + 4
	size     = 16
)

// Most is the largest number of entries: 16 MiB of them.
const Most = 1 << 20

var (
	ErrForm = errors.New("not a list of salted hashes")
	ErrMany = errors.New("more entries than a list may have")
)

// Member is one person by the pseudonym that a scheme gave them.
type Member struct{ Scheme, Subject string }

// List is a parsed list. The zero List has nobody on it.
type List struct{ salt, entries []byte }

// Parse reads a list. It keeps data, which must not change.
func Parse(data []byte) (List, error) {
	if len(data) < head || string(data[:len(magic)]) != magic {
		return List{}, ErrForm
	}
	n := binary.BigEndian.Uint32(data[head-4 : head])
	entries := data[head:]
	if n > Most {
		return List{}, ErrMany
	}
	if len(entries) != int(n)*size {
		return List{}, ErrForm
	}
	for i := size; i < len(entries); i += size {
		if bytes.Compare(entries[i-size:i], entries[i:i+size]) >= 0 {
			return List{}, ErrForm
		}
	}
	return List{data[len(magic) : len(magic)+saltSize], entries}, nil
}

// Len returns how many are on the list.
func (l List) Len() int { return len(l.entries) / size }

// Has reports whether a member is on the list. Nobody without a pseudonym is.
func (l List) Has(m Member) bool {
	if m.Scheme == "" || m.Subject == "" {
		return false
	}
	want := m.hash(l.salt)
	i := sort.Search(l.Len(), func(i int) bool { return bytes.Compare(l.entries[i*size:(i+1)*size], want) >= 0 })
	return i < l.Len() && bytes.Equal(l.entries[i*size:(i+1)*size], want)
}

func (m Member) hash(salt []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(m.Scheme))
	h.Write([]byte{0})
	h.Write([]byte(m.Subject))
	return h.Sum(nil)[:size]
}

// Build makes a list; whoever is named twice is on it once. The salt is 16 random
// bytes, fresh for every list.
func Build(salt [saltSize]byte, members []Member) ([]byte, error) {
	if len(members) > Most {
		return nil, ErrMany
	}
	hashes := make([][]byte, 0, len(members))
	for _, m := range members {
		hashes = append(hashes, m.hash(salt[:]))
	}
	slices.SortFunc(hashes, bytes.Compare)
	hashes = slices.CompactFunc(hashes, bytes.Equal)
	out := append([]byte(magic), salt[:]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(hashes)))
	return append(out, bytes.Join(hashes, nil)...), nil
}
