// Package revoked decodes what a scheme signs about its revocation list: which
// files of sorted hashes it is made of. The hashes themselves are read by package
// revocation.
package revoked

import (
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// external binds the signature to this kind.
const external = "revocation:"

// Claims of the list (RFC 8392, and ours).
const (
	claimIssuer  = 1
	claimExpires = 4
	claimIssued  = 6
	claimBase    = -70008
	claimDeltas  = -70009
)

// List is a decoded list, not believed yet.
type List struct {
	Signed  credential.Signed // Issuer is the scheme
	Expires time.Time
	Base    []File  // in ascending order of their hashes
	Deltas  []Delta // oldest first
}

// File is one file of hashes.
type File struct {
	Name   string // within revoked/<scheme>/
	SHA256 [32]byte
	Count  uint64 // of hashes, 8 bytes each
}

// Delta is a file of the hashes that were withdrawn, and behind them those that
// were reinstated.
type Delta struct {
	File
	Reinstated uint64 // of Count
}

// Decode decodes a list.
func Decode(data []byte) (List, error) {
	var l List
	signed, m, err := cosecwt.Statement("", external, data)
	if err != nil {
		return l, fmt.Errorf("revocation list: %w", err)
	}
	l.Signed = signed
	l.Signed.Issuer, l.Signed.Issued, l.Expires = m.Text(claimIssuer), m.Time(claimIssued), m.Time(claimExpires)
	for _, e := range m.Array(claimBase) {
		a, _ := e.([]any)
		f, ok := file(a, 3)
		if !ok {
			m.Fail(claimBase, "is not an array of [name, sha256, count]")
			break
		}
		l.Base = append(l.Base, f)
	}
	if m.Has(claimDeltas) {
		for _, e := range m.Array(claimDeltas) {
			a, _ := e.([]any)
			f, ok := file(a, 4)
			if !ok {
				m.Fail(claimDeltas, "is not an array of [name, sha256, count, reinstated]")
				break
			}
			n, ok := a[3].(uint64)
			if !ok || n > f.Count {
				m.Fail(claimDeltas, "reinstates more than it has")
			}
			l.Deltas = append(l.Deltas, Delta{f, n})
		}
	}
	if err := m.Closed(); err != nil {
		return List{}, fmt.Errorf("revocation list: %w", err)
	}
	return l, nil
}

// file reads [name, sha256, count, …] of n elements.
func file(a []any, n int) (File, bool) {
	if len(a) != n {
		return File{}, false
	}
	name, ok0 := a[0].(string)
	sum, _ := a[1].([]byte)
	count, ok2 := a[2].(uint64)
	if !ok0 || !ok2 || len(sum) != 32 || !plain(name) {
		return File{}, false
	}
	return File{name, [32]byte(sum), count}, true
}

// plain reports whether a name stays in its folder.
func plain(name string) bool {
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return name != "" && name[0] != '.' && len(name) <= 100
}
