package inspection

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/checkpoint/firmware/policy"
)

// versions are the policies of one profile, each in force until the next begins,
// so that every device of a fleet changes over at the same moment, also offline (R14).
type versions []*policy.Policy

var errTwice = errors.New("two versions begin at the same time")

// add puts another version among them.
func (v versions) add(p *policy.Policy) (versions, error) {
	i, taken := slices.BinarySearchFunc(v, p, func(a, b *policy.Policy) int { return a.Effective().Compare(b.Effective()) })
	if taken {
		return v, fmt.Errorf("%w: %s, %s", errTwice, p.Profile(), p.Effective().Format(time.RFC3339))
	}
	return slices.Insert(slices.Clone(v), i, p), nil
}

// at returns the version in force at a time; before all of them the first, which
// then refers everybody. Of no versions it is nil.
func (v versions) at(now time.Time) *policy.Policy {
	var in *policy.Policy
	for i, p := range v {
		if i == 0 || !now.Before(p.Effective()) {
			in = p
		}
	}
	return in
}
