// Package figures is what a run of the lab came to: what each party counted, and the equations
// that must hold between them.
package figures

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Tally is what one run came to, each figure from the party that knows it.
type Tally struct {
	Presented int // by the people: how often a code was held up to a lane in service
	Unread    int // by the people: how often nothing came of it

	Journal map[string]int // by the device: its journal after the run, events by kind
	Centre  map[string]int // by the centre: what it has durably, events by kind
	Outcome map[string]int // by the centre: events `presented` by outcome; admitted are its events `claimed`

	AtBorder   int      // by the centre: events `claimed` of lanes with a barrier
	Openings   int      // by the boards: how often an access leaf opened without fire
	OnABeam    int      // by the boards: how often a leaf shut on a broken beam
	Complaints []string // by the boards: what a driver said that it should not
	Doubles    int      // by the centre: events received again, the same to the byte
	Conflicts  int      // by the centre: events received again with other bytes
	Poison     int      // by the centre: what it could not read
	Damage     int      // by the centre: chains with an edit, a gap, a change of order or an end cut off
}

// Check returns every equation that does not hold. After a kill the people's
// own count proves nothing (what they held up may have been forgotten before it
// was written); what the boards, the journal and the centre know still must agree.
func (t Tally) Check(killed bool) error {
	var faults []error
	equal := func(left string, a int, right string, b int) {
		if a != b {
			faults = append(faults, fmt.Errorf("%s is %d, but %s is %d", left, a, right, b))
		}
	}
	admitted := t.Centre["claimed"]
	if killed {
		if t.Openings > t.AtBorder {
			faults = append(faults, fmt.Errorf("%d openings, but only %d admissions in the journal", t.Openings, t.AtBorder))
		}
	} else {
		equal("presented", t.Presented, "admitted + referred + refused + unread", admitted+t.Outcome["refer"]+t.Outcome["refuse"]+t.Unread)
		equal("gate openings", t.Openings, "admitted at the border", t.AtBorder)
	}
	equal("admitted", admitted, "passed + withdrew + interrupted", t.Centre["passed"]+t.Centre["withdrew"]+t.Centre["interrupted"])
	for _, kind := range slices.Sorted(maps.Keys(union(t.Journal, t.Centre))) {
		equal("events "+kind+" at the centre", t.Centre[kind], "journalled", t.Journal[kind])
	}
	equal("conflicts", t.Conflicts, "none", 0)
	equal("unreadable at the centre", t.Poison, "none", 0)
	equal("chains that are not whole at the centre", t.Damage, "none", 0)
	equal("leaves shut on a beam", t.OnABeam, "none", 0)
	for _, c := range t.Complaints {
		faults = append(faults, errors.New(c))
	}
	return errors.Join(faults...)
}

func union(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// Print writes the summary a person reads at the end of a run.
func (t Tally) Print(w io.Writer) {
	fmt.Fprintf(w, "\npresented %d = admitted %d + referred %d + refused %d + unread %d\n",
		t.Presented, t.Centre["claimed"], t.Outcome["refer"], t.Outcome["refuse"], t.Unread)
	fmt.Fprintf(w, "admitted  %d = passed %d + withdrew %d + interrupted %d\n",
		t.Centre["claimed"], t.Centre["passed"], t.Centre["withdrew"], t.Centre["interrupted"])
	fmt.Fprintf(w, "openings  %d counted by the boards\n", t.Openings)
	fmt.Fprintf(w, "centre    %d events, %d received twice, %d in conflict\n", sum(t.Centre), t.Doubles, t.Conflicts)
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}
