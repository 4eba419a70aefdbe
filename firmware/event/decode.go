package event

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// Decode reads what Encode wrote, here or in a later version: members it does
// not know are passed over. Verdict has neither Counts nor Language, Hotline nor Urgent.
func Decode(b []byte) (Record, error) {
	if len(b) > MaxSize {
		return Record{}, ErrTooLarge
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return Record{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if e.SpecVersion != "1.0" {
		return Record{}, fmt.Errorf("%w: specversion is not 1.0", ErrMalformed)
	}
	p, err := position(e)
	if err != nil {
		return Record{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, e.Time)
	if err != nil {
		return Record{}, fmt.Errorf("%w: time", ErrMalformed)
	}
	if at = at.UTC(); at.Year() < 0 || at.Year() > 9999 {
		return Record{}, ErrTime
	}
	kind, ok := kindOf(e.Type)
	if !ok {
		return Record{}, fmt.Errorf("%w: type", ErrMalformed)
	}
	if len(e.Data.Note) == 0 {
		e.Data.Note = nil
	}
	r := Record{Position: p, Boot: e.Data.Boot, Visit: e.Data.Visit,
		Event: Event{At: at, Kind: kind, Presentation: e.Data.Presentation, Note: e.Data.Note}}
	if j := e.Data.Verdict; j != nil {
		r.Verdict, err = j.verdict(at)
	}
	return r, err
}

// kindOf reads "checkpoint.<kind>.v1".
func kindOf(s string) (Kind, bool) {
	s, ok := strings.CutPrefix(s, "checkpoint.")
	s, version := strings.CutSuffix(s, ".v1")
	return Kind(s), ok && version && ValidName(s)
}

func position(e envelope) (Position, error) {
	id := strings.Split(e.ID, "/")
	if len(id) != 3 || len(id[1]) != 16 {
		return Position{}, fmt.Errorf("%w: id", ErrMalformed)
	}
	epoch, err1 := strconv.ParseUint(id[1], 16, 64)
	seq, err2 := strconv.ParseUint(id[2], 10, 64)
	if err1 != nil || err2 != nil {
		return Position{}, fmt.Errorf("%w: id", ErrMalformed)
	}
	p := Position{Device: id[0], Epoch: epoch, Seq: seq}

	path := strings.Split(e.Source, "/")
	if len(path) == 7 && path[5] == "lane" {
		p.Lane, path = path[6], path[:5]
		if !ValidName(p.Lane) {
			return Position{}, ErrName
		}
	}
	if len(path) != 5 || path[0] != "" || path[1] != "site" || path[3] != "device" || path[4] != p.Device || e.Data.Lane != p.Lane {
		return Position{}, fmt.Errorf("%w: source", ErrMalformed)
	}
	if p.Site = path[2]; !ValidName(p.Device) || !ValidName(p.Site) {
		return Position{}, ErrName
	}
	if len(e.Prev) != hex.EncodedLen(len(p.Prev)) {
		return Position{}, fmt.Errorf("%w: prev", ErrMalformed)
	}
	if _, err := hex.Decode(p.Prev[:], []byte(e.Prev)); err != nil {
		return Position{}, fmt.Errorf("%w: prev", ErrMalformed)
	}
	return p, nil
}

var outcomes = []string{verdict.Refuse: "refuse", verdict.Refer: "refer", verdict.Admit: "admit"}

func (j judgement) verdict(at time.Time) (verdict.Verdict, error) {
	outcome := slices.Index(outcomes, j.Outcome)
	if outcome < 0 {
		return verdict.Verdict{}, fmt.Errorf("%w: outcome", ErrMalformed)
	}
	v := verdict.Verdict{Outcome: verdict.Outcome(outcome), Reason: j.Reason, Rule: j.Rule, Cite: j.Cite, Measured: j.Measured,
		Threshold: j.Threshold, Ruled: j.Ruled, SetBy: j.SetBy, Person: j.Person, Place: j.Place, Format: j.Format, Scheme: j.Scheme, Confidence: j.Clock, Within: max(0, time.Duration(j.Within))}
	if j.At != "" {
		made, err := time.Parse(time.RFC3339Nano, j.At)
		if made = made.UTC(); err != nil || made.Year() < 0 || made.Year() > 9999 {
			return verdict.Verdict{}, fmt.Errorf("%w: time of the verdict", ErrMalformed)
		}
		v.At = made
	}
	for _, l := range j.Lists {
		var changed time.Time
		if l.Age != nil {
			if *l.Age < -int64(maxAge/time.Second) || *l.Age > int64(maxAge/time.Second) {
				return verdict.Verdict{}, fmt.Errorf("%w: age of a list", ErrMalformed)
			}
			changed = at.Add(-time.Duration(*l.Age) * time.Second)
		}
		v.Lists = append(v.Lists, verdict.List{Name: l.Name, Version: l.Version, Changed: changed})
	}
	return v, nil
}
