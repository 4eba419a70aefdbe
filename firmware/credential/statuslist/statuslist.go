// Package statuslist decodes a Status List Token in CWT form
// (draft-ietf-oauth-status-list section 5.2, with the limits of FORMATS A1).
package statuslist

import (
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
	"example.org/checkpoint/firmware/credential/internal/inflate"
)

// external binds the signature to this kind; mediaType is header parameter 16.
const (
	external  = "status:"
	mediaType = "application/statuslist+cwt"
)

// Claims of the token.
const (
	claimSubject = 2
	claimExpires = 4
	claimIssued  = 6
	claimList    = 65533
	claimTTL     = 65534
)

// MaxUnpacked bounds the entries of one list in bytes: 64 million codes of 2 bits.
const MaxUnpacked = 16 << 20

const maxTTL = 100 * 366 * 86400 // seconds: fits a time.Duration

// List is a decoded list, not believed yet.
type List struct {
	Signed  credential.Signed
	URI     string        // short reference within the scheme
	Expires time.Time     // zero for never
	TTL     time.Duration // zero for unlimited
	Bits    int           // of one entry: 1, 2, 4 or 8
	Entries []byte        // nil before Unpack; entry 0 is in the lowest bits of the first byte

	packed []byte
}

// Decode decodes a token but for its entries, which are to be unpacked when it is
// known who has signed it: a stranger's may be made to unpack to very much.
func Decode(data []byte) (List, error) {
	l, err := decode(data)
	if err != nil {
		return List{}, fmt.Errorf("status list: %w", err)
	}
	return l, nil
}

// Unpack unpacks the entries, at most max bytes of them and never more than MaxUnpacked.
func (l *List) Unpack(max int64) error {
	entries, err := inflate.Zlib(l.packed, min(max, MaxUnpacked))
	if err != nil {
		return fmt.Errorf("status list: %w: entries: %v", credential.ErrMalformed, err)
	}
	l.Entries, l.packed = entries, nil
	return nil
}

func decode(data []byte) (List, error) {
	var l List
	s, err := cosecwt.Strict(data)
	if err != nil {
		return l, err
	}
	if l.Signed, err = s.Ours(external, mediaType); err != nil {
		return l, err
	}
	payload, err := cosecwt.Decode(s.Payload)
	if err != nil {
		return l, err
	}
	m := cosecwt.NewMap(payload)
	l.URI, l.Signed.Issued = m.Text(claimSubject), m.Time(claimIssued)
	if m.Has(claimExpires) {
		l.Expires = m.Time(claimExpires)
	}
	if m.Has(claimTTL) {
		ttl := m.Uint(claimTTL)
		if ttl == 0 || ttl > maxTTL {
			m.Fail(claimTTL, "is no time to live")
		}
		l.TTL = time.Duration(ttl) * time.Second
	}
	list := m.Map(claimList)
	bits := list.Uint("bits")
	l.packed = list.Bytes("lst", -1)
	if list.Has("aggregation_uri") {
		list.Text("aggregation_uri")
	}
	list.Closed()
	if err := m.Closed(); err != nil {
		return l, err
	}
	switch bits {
	case 1, 2, 4, 8:
		l.Bits = int(bits)
	default:
		return l, fmt.Errorf("%w: entries of %d bits", credential.ErrMalformed, bits)
	}
	return l, nil
}

// Ends returns when the list ends: at its expiry, or when its time to live is
// over, whichever comes first. Zero for never.
func (l List) Ends() time.Time {
	if over := l.Signed.Issued.Add(l.TTL); l.TTL > 0 && (l.Expires.IsZero() || over.Before(l.Expires)) {
		return over
	}
	return l.Expires
}

// Ended reports whether the list has ended at a time.
func (l List) Ended(now time.Time) bool {
	ends := l.Ends()
	return !ends.IsZero() && !now.Before(ends)
}

// Entry returns the value at an index; false when the list does not reach so far.
func (l *List) Entry(index uint64) (byte, bool) {
	perByte := uint64(8 / l.Bits)
	if index/perByte >= uint64(len(l.Entries)) {
		return 0, false
	}
	shift := uint(index%perByte) * uint(l.Bits)
	return l.Entries[index/perByte] >> shift & byte(1<<l.Bits-1), true
}
