package inspection

import (
	"errors"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/revocation"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// Validity says whether a code holds at the time. The zero value: nobody knows.
type Validity uint8

const (
	ValidityUnknown Validity = iota
	ValidNow
	NotYet
	Expired
)

func (v Validity) String() string { return [...]string{"unknown", "valid", "not-yet", "expired"}[v] }

// Finding is what was found in one code. Signer, signature and validity are
// said apart, also where something else is wrong.
type Finding struct {
	Decoded    bool
	Format     credential.Format // empty if no format begins so
	Issuer     string            // as the code claims
	Scheme     string            // as trusted; empty if it is not
	Trust      trust.Finding
	Validity   Validity
	NotBefore  time.Time
	NotAfter   time.Time
	Colour     string // after live status
	Printed    string // before it
	Meaning    string
	Facts      credential.Facts // what this lane may learn; of a verified code only
	TrustList  string
	StatusList string
	StatusWhy  error // why the live status is undetermined
	Err        error // the first hard check that failed

	verified     trust.Verified
	undetermined bool
	statusMade   time.Time
}

var (
	errUnknownFormat = errors.New("no format known here")
	errClock         = errors.New("the device does not know what time it is")
	errNotYet        = errors.New("not valid yet")
	errExpired       = errors.New("no longer valid")
	errWithdrawn     = errors.New("the code was withdrawn")
	errHolder        = errors.New("a code bound to a phone, shown without proof of that phone")
)

// judge runs the hard checks on one code, in this order: form; signer, use and
// scope; signature; time; live status; proof of the holder.
func (s *Snapshot) judge(text []byte, p Presentation) Finding {
	var f Finding
	format, c, err := decode(text)
	f.Format, f.Err = format, err
	if err != nil {
		return f
	}
	f.Decoded, f.Issuer = true, c.Signed.Issuer
	f.NotBefore, f.NotAfter = c.NotBefore, c.NotAfter
	f.verified, f.Trust, f.Err = s.trust.Verify(c)
	f.TrustList = f.Trust.List
	var late error
	f.Validity, late = validity(c, p)
	if f.Err != nil {
		return f
	}
	f.Scheme, f.Facts = f.verified.Scheme(), c.Facts.At(p.Lane.Profile)
	f.Printed, f.Colour = c.Facts.Colour, c.Facts.Colour
	f.Err = late
	if c.Status != nil {
		a := s.status.Look(f.Scheme, *c.Status, p.At.Add(-p.Clock.Uncertainty))
		f.StatusList, f.statusMade, f.StatusWhy = a.List, a.Changed, a.Why
		f.undetermined = a.Status == revocation.Undetermined
		f.Colour = revocation.Stricter(f.Printed, a.Status)
		if a.Status == revocation.Withdrawn && f.Err == nil {
			f.Err = errWithdrawn
		}
	}
	f.Meaning, _ = f.verified.Meaning(f.Colour)
	if c.Bound && f.Err == nil {
		f.Err = errHolder
	}
	return f
}

// validity compares the times of a code with a clock that may be off by its
// uncertainty: nbf ≤ now + u and now - u < exp (FORMATS A0).
func validity(c credential.Credential, p Presentation) (Validity, error) {
	if !p.Clock.known() {
		return ValidityUnknown, errClock
	}
	latest, earliest := p.At.Add(p.Clock.Uncertainty), p.At.Add(-p.Clock.Uncertainty)
	ended := !earliest.Before(c.NotAfter)
	if c.Through {
		ended = earliest.After(c.NotAfter)
	}
	switch {
	case !c.NotBefore.IsZero() && c.NotBefore.After(latest):
		return NotYet, errNotYet
	case !c.NotAfter.IsZero() && ended:
		return Expired, errExpired
	}
	return ValidNow, nil
}

// code says it for the rules.
func (f Finding) code(s *Snapshot, p Presentation) policy.Code {
	c := policy.Code{Verified: f.verified, Facts: f.Facts, Colour: f.Colour, TrustAge: p.At.Sub(s.changed[f.TrustList])}
	if !f.statusMade.IsZero() {
		age := p.At.Sub(f.statusMade)
		c.StatusAge = &age
	}
	return c
}

// reason is the one place where an error becomes a reason.
func reason(err error) verdict.Reason {
	for _, m := range []struct {
		err    error
		reason verdict.Reason
	}{
		{errUnknownFormat, verdict.UnknownFormat},
		{credential.ErrMalformed, verdict.Malformed},
		{credential.ErrUnsupported, verdict.Unsupported},
		{trust.ErrUnknownSigner, verdict.UnknownSigner},
		{trust.ErrWrongUse, verdict.WrongUse},
		{trust.ErrKeyWithdrawn, verdict.KeyWithdrawn},
		{trust.ErrOutOfScope, verdict.OutOfScope},
		{trust.ErrBadSignature, verdict.BadSignature},
		{errClock, verdict.ClockUnknown},
		{errNotYet, verdict.NotYet},
		{errExpired, verdict.Expired},
		{errWithdrawn, verdict.Withdrawn},
		{errHolder, verdict.HolderProof},
	} {
		if errors.Is(err, m.err) {
			return m.reason
		}
	}
	return verdict.Malformed
}
