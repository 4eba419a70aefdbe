package inspection

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// freshnessFile says how old lists may be, and when they last changed.
const freshnessFile = "freshness.json"

// freshness is what becomes of verdicts on old lists, by class: trust, status, policy and others.
type freshness map[string]staleness

// staleness is one class.
type staleness struct {
	MaxStale int64  `json:"max_stale"` // seconds since the list was last vouched for; 0 for ever
	Fail     string `json:"fail"`      // refer, refuse, manual or, at a venue, allow-flagged
}

var errFreshness = errors.New("not a freshness file")

// parseFreshness reads {"v":1, "<class>": {"max_stale": s, "fail": "refer"}, …,
// "changed": {"<file>": "RFC 3339"}}.
func parseFreshness(data []byte) (freshness, map[string]time.Time, error) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return nil, nil, fmt.Errorf("%w: %v", errFreshness, err)
	}
	if string(parts["v"]) != "1" {
		return nil, nil, fmt.Errorf("%w: want \"v\": 1", errFreshness)
	}
	out := freshness{}
	for _, class := range []string{"trust", "status", "revocation", "policy", "orders", "staff"} {
		raw, ok := parts[class]
		if !ok {
			continue
		}
		var st staleness
		if err := json.Unmarshal(raw, &st); err != nil || st.MaxStale < 0 || st.MaxStale > maxStale {
			return nil, nil, fmt.Errorf("%w: %s: max_stale", errFreshness, class)
		}
		switch {
		case st.Fail == "refer", st.Fail == "refuse", st.Fail == "manual", st.Fail == "allow-flagged" && class != "revocation":
		default:
			return nil, nil, fmt.Errorf("%w: %s: fail mode %q", errFreshness, class, st.Fail)
		}
		out[class] = st
	}
	var changed map[string]time.Time
	if raw, ok := parts["changed"]; ok {
		if err := json.Unmarshal(raw, &changed); err != nil {
			return nil, nil, fmt.Errorf("%w: changed: %v", errFreshness, err)
		}
	}
	return out, changed, nil
}

// maxStale bounds max_stale in seconds, a hundred years.
const maxStale = 100 * 366 * 86400

// vouchedFor returns when a file was last said to be current. Without a time of
// the whole set, its content was when it last changed.
func (s *Snapshot) vouchedFor(file string) time.Time {
	switch changed, modified := s.changed[file], s.modified[file]; {
	case !s.published.IsZero():
		return s.published
	case modified.After(changed):
		return modified
	default:
		return changed
	}
}

// Stale reports whether nobody has vouched for the files of a class, such as staff, for
// longer than freshness.json allows.
func (s *Snapshot) Stale(class string, at time.Time) bool {
	most := time.Duration(s.freshness[class].MaxStale) * time.Second
	return most > 0 && at.Sub(s.published) > most
}

// limit returns the most that a verdict on f may be, if a list it rests on is too old.
func (fr freshness) limit(s *Snapshot, p Presentation, f Finding) (verdict.Outcome, bool) {
	limit, stale := verdict.Admit, false
	for _, use := range []struct {
		class   string
		vouched time.Time
		used    bool
	}{
		{"trust", s.vouchedFor(f.TrustList), true},
		{"status", f.statusMade, f.StatusList != ""}, // signed with its own time
		{"revocation", s.vouchedFor(f.RevokedList), f.RevokedList != ""},
		{"policy", s.vouchedFor(s.ruled[s.policy(p)]), true},
		{"orders", s.published, s.allows != nil && !s.published.IsZero()}, // that nobody has halted since
	} {
		st := fr[use.class]
		if !use.used || st.MaxStale == 0 || p.At.Sub(use.vouched) <= time.Duration(st.MaxStale)*time.Second {
			continue
		}
		stale = true
		switch {
		case st.Fail == "refuse":
			limit = verdict.Refuse
		case st.Fail == "allow-flagged" && p.Lane.Kind == "venue":
		default:
			limit = min(limit, verdict.Refer)
		}
	}
	return limit, stale
}
