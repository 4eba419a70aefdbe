package statuslist

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
	"example.org/checkpoint/firmware/credential/internal/inflate"
)

// deltaExternal binds the signature to deltas.
const deltaExternal = "status-delta:"

// Keys of a delta. The times are those of the result.
const (
	deltaURI     = 1
	deltaBase    = 2 // SHA-256 of the unpacked entries before
	deltaResult  = 3 // SHA-256 of the unpacked entries after
	deltaChanges = 4 // zlib of the exclusive or of both, as long as the longer one
	deltaIssued  = 5
	deltaExpires = 6 // as the base if absent
)

// Delta turns one list into the next, not believed yet.
type Delta struct {
	Signed       credential.Signed // Issued is when the result was made
	URI          string
	Base, Result [32]byte
	Changes      []byte    // nil before Unpack
	Expires      time.Time // zero: as the base

	packed []byte
}

var (
	errOtherBase   = errors.New("the delta is for another base")
	errOtherResult = errors.New("the delta does not give the list that it promises")
	errOlder       = errors.New("the delta is older than its base")
)

// DecodeDelta decodes a delta but for its changes, which are to be unpacked when it
// is known who has signed it.
func DecodeDelta(data []byte) (Delta, error) {
	var d Delta
	signed, m, err := cosecwt.Statement("", deltaExternal, data)
	if err != nil {
		return d, fmt.Errorf("status delta: %w", err)
	}
	d.Signed = signed
	d.URI, d.Signed.Issued = m.Text(deltaURI), m.Time(deltaIssued)
	copy(d.Base[:], m.Bytes(deltaBase, len(d.Base)))
	copy(d.Result[:], m.Bytes(deltaResult, len(d.Result)))
	d.packed = m.Bytes(deltaChanges, -1)
	if m.Has(deltaExpires) {
		d.Expires = m.Time(deltaExpires)
	}
	if err := m.Closed(); err != nil {
		return Delta{}, fmt.Errorf("status delta: %w", err)
	}
	return d, nil
}

// Unpack unpacks the changes, at most max bytes of them and never more than MaxUnpacked.
func (d *Delta) Unpack(max int64) error {
	changes, err := inflate.Zlib(d.packed, min(max, MaxUnpacked))
	if err != nil {
		return fmt.Errorf("status delta: %w: changes: %v", credential.ErrMalformed, err)
	}
	d.Changes, d.packed = changes, nil
	return nil
}

// Apply returns the list after a delta; l stays as it was. The delta is to be
// verified before, and both are to be unpacked.
func (l List) Apply(d Delta) (List, error) {
	switch {
	case d.URI != l.URI || sha256.Sum256(l.Entries) != d.Base || len(d.Changes) < len(l.Entries):
		return List{}, errOtherBase
	case d.Signed.Issued.Before(l.Signed.Issued):
		return List{}, errOlder
	}
	next := bytes.Clone(d.Changes)
	for i, b := range l.Entries {
		next[i] ^= b
	}
	if sha256.Sum256(next) != d.Result {
		return List{}, errOtherResult
	}
	l.Entries, l.Signed.Issued = next, d.Signed.Issued
	if !d.Expires.IsZero() {
		l.Expires = d.Expires
	}
	return l, nil
}
