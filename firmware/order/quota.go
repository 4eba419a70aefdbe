package order

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/checkpoint/firmware/credential/centre"
)

// ErrQuotas means: sites/<site>.json does not say what a quota is.
var ErrQuotas = errors.New("not a site's file of quotas")

// maxQuotas bounds the quotas of one site.
const maxQuotas = 16

// Quotas are the quotas of one site. Every admission that one covers costs one token of it
// (R25). Neither a registration number nor a date of one comes into it (R16).
type Quotas struct {
	zone  *time.Location
	list  []Quota
	lanes []string // of the site; nil if its file does not list them
}

// Unlisted reports whether the site's file lists lanes, and this is none of them.
func (q Quotas) Unlisted(lane string) bool { return q.lanes != nil && !slices.Contains(q.lanes, lane) }

// Quota is one of them.
type Quota struct {
	Name  string
	Scope centre.Scope
}

// ParseQuotas reads sites/<site>.json:
//
//	{"v": 1, "zone": "Asia/Hong_Kong", "lanes": ["1", "2"], "quotas": [{"quota": "HK-departure", "scope": {"direction": "out"}}]}
//
// Members that it does not know are others'. The zone is that of the day of a quota. Where the file
// lists the lanes of the site, a quota of another lane is an error: nobody would ever spend it.
func ParseQuotas(data []byte) (Quotas, error) {
	var f struct {
		V      int
		Zone   string
		Lanes  []string
		Quotas []struct {
			Quota string
			Scope struct{ Site, Direction, Scheme, Lane string }
		}
	}
	if err := json.Unmarshal(data, &f); err != nil || f.V != 1 || len(f.Quotas) > maxQuotas {
		return Quotas{}, fmt.Errorf("%w: want \"v\": 1 and at most %d quotas: %v", ErrQuotas, maxQuotas, err)
	}
	q := Quotas{lanes: f.Lanes}
	var err error
	if q.zone, err = time.LoadLocation(f.Zone); err != nil || f.Zone == "" && len(f.Quotas) > 0 {
		return Quotas{}, fmt.Errorf("%w: zone %q is none", ErrQuotas, f.Zone)
	}
	for _, one := range f.Quotas {
		if d := one.Scope.Direction; d != "" && d != "in" && d != "out" {
			return Quotas{}, fmt.Errorf("%w: direction %q is neither in nor out", ErrQuotas, d)
		}
		if l := one.Scope.Lane; l != "" && f.Lanes != nil && !slices.Contains(f.Lanes, l) {
			return Quotas{}, fmt.Errorf("%w: lane %q is not among the \"lanes\" of the site: correct its name, or add it", ErrQuotas, l)
		}
		if !plain(one.Quota) {
			return Quotas{}, fmt.Errorf("%w: name %q: use up to 64 letters, digits, - and _", ErrQuotas, one.Quota)
		}
		q.list = append(q.list, Quota{one.Quota, centre.Scope(one.Scope)})
	}
	return q, nil
}

// plain names go into subjects and keys.
func plain(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}

// Share is one quota on one day.
type Share struct{ Quota, Day string }

// Due returns what an admission costs one token of each, at a place that is given once for each of
// the schemes that it rests on.
func (q Quotas) Due(now time.Time, places ...Place) []Share {
	var due []Share
	for _, one := range q.list {
		share := Share{one.Name, now.In(q.zone).Format(time.DateOnly)}
		if !slices.Contains(due, share) && slices.ContainsFunc(places, func(p Place) bool { return covers(one.Scope, p) }) {
			due = append(due, share)
		}
	}
	return due
}

// Leases are the shares of quotas that a holder was given: for each quota and day the one of
// the highest serial. Its tokens are how many the holder may have spent on that day altogether.
// The zero Leases are none.
type Leases struct {
	leases map[share]centre.Lease
}

type share struct{ quota, day, holder string }

// Clone returns a copy that later changes of l do not touch.
func (l *Leases) Clone() *Leases {
	again := &Leases{leases: make(map[share]centre.Lease, len(l.leases))}
	for at, lease := range l.leases {
		again.leases[at] = lease
	}
	return again
}

// Take keeps a lease. One with the same or a lower serial of the same quota, day
// and holder gives ErrOld.
func (l *Leases) Take(lease centre.Lease) error {
	at := share{lease.Quota, lease.Day, lease.Holder}
	if before, known := l.leases[at]; known && lease.Serial <= before.Serial {
		return fmt.Errorf("lease %d: %w: %d", lease.Serial, ErrOld, before.Serial)
	}
	if l.leases == nil {
		l.leases = map[share]centre.Lease{}
	}
	l.leases[at] = lease
	return nil
}

// Tokens returns how many tokens of a share a holder was leased and not how many it
// has spent; 0 once they are void.
func (l *Leases) Tokens(s Share, holder string, now time.Time) uint64 {
	lease, ok := l.leases[share{s.Quota, s.Day, holder}]
	if !ok || !now.Before(lease.Expires) {
		return 0
	}
	return lease.Tokens
}
