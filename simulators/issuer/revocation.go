package issuer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Revocation is the revocation list of a scheme: hashes of withdrawn identities,
// oldest change first.
type Revocation struct {
	Base    []uint64
	Chunk   int // hashes in one file of the base; 0 for all
	Deltas  []RevocationDelta
	Issued  time.Time
	Expires time.Time
	Key     string // purpose of the key that signs; revocation by default
}

// RevocationDelta is one change.
type RevocationDelta struct{ Withdrawn, Reinstated []uint64 }

// WithdrawnHash is what the list says of a health code: the start of SHA-256 of
// CBOR [format, issuer, cti].
func (i *Issuer) WithdrawnHash(cti []byte) uint64 {
	sum := sha256.Sum256(CBOR([]any{"HCT1", i.Name, cti}))
	return binary.BigEndian.Uint64(sum[:8])
}

// Revocation returns the files of a bundle for the list, by name.
func (i *Issuer) Revocation(r Revocation) map[string][]byte {
	files := map[string][]byte{}
	put := func(name string, runs ...[]uint64) []any {
		var data []byte
		for _, run := range runs {
			run = slices.Clone(run)
			slices.Sort(run)
			for _, h := range run {
				data = binary.BigEndian.AppendUint64(data, h)
			}
		}
		files["revoked/"+i.Name+"/"+name] = data
		sum := sha256.Sum256(data)
		return []any{name, sum[:], len(data) / 8}
	}
	base := slices.Clone(r.Base)
	slices.Sort(base)
	if r.Chunk == 0 {
		r.Chunk = max(len(base), 1)
	}
	chunks, deltas := []any{}, []any{}
	for part := range slices.Chunk(base, r.Chunk) {
		chunks = append(chunks, put(fmt.Sprintf("base-%d.bin", len(chunks)), part))
	}
	for _, d := range r.Deltas {
		deltas = append(deltas, append(put(fmt.Sprintf("delta-%d.bin", len(deltas)), d.Withdrawn, d.Reinstated), len(d.Reinstated)))
	}
	if r.Issued.IsZero() { // for ever
		r.Issued, r.Expires = time.Unix(0, 0), time.Unix(1<<40, 0)
	}
	if r.Key == "" {
		r.Key = "revocation"
	}
	list := i.Statement(r.Key, "revocation:", nil, CBOR(map[int]any{
		1: i.Name, 4: r.Expires.Unix(), 6: r.Issued.Unix(), -70008: chunks, -70009: deltas}))
	files["revoked/"+i.Name+".json"] = must(json.Marshal(map[string]any{"v": 1, "list": list}))
	return files
}
