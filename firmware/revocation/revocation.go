// Package revocation answers what a code's live status is, from the status
// lists of its scheme, and whether it was withdrawn, from the scheme's sorted hashes.
package revocation

import (
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/statuslist"
	"example.org/checkpoint/firmware/trust"
)

// Status is the live status of one code (draft-ietf-oauth-status-list section 7.1, FORMATS A1).
type Status uint8

const (
	Undetermined Status = iota // zero value: no usable list says anything
	Valid                      // as printed
	Withdrawn
	Amber // suspended
	Red   // application specific
)

func (s Status) String() string {
	return [...]string{"undetermined", "valid", "withdrawn", "amber", "red"}[s]
}

// statuses are the registered values; others say nothing to us.
var statuses = [256]Status{0: Valid, 1: Withdrawn, 2: Amber, 3: Red}

// Answer is a status and what it rests on.
type Answer struct {
	Status  Status
	List    string    // the file; empty if there is none
	Changed time.Time // when the list was made; zero if there is none
	Why     error     // why the status is undetermined
}

// Why a status is undetermined.
var (
	errNoList   = errors.New("no such list")
	errTooShort = errors.New("the list does not reach so far")
	errEnded    = errors.New("the list has ended")
	errFuture   = errors.New("the list is from the future")
	errValue    = errors.New("the list has a value without meaning")
)

// maxUnpacked bounds the entries of all lists together in bytes: 256 million codes
// of 2 bits. What a delta unpacks to counts too.
const maxUnpacked = 64 << 20

// Lists holds the status lists of all schemes. It is complete before it is asked.
type Lists struct {
	byName   map[name]*held
	unpacked int64 // bytes, of all lists and deltas
}

type name struct{ scheme, uri string }

// held is one list. Of one that is bad nothing is kept but its name and its times.
type held struct {
	list statuslist.List
	ends time.Time
	file string
	bad  error // who signed it may not, or the delta does not fit
}

// Unpacked returns how many bytes of entries were unpacked in all.
func (l *Lists) Unpacked() int64 { return l.unpacked }

// Add decodes a list of a scheme. One that is signed by somebody else is not
// unpacked and determines nothing: it fails its own codes, not the whole bundle.
func (l *Lists) Add(file, scheme string, data []byte, store *trust.Store) error {
	list, err := statuslist.Decode(data)
	if err != nil {
		return err
	}
	n := name{scheme, list.URI}
	h := &held{file: file, bad: store.VerifyStatus(scheme, list.Signed)}
	switch other, taken := l.byName[n]; {
	case taken && h.bad != nil: // whose name it says is nothing to go by
		return nil
	case taken && other.bad == nil:
		return fmt.Errorf("list %q is in %s already", list.URI, other.file)
	}
	if h.bad == nil {
		if err := list.Unpack(maxUnpacked - l.unpacked); err != nil {
			return err
		}
		l.unpacked += int64(len(list.Entries))
	}
	h.take(list)
	if l.byName == nil {
		l.byName = map[name]*held{}
	}
	l.byName[n] = h
	return nil
}

// take keeps a list; a bad one without what it would say.
func (h *held) take(list statuslist.List) {
	if h.bad != nil {
		list = statuslist.List{Signed: credential.Signed{Issued: list.Signed.Issued}, Bits: list.Bits}
	}
	h.list, h.ends = list, list.Ends()
}

// AddDelta brings the list that a delta is for up to date. A delta that is signed by
// somebody else or does not fit leaves the list undetermined: what it would have
// changed is not known.
func (l *Lists) AddDelta(scheme string, data []byte, store *trust.Store) error {
	d, err := statuslist.DecodeDelta(data)
	if err != nil {
		return err
	}
	h, ok := l.byName[name{scheme, d.URI}]
	if !ok {
		return fmt.Errorf("list %q: %w", d.URI, errNoList)
	}
	if h.bad != nil {
		return nil
	}
	next := h.list
	if h.bad = store.VerifyStatus(scheme, d.Signed); h.bad == nil {
		if err := d.Unpack(maxUnpacked - l.unpacked); err != nil {
			return err
		}
		l.unpacked += int64(len(d.Changes))
		if next, h.bad = h.list.Apply(d); h.bad != nil {
			next = h.list
		}
	}
	h.take(next)
	return nil
}

// Look returns the status of a code of a scheme at a time by a clock with some
// uncertainty. A list ends at its expiry or when its time to live is over, whichever
// comes first; one that was made in the future determines nothing yet.
func (l *Lists) Look(scheme string, ref credential.StatusRef, now time.Time, uncertainty time.Duration) Answer {
	h, ok := l.byName[name{scheme, ref.URI}]
	if !ok {
		return Answer{Why: errNoList}
	}
	a := Answer{List: h.file, Changed: h.list.Signed.Issued}
	value, reaches := h.list.Entry(ref.Index)
	switch {
	case h.bad != nil:
		a.Why = h.bad
	case a.Changed.After(now.Add(uncertainty)):
		a.Why = errFuture
	case !h.ends.IsZero() && !now.Add(-uncertainty).Before(h.ends):
		a.Why = errEnded
	case !reaches:
		a.Why = errTooShort
	default:
		if a.Status = statuses[value]; a.Status == Undetermined {
			a.Why = errValue
		}
	}
	return a
}

// rank orders colours by strictness; green and blue are both low risk.
var rank = map[string]int{"green": 0, "blue": 0, "amber": 1, "red": 2}

// Stricter returns the stricter of a printed colour and a status. A code without
// a colour takes none from a list that says it is valid.
func Stricter(printed string, s Status) string {
	live := map[Status]string{Amber: "amber", Red: "red"}[s]
	if live == "" || printed != "" && rank[printed] >= rank[live] {
		return printed
	}
	return live
}
