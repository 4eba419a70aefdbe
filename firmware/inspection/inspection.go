// Package inspection runs one presentation through decode, trust, time, live
// status, holder proof and policy, and returns one verdict.
package inspection

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/dcc"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/credential/provisional"
	"example.org/checkpoint/firmware/credential/venue"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/replay"
	"example.org/checkpoint/firmware/verdict"
)

// decoders holds every format we read. To add one, add a package and a line.
var decoders = []struct {
	format credential.Format
	prefix string
	decode func(credential.Keys, []byte) (credential.Presented, error)
}{
	{credential.HealthCode, healthcode.Prefix, alone(healthcode.Decode)},
	{credential.Holder, holder.Prefix, holder.Decode},
	{credential.Sealed, holder.SealedPrefix, holder.DecodeSealed},
	{credential.VenueCode, venue.Prefix, alone(venue.Decode)},
	{credential.Provisional, provisional.Prefix, alone(provisional.Decode)},
	{credential.LeaveHomeSafe, venue.LeaveHomeSafePrefix, alone(venue.DecodeLeaveHomeSafe)},
	{credential.DCC, dcc.Prefix, alone(dcc.Decode)},
}

// alone makes a decoder of one that reads codes of a single credential.
func alone(decode func([]byte) (credential.Credential, error)) func(credential.Keys, []byte) (credential.Presented, error) {
	return func(_ credential.Keys, code []byte) (credential.Presented, error) {
		c, err := decode(code)
		return credential.Presented{Credentials: []credential.Credential{c}}, err
	}
}

// unread are the prefixes of formats that are known, but not to this program yet.
var unread = []string{"NZCP:/1/", "shc:/"}

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
	Policy       string   // the profile of the policy file, where the set does not say another
	Audiences    []string // that the lane answers to; empty for the site alone
	ReplayWindow time.Duration
}

// answersTo reports whether a phone that presents for an audience means this lane.
func (l Lane) answersTo(audience string) bool {
	if len(l.Audiences) == 0 {
		return audience == l.Site && audience != ""
	}
	return slices.Contains(l.Audiences, audience)
}

// Clock says how far the device's time may be believed (PROTOCOL C12). The zero
// Clock is unknown.
type Clock struct {
	Time        time.Time     // as checked; zero: the presentation's own is all there is
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
	// Proof is the time by which what a phone presents is fresh; zero for At. It differs
	// where a verdict of an earlier time is made again.
	Proof time.Time
	// Devices is what the lane's other devices gave of the same person; nothing of it is
	// believed to be about a code but by what the rules ask.
	Devices policy.Devices
}

// Inspect judges p. The hard checks of each code come first, in the order of
// judge; then codes that cannot be joined, the policy, and the limits of what
// the lists allow. Nothing after the hard checks can overrule them.
func (s *Snapshot) Inspect(p Presentation) verdict.Verdict {
	v, _ := s.Explain(p)
	return v
}

// Explain is Inspect that also says what was found in each credential.
func (s *Snapshot) Explain(p Presentation) (verdict.Verdict, []Finding) {
	defer runtime.KeepAlive(s) // its lists may be mapped
	switch {
	case len(p.Codes) == 0:
		return s.finish(verdict.Verdict{Reason: verdict.Malformed}, p, nil), nil
	case len(p.Codes) > policy.MaxCodes:
		return s.finish(verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.SeveralCodes}, p, nil), nil
	}
	shown, counts := s.shown(p)
	found := slices.Concat(shown...)
	if len(found) > policy.MaxCodes { // a phone shows up to four in one code
		return s.finish(verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.SeveralCodes}, p, found), found
	}
	v := s.decide(shown, p)
	if s.halted(found, p) {
		if v.Yields = false; v.Outcome == verdict.Admit {
			v = v.Because(verdict.Refuse, verdict.Halted)
		}
	}
	v.Urgent = s.urgent(v, p, found)
	if v.Outcome == verdict.Admit || len(v.Urgent) > 0 {
		v.Counts = s.counts(found, counts, p)
	}
	return s.finish(v, p, found), found
}

// shown judges each code by itself, one that was read twice once. A place's code, which speaks of
// nobody, is left out where another code is held up: it hangs on the wall.
func (s *Snapshot) shown(p Presentation) (shown [][]Finding, counts []verdict.Count) {
	for i, text := range p.Codes {
		again := slices.ContainsFunc(p.Codes[:i], func(before []byte) bool { return bytes.Equal(before, text) })
		if !again {
			found, proof := s.judge(text, p)
			shown, counts = append(shown, found), append(counts, proof...)
		}
	}
	place := func(found []Finding) bool {
		return found[0].Format == credential.VenueCode || found[0].Format == credential.LeaveHomeSafe
	}
	if rest := slices.DeleteFunc(slices.Clone(shown), place); len(rest) > 0 {
		shown = rest
	}
	return shown, counts
}

// decide makes one verdict of the findings of all codes.
func (s *Snapshot) decide(shown [][]Finding, p Presentation) verdict.Verdict {
	all := slices.Concat(shown...)
	for _, f := range all {
		if f.Err != nil {
			return verdict.Verdict{Reason: reason(f.Err)}
		}
	}
	for _, f := range all {
		switch f.Format {
		case credential.VenueCode, credential.LeaveHomeSafe:
			return verdict.Verdict{Reason: verdict.NoPerson}
		case credential.Provisional:
			return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.Provisional}
		}
	}
	var v verdict.Verdict
	for i, found := range shown {
		one := s.rule(found, p)
		if twoPeople(found) {
			one = one.AtMost(verdict.Refer, verdict.SeveralCodes)
		}
		if i == 0 || one.Outcome < v.Outcome || one.Outcome == v.Outcome && v.SetBy == "" && one.SetBy != "" { // any red is told (R78)
			v = one
		}
	}
	if len(shown) == 1 || v.Outcome == verdict.Refuse {
		return v
	}
	rules := s.policy(p)
	if rules == nil || !onePerson(shown) {
		return v.Because(verdict.Refer, verdict.SeveralCodes)
	}
	v = s.rule(all, p)
	if !rules.Joins {
		v = v.AtMost(verdict.Refer, verdict.SeveralCodes)
	}
	return v
}

// rule applies the policy to the credentials of one person, and then what no rule may overrule.
func (s *Snapshot) rule(found []Finding, p Presentation) verdict.Verdict {
	rules := s.policy(p)
	if rules == nil {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
	}
	in, lists := s.input(found, p)
	v := rules.Decide(in)
	v.Lists = lists
	for _, f := range found {
		if f.Other {
			v = v.AtMost(verdict.Refer, verdict.HolderOther)
			continue
		}
		if f.Colour != "" && f.Meaning == "" {
			v = v.AtMost(verdict.Refer, verdict.NoRule)
		}
		if f.undetermined {
			v = v.AtMost(verdict.Refer, verdict.Undetermined)
		}
		if limit, stale := s.freshness.limit(s, p, f); stale {
			v = v.AtMost(limit, verdict.Stale)
		}
	}
	return v
}

// input gathers what the rules may know of one person, and the lists that stated it.
func (s *Snapshot) input(found []Finding, p Presentation) (policy.Input, []verdict.List) {
	in := policy.Input{
		Now: p.At, Confidence: p.Clock.Confidence, Devices: p.Devices,
		Lane: policy.Lane{Site: p.Lane.Site, Kind: p.Lane.Kind, Direction: p.Lane.Direction, VenueClass: p.Lane.VenueClass},
	}
	var lists []string
	for _, f := range found {
		if f.Other {
			continue
		}
		c := f.code(s, p)
		if c.Risk = s.places.risks(f.Facts.Stays); c.Risk != nil {
			lists = append(lists, placesFile)
		}
		in.Codes = append(in.Codes, c)
	}
	lists = append(lists, s.rosters.look(&in, found, p)...)
	slices.Sort(lists)
	var out []verdict.List
	for _, name := range slices.Compact(lists) {
		out = append(out, verdict.List{Name: name, Version: s.version, Changed: s.changed[name]})
	}
	return in, out
}

// Facts gives a presentation as the rules see it, for comparing policies: facts only,
// less what is personal. There are none where a hard check failed or several people
// may have shown codes.
func (s *Snapshot) Facts(p Presentation) (policy.Case, bool) {
	defer runtime.KeepAlive(s)
	rules := s.policy(p)
	shown, _ := s.shown(p)
	for _, found := range shown {
		if slices.ContainsFunc(found, func(f Finding) bool { return f.Err != nil || f.Venue != nil || f.Slip != nil }) || twoPeople(found) {
			return policy.Case{}, false
		}
	}
	all := slices.Concat(shown...)
	if rules == nil || len(all) == 0 || len(all) > policy.MaxCodes || len(shown) > 1 && !onePerson(shown) {
		return policy.Case{}, false
	}
	in, _ := s.input(all, p)
	c, err := rules.Case(in)
	return c, err == nil
}

// counts returns what of a presentation counts once: each code, and each phone's proof.
func (s *Snapshot) counts(found []Finding, proofs []verdict.Count, p Presentation) []verdict.Count {
	var out []verdict.Count
	add := func(c verdict.Count) {
		if !slices.ContainsFunc(out, func(o verdict.Count) bool { return bytes.Equal(o.Identity, c.Identity) }) {
			out = append(out, c)
		}
	}
	for _, f := range found {
		add(replay.Count(f.verified, replay.Place{Border: p.Lane.Kind != "venue",
			Direction: p.Lane.Direction, Profile: p.Lane.Profile, Window: p.Lane.ReplayWindow}, p.At, p.Clock.Uncertainty))
	}
	for _, c := range proofs {
		add(c)
	}
	return out
}

// urgent returns the reasons for which staff may overrule v: none for what a hard check
// or the limits of the lists have found, and none where a code is red, whatever the rules
// say of it.
func (s *Snapshot) urgent(v verdict.Verdict, p Presentation, found []Finding) (reasons []string) {
	red := slices.ContainsFunc(found, func(f Finding) bool { return f.Colour == "red" || f.Printed == "red" || f.Meaning == "high-risk" })
	rules := s.policy(p)
	if rules == nil || red {
		return nil
	}
	for _, r := range policy.UrgentReasons {
		if rules.Overrides.Allow(v, r) {
			reasons = append(reasons, r)
		}
	}
	return reasons
}

// finish says what the verdict rests on.
func (s *Snapshot) finish(v verdict.Verdict, p Presentation, found []Finding) verdict.Verdict {
	v.Confidence, v.At, v.Within = p.Clock.Confidence, p.At, p.Clock.Uncertainty
	lists := map[string]time.Time{}
	rules := s.policy(p)
	ruled := rules != nil && len(found) > 0
	if rules != nil && v.Hotline == "" { // also of one that admits: the claim may be refused (R19)
		v.Hotline = rules.Hotline()
	}
	for i, f := range found {
		ruled = ruled && f.Err == nil
		if i == 0 {
			v.Format, v.Scheme, v.Language = string(f.Shown), f.Scheme, f.Facts.Language
			v.Meaning, v.Provenance = f.Meaning, f.Facts.Provenance
		}
		if f.Scheme != "" && !slices.Contains(v.Schemes, f.Scheme) {
			v.Schemes = append(v.Schemes, f.Scheme)
		}
		lists[f.TrustList], lists[f.StatusList], lists[f.RevokedList] = s.changed[f.TrustList], f.statusMade, f.revokedMade
	}
	if name := s.ruled[rules]; ruled {
		lists[name] = s.changed[name]
	}
	delete(lists, "")
	for name, changed := range lists {
		v.Lists = append(v.Lists, verdict.List{Name: name, Version: s.version, Changed: changed})
	}
	slices.SortFunc(v.Lists, func(a, b verdict.List) int { return strings.Compare(a.Name, b.Name) })
	return v
}

// decode finds the format by its prefix. The format is told also where the code is not in order.
func decode(keys credential.Keys, code []byte) (credential.Format, credential.Presented, error) {
	for _, d := range decoders {
		if !bytes.HasPrefix(code, []byte(d.prefix)) {
			continue
		}
		if len(code) > MaxCode {
			return d.format, credential.Presented{}, fmt.Errorf("%w: more than %d characters", credential.ErrMalformed, MaxCode)
		}
		shown, err := d.decode(keys, code)
		return d.format, shown, err
	}
	return "", credential.Presented{}, strange(code)
}

// strange tells a code of a format we know that was spoilt or wrapped in something, one
// that is not read yet, or something else altogether, such as the address of a web page.
func strange(code []byte) error {
	for _, prefix := range unread {
		if bytes.HasPrefix(code, []byte(prefix)) {
			return fmt.Errorf("%w: %s codes are not read by this version", credential.ErrUnsupported, strings.TrimRight(prefix, "/:1"))
		}
	}
	code = code[:min(len(code), MaxCode)]
	upper := strings.ToUpper(string(code))
	for _, d := range decoders {
		if strings.Contains(upper, d.prefix) {
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
