package inspection

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/roster"
)

// residentsFile lists who lives at the sites of the set (R92), rosterFile what the other
// lists of people are for.
const (
	residentsFile = "lists/residents.bin"
	rosterFile    = "lists/index.json"
)

// maxRosters bounds the lists of one set: each is asked about everybody.
const maxRosters = 32

var (
	errRoster = errors.New("not an index of lists")
	errNamed  = errors.New("no list of that name in lists/index.json says what it is for")
)

// rosterEntry says what one list is for: exactly one of exempt, cohort and endorsement.
// It counts from the first moment to the second; an exempt class has both (R97).
type rosterEntry struct {
	Name        string    `json:"name"` // lists/<name>.bin
	Exempt      string    `json:"exempt"`
	Cohort      string    `json:"cohort"`
	Endorsement string    `json:"endorsement"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
	Source      string    `json:"source"` // who decided so, for its reader
}

func (e rosterEntry) check() error {
	said := strings.Join([]string{e.Exempt, e.Cohort, e.Endorsement}, "")
	switch {
	case path.Base(e.Name) != e.Name || e.Name == "residents" || e.Name == "" || len(e.Name) > 64:
		return fmt.Errorf("%w: %q is no name of a list", errRoster, e.Name)
	case said == "" || said != e.Exempt && said != e.Cohort && said != e.Endorsement || len(said) > 64:
		return fmt.Errorf("%w: %s: want one of exempt, cohort, endorsement, of at most 64 bytes", errRoster, e.Name)
	case e.Endorsement != "" && !slices.Contains(facts.Endorsements, e.Endorsement), slices.Contains(facts.Endorsements, e.Exempt):
		return fmt.Errorf("%w: %s: endorsements are %s, and no exemptions", errRoster, e.Name, strings.Join(facts.Endorsements, ", "))
	case e.Exempt != "" && (e.From.IsZero() || e.Until.IsZero()), !e.Until.IsZero() && !e.From.Before(e.Until):
		return fmt.Errorf("%w: %s: want from and a later until", errRoster, e.Name)
	}
	return nil
}

// in reports whether the list counts at a time that may be off by u: nobody is exempt
// before the first moment or from the last on, by any clock.
func (e rosterEntry) in(at time.Time, u time.Duration) bool {
	return !at.Add(-u).Before(e.From) && (e.Until.IsZero() || at.Add(u).Before(e.Until))
}

// rosters are the lists of people of one set.
type rosters struct {
	residents *roster.List // nil where the set has none
	listed    []listed
}

type listed struct {
	rosterEntry
	file string
	list roster.List
}

// parseRosters reads lists/*.bin and what lists/index.json says of them.
func parseRosters(data map[string][]byte, fault func(string, error)) rosters {
	var out rosters
	named := map[string]rosterEntry{}
	if raw, ok := data[rosterFile]; ok {
		entries, err := parseIndex(raw)
		fault(rosterFile, err)
		for _, e := range entries {
			file := "lists/" + e.Name + ".bin"
			if _, ok := data[file]; !ok {
				fault(rosterFile, fmt.Errorf("%w: %s is not there", errRoster, file))
			}
			named[file] = e
		}
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if path.Dir(name) != "lists" || path.Ext(name) != ".bin" {
			continue
		}
		list, err := roster.Parse(data[name])
		fault(name, err)
		e, ok := named[name]
		switch {
		case name == residentsFile:
			out.residents = &list
		case ok:
			out.listed = append(out.listed, listed{e, name, list})
		default:
			fault(name, errNamed)
		}
	}
	return out
}

func parseIndex(raw []byte) ([]rosterEntry, error) {
	var f struct {
		V     int           `json:"v"`
		Lists []rosterEntry `json:"lists"`
	}
	if err := json.Unmarshal(raw, &f); err != nil || f.V != 1 || len(f.Lists) > maxRosters {
		return nil, fmt.Errorf("%w: want \"v\": 1 and at most %d lists: %v", errRoster, maxRosters, err)
	}
	slices.SortFunc(f.Lists, func(a, b rosterEntry) int { return cmp.Compare(a.Name, b.Name) })
	for i, e := range f.Lists {
		if err := e.check(); err != nil {
			return nil, err
		}
		if i > 0 && f.Lists[i-1].Name == e.Name {
			return nil, fmt.Errorf("%w: %s is there twice", errRoster, e.Name)
		}
	}
	return f.Lists, nil
}

// look adds what the lists say of the holder, by any of their pseudonyms, and names those
// that know them. A lane that may not learn pseudonyms asks none.
func (r rosters) look(in *policy.Input, found []Finding, p Presentation) (lists []string) {
	if p.Lane.Profile != "gate" {
		return nil
	}
	on := func(list roster.List) bool {
		return slices.ContainsFunc(found, func(f Finding) bool {
			return !f.Other && list.Has(roster.Member{Scheme: f.Scheme, Subject: f.verified.Credential().Subject})
		})
	}
	if r.residents != nil {
		is := on(*r.residents)
		in.Resident, lists = &is, append(lists, residentsFile)
	}
	for _, l := range r.listed {
		if !l.in(p.At, p.Clock.Uncertainty) {
			continue
		}
		if l.Cohort != "" && in.Cohorts == nil {
			in.Cohorts = []string{} // known, and in none so far
		}
		if !on(l.list) {
			continue
		}
		lists = append(lists, l.file)
		if l.Cohort != "" {
			in.Cohorts = append(in.Cohorts, l.Cohort)
		} else {
			in.Listed = append(in.Listed, policy.Listed{Exempt: l.Exempt, Endorsement: l.Endorsement, List: l.file})
		}
	}
	return lists
}
