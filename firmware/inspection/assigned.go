package inspection

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxAssigned bounds the lanes of one site that a set gives a policy.
const maxAssigned = 1024

var (
	errAssigned = errors.New("the site's file does not say which lane judges by which policy")
	errNoPolicy = errors.New("the set holds no such policy")
	errNoLane   = errors.New("a policy is for a lane that the site does not list")
)

// seat is one lane of one site.
type seat struct{ site, lane string }

// assign reads of sites/<site>.json which lanes judge by another policy than they are configured for:
//
//	{"v": 1, "lanes": ["<lane>", …], "policies": {"<lane>": "<policy>"}}
//
// Other members are others'. A policy that the set does not hold spoils the set, and so does a lane
// that is not among those of the site, where the file lists them.
func (s *Snapshot) assign(name string, data []byte) error {
	var f struct {
		V        int
		Lanes    []string
		Policies map[string]string
	}
	if err := json.Unmarshal(data, &f); err != nil || f.V != 1 || len(f.Policies) > maxAssigned {
		return fmt.Errorf("%w: want \"v\": 1 and at most %d \"policies\", each the name of a policy by the name of its lane: %v", errAssigned, maxAssigned, err)
	}
	site := strings.TrimSuffix(path.Base(name), ".json")
	for _, lane := range slices.Sorted(maps.Keys(f.Policies)) {
		to := f.Policies[lane]
		if lane == "" {
			return fmt.Errorf("%w: %.64q is for a lane without a name", errAssigned, to)
		}
		if f.Lanes != nil && !slices.Contains(f.Lanes, lane) {
			return fmt.Errorf("%w: %.64q: correct its name, or add it to \"lanes\"", errNoLane, lane)
		}
		if len(s.policies[to]) == 0 {
			return fmt.Errorf("%w: %.64q for lane %.64q: add policy/%.64s.json, or name one that is there", errNoPolicy, to, lane, to)
		}
		s.assigned[seat{site, lane}] = to
	}
	return nil
}

// PolicyOf names the policy that a lane judges by: what the set says of the lane, else what
// the lane is configured for, which the set may not have.
func (s *Snapshot) PolicyOf(l Lane) string {
	if to, ok := s.assigned[seat{l.Site, l.Name}]; ok {
		return to
	}
	return l.Policy
}
