package lane

import (
	"slices"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

// Overruling says how staff let somebody pass whom the rules refer (R29). The zero
// value: not at all.
type Overruling uint8

const (
	Never    Overruling = iota
	ByKeys              // the officer's and the supervisor's key at the lane
	BySignIn            // an officer and a supervisor, each under their own name
)

// Who turned a key, in place of a name.
const (
	OfficerKey    = "officer-key"
	SupervisorKey = "supervisor-key"
)

var keys = map[Role]string{Officer: OfficerKey, Supervisor: SupervisorKey}

// Consent is what staff have said of the presentation that waits for them. The lane
// opens when there is a reason, and two different people have given it their consent, of
// whom one is a supervisor.
type Consent struct {
	Reason     string // one of the verdict's Urgent
	Officer    string // who, by name or key
	Supervisor string // likewise, another one
	Papers     string // the number under which the photograph of the papers is kept elsewhere; empty for none
}

// maxPapers bounds the number of a photograph in bytes: an identity card of the mainland has more digits.
const maxPapers = 12

// PapersNumber reports whether s may be the number under which the photograph of somebody's papers
// is kept (R29): digits, with - and / between. It is recorded, so no word, name or letter fits into it.
func PapersNumber(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c != '-' && c != '/' || i == 0 || i == len(s)-1) {
			return false
		}
	}
	return s != "" && len(s) <= maxPapers
}

// whole reports whether nothing is missing.
func (c Consent) whole() bool {
	return c.Reason != "" && c.Officer != "" && c.Supervisor != "" && c.Officer != c.Supervisor
}

// with adds who agrees. Nobody counts twice; a supervisor may also be the first of the two.
func (c Consent) with(by Role, who string) Consent {
	switch {
	case who == "" || who == c.Officer || who == c.Supervisor:
	case by == Supervisor && c.Supervisor == "":
		c.Supervisor = who
	case c.Officer == "":
		c.Officer = who
	}
	return c
}

// Invites reports whether the lane takes the next person: also while somebody waits for
// staff, until one of them has begun.
func (l Lane) Invites() bool {
	return l.State == Ready || l.State == Waiting && l.Consent == Consent{}
}

// wait has somebody whom the rules refer wait for staff, if those may overrule it.
func (l Lane) wait(now time.Time, counts []verdict.Count) Lane {
	if l.Overruling == Never || l.Profile != Single || l.Verdict.Outcome != verdict.Refer || len(l.Verdict.Urgent) == 0 {
		return l
	}
	l.Verdict.Counts = counts
	return l.to(Waiting, now.Add(l.Timing.Staff))
}

// overrule takes what one of the staff says.
func (l Lane) overrule(now time.Time, by Role, who, reason, papers string) (Lane, []Effect) {
	before := l.Consent
	switch {
	case reason == "":
	case !slices.Contains(l.Verdict.Urgent, reason) || before.Reason != "" && before.Reason != reason:
		return l, nil // the two must mean the same
	default:
		l.Consent.Reason = reason
	}
	switch {
	case papers == "":
	case !PapersNumber(papers) || before.Papers != "" && before.Papers != papers:
		l.Consent = before // the two must have seen the same
		return l, nil
	default:
		l.Consent.Papers = papers
	}
	l.Consent = l.Consent.with(by, who)
	switch {
	case l.Consent.whole():
		e := l.event(now, event.Override, l.Verdict)
		e.Note = map[string]string{"urgent": l.Consent.Reason, "officer": l.Consent.Officer, "supervisor": l.Consent.Supervisor}
		if l.Consent.Papers != "" {
			e.Note["papers"] = l.Consent.Papers
		}
		return l.to(Admitting, now.Add(l.Timing.Judge)), []Effect{Claim{e}}
	case l.Consent != before:
		l.Deadline = now.Add(l.Timing.Staff)
	}
	return l, nil
}

// forget drops what was kept of somebody for staff once nobody waits for them.
func (l Lane) forget(was State) Lane {
	if l.State == Waiting || l.State == Admitting {
		return l
	}
	l.Consent = Consent{}
	if was == Waiting {
		l.Verdict.Counts = nil
	}
	return l
}

// late writes a verdict that came after the presentation was turned down without one. It
// stands beside that record, and nothing opens.
func (l Lane) late(now time.Time, v verdict.Verdict) (Lane, []Effect) {
	v.Counts, l.Unjudged = nil, false
	return l, []Effect{Record{l.event(now, event.Reconciled, v)}}
}
