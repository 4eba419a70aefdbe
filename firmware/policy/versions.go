package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Versions are the policies of one profile, each in force until the next begins,
// so that every device of a fleet changes over at the same moment, also offline (R14).
type Versions []*Policy

var errTwice = errors.New("two versions begin at the same time")

// Add puts another version among them.
func (v Versions) Add(p *Policy) (Versions, error) {
	i, taken := slices.BinarySearchFunc(v, p, func(a, b *Policy) int { return a.effective.Compare(b.effective) })
	if taken {
		return v, fmt.Errorf("%w: %s, %s", errTwice, p.profile, p.effective.Format(time.RFC3339))
	}
	return slices.Insert(slices.Clone(v), i, p), nil
}

// At returns the version in force at a time; before all of them the first, which
// then refers everybody. Of no versions it is nil.
func (v Versions) At(now time.Time) *Policy {
	var in *Policy
	for i, p := range v {
		if i == 0 || !now.Before(p.effective) {
			in = p
		}
	}
	return in
}
