package lane

import (
	"fmt"
	"testing"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// TestNoOrderOpensWithoutBoth plays every order of up to five acts of staff at a lane
// where somebody waits for them, and one more presentation among them. The lane asks the
// journal only once an officer and another person, a supervisor, have agreed to one and
// the same reason, and opens only on its answer (R29).
func TestNoOrderOpensWithoutBoth(t *testing.T) {
	v := verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "tested", Urgent: []string{"exam", "funeral"}, Counts: []verdict.Count{{}}}
	acts := []Input{
		Overruled{1, Officer, "anna", "exam", ""}, Overruled{1, Officer, "anna", "", ""}, Overruled{1, Supervisor, "bo", "exam", ""}, Overruled{1, Supervisor, "anna", "exam", ""},
		Overruled{1, Supervisor, "bo", "funeral", ""}, Overruled{1, Officer, "cy", "holiday", ""}, Overruled{1, Supervisor, "", "exam", ""},
		Overruled{0, Supervisor, "bo", "exam", ""}, Overruled{2, Supervisor, "bo", "exam", ""},
		Turned{Officer}, Turned{Supervisor}, Reset{Supervisor}, OpenLane{}, Presented{}, Judged{1, verdict.Verdict{Outcome: verdict.Admit, Counts: v.Counts}},
	}
	const depth = 4
	for overruling := Never; overruling <= BySignIn; overruling++ {
		l := Lane{Overruling: overruling, Timing: timing, Zone: ZoneClear, Normal: true}
		for _, in := range []Input{OpenLane{}, Presented{}, Judged{1, v}} {
			l, _ = l.Step(start, in)
		}
		claims, played := 0, 0
		var play func(l Lane, by map[string]Role, reasons map[string]int, trail string, left int)
		play = func(l Lane, by map[string]Role, reasons map[string]int, trail string, left int) {
			if left == 0 {
				played++
				return
			}
			for _, in := range acts {
				next, fx := l.Step(start.Add(time.Second), in)
				trail := fmt.Sprintf("%s %T%v", trail, in, in)
				by, reasons := agree(l, by, reasons, in)
				claimed := false
				for _, e := range fx {
					switch e.(type) {
					case Release:
						t.Fatalf("%v: opened before the journal has answered:%s", overruling, trail)
					case Claim:
						claimed = true
					}
				}
				if !claimed {
					play(next, by, reasons, trail, left-1)
					continue
				}
				claims++
				super := false
				for _, role := range by {
					super = super || role == Supervisor
				}
				if overruling == Never || len(by) != 2 || !super || len(reasons) != 1 {
					t.Fatalf("%v: %v agreed for %v:%s", overruling, by, reasons, trail)
				}
				opened := false
				_, fx = next.Step(start.Add(time.Second), Recorded{Number: 1, Pending: true})
				for _, e := range fx {
					_, release := e.(Release)
					opened = opened || release
				}
				if !opened {
					t.Fatalf("%v: claimed, recorded and not opened:%s", overruling, trail)
				}
			}
		}
		play(l, map[string]Role{}, map[string]int{}, "", depth)
		if (claims > 0) != (overruling != Never) || played < 1000 {
			t.Errorf("%v: %d claims in %d orders", overruling, claims, played)
		}
	}
}

// agree is what an observer of staff notes: who agreed while somebody waited, by name or
// by key as the lane is set up, and for which reasons on the list. Who names another reason
// than the one before has not agreed.
func agree(l Lane, by map[string]Role, reasons map[string]int, in Input) (map[string]Role, map[string]int) {
	people, why := map[string]Role{}, map[string]int{}
	for k, v := range by {
		people[k] = v
	}
	for k, v := range reasons {
		why[k] = v
	}
	if l.State != Waiting {
		return people, why
	}
	switch in := in.(type) {
	case Turned:
		if l.Overruling == ByKeys {
			people[fmt.Sprint(in.By, " key")] = in.By
		}
	case Overruled:
		if in.Number != 1 || in.Reason == "holiday" || len(why) > 0 && in.Reason != "" && why[in.Reason] == 0 {
			break
		}
		if in.Reason != "" {
			why[in.Reason]++
		}
		if l.Overruling == BySignIn && in.Who != "" {
			if was, ok := people[in.Who]; !ok || was == Officer && len(people) == 1 {
				people[in.Who] = in.By
			}
		}
	}
	return people, why
}

// TestPapers records the number under which the photograph of somebody's papers is kept, as one of the
// two gave it, and nothing that could be a name; a second and different one is no consent (R29).
func TestPapers(t *testing.T) {
	v := verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "tested", Urgent: []string{"exam"}, Counts: []verdict.Count{{}}}
	for _, c := range []struct {
		first, second, want string
		claims              bool
	}{
		{"", "", "", true}, {"2026/0412", "", "2026/0412", true}, {"", "17-3", "17-3", true}, {"17-3", "17-3", "17-3", true},
		{"17-3", "17-4", "", false}, {"CHAN", "", "", false}, {"", "A123456", "", false}, {"", "4401031990010123", "", false}, {"", "-17", "", false},
		{"", "17/", "", false}, {"", "17 3", "", false}, {"", "１７", "", false},
	} {
		l := Lane{Overruling: BySignIn, Timing: timing, Zone: ZoneClear, Normal: true}
		for _, in := range []Input{OpenLane{}, Presented{}, Judged{1, v}, Overruled{1, Officer, "anna", "exam", c.first}} {
			l, _ = l.Step(start, in)
		}
		_, fx := l.Step(start, Overruled{1, Supervisor, "bo", "exam", c.second})
		var claimed *Claim
		for _, e := range fx {
			if e, ok := e.(Claim); ok {
				claimed = &e
			}
		}
		if (claimed != nil) != c.claims || claimed != nil && claimed.Event.Note["papers"] != c.want {
			t.Errorf("%q and %q: %+v", c.first, c.second, claimed)
		}
	}
}

// TestWhatStands never waits for staff: a hard check, a lane of a venue, a lane where
// nobody may overrule.
func TestWhatStands(t *testing.T) {
	rule := verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "tested", Urgent: []string{"exam"}, Counts: []verdict.Count{{}}}
	red := verdict.Verdict{Outcome: verdict.Refuse, Reason: "high-risk", Rule: "red", Urgent: []string{"exam"}}
	forged := verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.BadSignature}
	for name, c := range map[string]struct {
		lane Lane
		v    verdict.Verdict
		want State
	}{
		"what a rule refers":              {Lane{Overruling: ByKeys}, rule, Waiting},
		"a red":                           {Lane{Overruling: ByKeys}, red, Ready},
		"a forgery":                       {Lane{Overruling: BySignIn}, forged, Ready},
		"at a door":                       {Lane{Overruling: ByKeys, Profile: Open}, rule, Ready},
		"where nobody is to overrule":     {Lane{}, rule, Ready},
		"unreadable for the fourth time":  {Lane{Overruling: ByKeys, Retries: retries, Retried: start}, verdict.Verdict{Reason: verdict.Unreadable}, Ready},
		"too slow, though it would admit": {Lane{Overruling: ByKeys}, verdict.Verdict{Reason: verdict.TooSlow}, Ready},
	} {
		l := c.lane
		l.State, l.Asked, l.Timing, l.Zone, l.Normal = Inspecting, 1, timing, ZoneClear, true
		l, _ = l.Step(start, Judged{1, c.v})
		if l.State != c.want || (l.Verdict.Counts != nil) != (c.want == Waiting) {
			t.Errorf("%s: %v, keeps %d counts", name, l.State, len(l.Verdict.Counts))
		}
	}
}

// TestRefusedClaim: a code that the rules admit and the journal refuses, such as one used
// before, keeps what the rules found, whom to ask (R19), and is overruled by nobody.
func TestRefusedClaim(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	l := Lane{State: Admitting, Overruling: ByKeys, Zone: ZoneClear, Normal: true, Asked: 1, Verdict: verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied,
		Rule: "green-today", Hotline: "3142 2330", Yields: true, Urgent: []string{"exam"}}}
	l, fx := l.Step(at, Recorded{Number: 1, Reason: verdict.Replayed})
	v := fx[0].(Record).Event.Verdict
	if v.Outcome != verdict.Refuse || v.Reason != verdict.Replayed || v.Ruled != verdict.Satisfied || v.Hotline != "3142 2330" || v.Yields || v.Urgent != nil {
		t.Errorf("%+v", v)
	}
	if l.State != Ready || l.Verdict.Hotline == "" {
		t.Errorf("%v %+v", l, l.Verdict)
	}
}
