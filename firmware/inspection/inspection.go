// Package inspection runs one presentation through decode, trust, time, live
// status, holder proof and policy, and returns one verdict.
package inspection

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/dcc"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/replay"
	"example.org/checkpoint/firmware/verdict"
)

// decoders holds every format we read. To add one, add a package and a line.
var decoders = []struct {
	format credential.Format
	prefix string
	decode func([]byte) (credential.Credential, error)
}{
	{credential.HealthCode, healthcode.Prefix, healthcode.Decode},
	{credential.DCC, dcc.Prefix, dcc.Decode},
}

// unread are the prefixes of formats that are known, but not to this program yet.
var unread = []string{"HCP1:", "HCE1:", "VEN1:", "PRV1:", "NZCP:/1/", "shc:/"}

// MaxCode bounds one code in bytes: what the largest QR symbol (version 40-L)
// holds in alphanumeric mode (ISO/IEC 18004 table 7).
const MaxCode = 4296

// Lane is what a verdict depends on of the place where a code is shown. Without
// a Policy, or with one that the bundle does not have, nobody is admitted.
type Lane struct {
	Name, Site   string
	Kind         string // border or venue
	Direction    string // in, out, none
	VenueClass   string
	Profile      string   // door or gate: the most that the lane may learn of a person
	Policy       string   // the profile of the policy file
	Audiences    []string // that the lane answers to
	ReplayWindow time.Duration
}

// Clock says how far the device's time may be believed (PROTOCOL C12). The zero
// Clock is unknown.
type Clock struct {
	Uncertainty time.Duration // the true time is at most so far off
	Confidence  string        // trusted, drifting, unknown
}

func (c Clock) known() bool { return c.Confidence == "trusted" || c.Confidence == "drifting" }

// Presentation is what one person holds up at one lane at one time.
type Presentation struct {
	Number uint64 // per lane, from 1
	At     time.Time
	Clock  Clock
	Lane   Lane
	Codes  [][]byte // as read
}

// Inspect judges p. The hard checks of each code come first, in the order of
// judge; then codes that cannot be joined, the policy, and the limits of what
// the lists allow. Nothing after the hard checks can overrule them.
func (s *Snapshot) Inspect(p Presentation) verdict.Verdict {
	v, _ := s.Explain(p)
	return v
}

// Explain is Inspect that also says what was found in each code.
func (s *Snapshot) Explain(p Presentation) (verdict.Verdict, []Finding) {
	switch {
	case len(p.Codes) == 0:
		return s.finish(verdict.Verdict{Reason: verdict.Malformed}, p, nil), nil
	case len(p.Codes) > policy.MaxCodes:
		return s.finish(verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.SeveralCodes}, p, nil), nil
	}
	var found []Finding
	for i, text := range p.Codes {
		again := slices.ContainsFunc(p.Codes[:i], func(before []byte) bool { return bytes.Equal(before, text) })
		if !again { // one code read twice is one code
			found = append(found, s.judge(text, p))
		}
	}
	return s.finish(s.decide(found, p), p, found), found
}

// decide makes one verdict of the findings of all codes.
func (s *Snapshot) decide(found []Finding, p Presentation) verdict.Verdict {
	for _, f := range found {
		if f.Err != nil {
			return verdict.Verdict{Reason: reason(f.Err)}
		}
	}
	var v verdict.Verdict
	for i, f := range found {
		one := s.rule(f, p)
		if i == 0 || one.Outcome < v.Outcome {
			v = one
		}
	}
	if len(found) > 1 && v.Outcome != verdict.Refuse {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.SeveralCodes}
	}
	return v
}

// rule applies the policy to one code, and then what no rule may overrule.
func (s *Snapshot) rule(f Finding, p Presentation) verdict.Verdict {
	rules, ok := s.policies[p.Lane.Policy]
	if !ok {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
	}
	v := rules.Decide(policy.Input{
		Now: p.At, Confidence: p.Clock.Confidence,
		Lane:  policy.Lane{Site: p.Lane.Site, Kind: p.Lane.Kind, Direction: p.Lane.Direction, VenueClass: p.Lane.VenueClass},
		Codes: []policy.Code{f.code(s, p)},
	})
	if _, known := f.verified.Meaning(f.Colour); f.Colour != "" && !known {
		v = atMost(v, verdict.Refer, verdict.NoRule)
	}
	if f.undetermined {
		v = atMost(v, verdict.Refer, verdict.Undetermined)
	}
	if limit, stale := s.freshness.limit(s, p, f); stale {
		v = atMost(v, limit, verdict.Stale)
	}
	return v
}

// atMost lowers v to an outcome, with its reason, if it is higher.
func atMost(v verdict.Verdict, limit verdict.Outcome, why verdict.Reason) verdict.Verdict {
	if v.Outcome <= limit {
		return v
	}
	return verdict.Verdict{Outcome: limit, Reason: why}
}

// finish says what the verdict rests on and, where it admits, what counts once.
func (s *Snapshot) finish(v verdict.Verdict, p Presentation, found []Finding) verdict.Verdict {
	v.Confidence = p.Clock.Confidence
	lists := map[string]bool{}
	_, ruled := s.policies[p.Lane.Policy]
	ruled = ruled && len(found) > 0
	for i, f := range found {
		ruled = ruled && f.Err == nil
		if i == 0 {
			v.Format, v.Scheme, v.Language = string(f.Format), f.Scheme, f.Facts.Language
		}
		lists[f.TrustList], lists[f.StatusList] = true, true
		if v.Outcome == verdict.Admit {
			v.Counts = append(v.Counts, replay.Count(f.verified, replay.Place{Border: p.Lane.Kind != "venue",
				Direction: p.Lane.Direction, Profile: p.Lane.Profile, Window: p.Lane.ReplayWindow}, p.At, p.Clock.Uncertainty))
		}
	}
	if ruled {
		lists["policy/"+p.Lane.Policy+".json"] = true
	}
	for name := range lists {
		if name != "" {
			v.Lists = append(v.Lists, verdict.List{Name: name, Version: s.version, Changed: s.changed[name]})
		}
	}
	slices.SortFunc(v.Lists, func(a, b verdict.List) int { return strings.Compare(a.Name, b.Name) })
	return v
}

// decode finds the format by its prefix. The format is told also where the code is not in order.
func decode(code []byte) (credential.Format, credential.Credential, error) {
	for _, d := range decoders {
		if !bytes.HasPrefix(code, []byte(d.prefix)) {
			continue
		}
		if len(code) > MaxCode {
			return d.format, credential.Credential{}, fmt.Errorf("%w: more than %d characters", credential.ErrMalformed, MaxCode)
		}
		c, err := d.decode(code)
		return d.format, c, err
	}
	return "", credential.Credential{}, strange(code)
}

// strange tells a code of a format we know that was spoilt, is not read yet, or
// something else altogether, such as the address of a web page.
func strange(code []byte) error {
	for _, prefix := range unread {
		if bytes.HasPrefix(code, []byte(prefix)) {
			return fmt.Errorf("%w: %s codes are not read by this version", credential.ErrUnsupported, strings.TrimRight(prefix, "/:1"))
		}
	}
	code = code[:min(len(code), MaxCode)]
	head := strings.ToUpper(strings.TrimSpace(string(code)))
	for _, d := range decoders {
		if strings.HasPrefix(head, d.prefix) {
			return fmt.Errorf("%w: a spoilt prefix", credential.ErrMalformed)
		}
	}
	if strings.Trim(string(code), alphanumeric) == "" {
		return fmt.Errorf("%w: no prefix", credential.ErrMalformed)
	}
	return errUnknownFormat
}

// alphanumeric is all that our codes are written with (ISO/IEC 18004 table 5).
const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
