package revocation

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sort"
	"time"

	"example.org/checkpoint/firmware/credential/revoked"
	"example.org/checkpoint/firmware/trust"
)

// Set is the revocation list of one scheme: a base of sorted hashes and deltas
// over it, as they are shipped. It is immutable.
type Set struct {
	Issued  time.Time
	Expires time.Time
	base    []sorted // ascending
	layers  []layer  // newest first
	bad     error    // who signed it may not
}

// layer is one delta.
type layer struct{ withdrawn, reinstated sorted }

var (
	errCount = errors.New("another number of hashes than the list says")
	errSum   = errors.New("another content than the list says")
	errTwice = errors.New("a list of this scheme is there already")
	errOther = errors.New("the list is of another scheme")
)

// File is a file of hashes, in memory or mapped; nobody may change it as long as a set is in use.
type File struct {
	Data   []byte
	SHA256 []byte // of Data, if who holds it has hashed it; nil: it is hashed here
}

// OpenSet puts a list and its files together. Every file is read once, and compared with what the
// list says of it.
func OpenSet(l revoked.List, open func(name string) (File, error)) (*Set, error) {
	s := &Set{Issued: l.Signed.Issued, Expires: l.Expires}
	for _, f := range l.Base {
		run, _, err := hashes(f, 0, open)
		if err == nil && !run.empty() && len(s.base) > 0 && run.first <= s.base[len(s.base)-1].last {
			err = errOrder
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if !run.empty() {
			s.base = append(s.base, run)
		}
	}
	for _, d := range l.Deltas {
		withdrawn, reinstated, err := hashes(d.File, d.Reinstated, open)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		s.layers = slices.Insert(s.layers, 0, layer{withdrawn, reinstated})
	}
	return s, nil
}

// hashes opens a file whose last hashes, so many as tail says, are a run of their own.
func hashes(f revoked.File, tail uint64, open func(string) (File, error)) (head, rest sorted, err error) {
	file, err := open(f.Name)
	switch {
	case err != nil:
		return head, rest, err
	case len(file.Data)%width != 0:
		return head, rest, errSize
	case uint64(len(file.Data)/width) != f.Count:
		return head, rest, errCount
	}
	var sum hash.Hash // nil: there is nothing to hash
	if file.SHA256 == nil {
		sum = sha256.New()
	}
	cut := len(file.Data) - int(tail)*width
	if head, err = newSorted(file.Data[:cut], sum); err == nil {
		rest, err = newSorted(file.Data[cut:], sum)
	}
	if sum != nil {
		file.SHA256 = sum.Sum(nil)
	}
	if err == nil && !bytes.Equal(file.SHA256, f.SHA256[:]) {
		err = errSum
	}
	return head, rest, err
}

// Has reports whether a hash is withdrawn. The newest delta that names it decides.
func (s *Set) Has(h Hash) bool {
	for _, l := range s.layers {
		if l.withdrawn.has(h) {
			return true
		}
		if l.reinstated.has(h) {
			return false
		}
	}
	i := sort.Search(len(s.base), func(i int) bool { return s.base[i].last >= h })
	return i < len(s.base) && s.base[i].has(h)
}

// Sets holds the revocation lists of all schemes. It is complete before it is asked.
type Sets struct{ byScheme map[string]*Set }

// Add decodes the list of a scheme and opens its files. Of one that is signed by
// somebody else no file is opened, and it determines nothing.
func (l *Sets) Add(scheme string, signed []byte, store *trust.Store, open func(name string) (File, error)) error {
	list, err := revoked.Decode(signed)
	if err != nil {
		return err
	}
	if list.Signed.Issuer != scheme {
		return errOther
	}
	if l.byScheme[scheme] != nil {
		return errTwice
	}
	set := &Set{Issued: list.Signed.Issued, Expires: list.Expires}
	by, _, err := store.VerifyUse(trust.Revocation, list.Signed)
	switch {
	case err != nil:
		set.bad = err
	case by != scheme:
		set.bad = fmt.Errorf("%w: not a revocation key of %s", trust.ErrWrongUse, scheme)
	default:
		if set, err = OpenSet(list, open); err != nil {
			return err
		}
	}
	if l.byScheme == nil {
		l.byScheme = map[string]*Set{}
	}
	l.byScheme[scheme] = set
	return nil
}

// Look asks the list of a scheme for an identity at a time by a clock with some
// uncertainty. A scheme without a list withdraws nothing by it: Valid, made never.
func (l *Sets) Look(scheme string, identity []byte, now time.Time, uncertainty time.Duration) Answer {
	s := l.byScheme[scheme]
	if s == nil {
		return Answer{Status: Valid}
	}
	a := Answer{Changed: s.Issued, List: "revoked/" + scheme + ".json"}
	switch {
	case s.bad != nil:
		a.Why = s.bad
	case s.Issued.After(now.Add(uncertainty)):
		a.Why = errFuture
	case !now.Add(-uncertainty).Before(s.Expires):
		a.Why = errEnded
	case s.Has(HashOf(identity)):
		a.Status = Withdrawn
	default:
		a.Status = Valid
	}
	return a
}
