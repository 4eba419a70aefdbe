package inspection

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/replay"
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

// Finding is what was found in one credential. Signer, signature and validity are
// said apart, also where something else is wrong.
type Finding struct {
	Decoded     bool
	Format      credential.Format // empty if no format begins so
	Shown       credential.Format // how it was shown: HCP1 or HCE1 where a phone presented it, else as Format
	Issuer      string            // as the code claims
	Scheme      string            // as trusted; empty if it is not
	Trust       trust.Finding
	KeyID       []byte // that signed, as the code says
	Algorithm   credential.Algorithm
	Validity    Validity
	Issued      time.Time // as the code claims; zero if it does not
	NotBefore   time.Time
	NotAfter    time.Time
	Colour      string // after live status
	Printed     string // before it
	Meaning     string
	Facts       credential.Facts // what this lane may learn; of a verified code only
	Bound       bool             // shown in a fresh presentation by the phone that it is bound to
	Other       bool             // shown by another phone than that, or bound to none: ignored, and staff decide
	Audience    string           // where the phone meant to be, and
	Presented   time.Time        // when it presented; zero for a code shown by itself
	Venue       *credential.Venue
	Slip        *credential.Registration
	TrustList   string
	StatusList  string
	StatusWhy   error // why the live status is undetermined
	RevokedList string
	RevokedWhy  error // why nobody knows whether it was withdrawn
	Err         error // the first hard check that failed

	verified     trust.Verified
	bound        *credential.HolderKey
	profile      string // as the code says, whatever the lane may learn
	late         error  // what is wrong with its time
	undetermined bool
	statusMade   time.Time
	revokedMade  time.Time
}

// LocalDay is the date of issue in the zone of the scheme; empty if it is not believed.
func (f Finding) LocalDay() string {
	if f.Scheme == "" || f.Issued.IsZero() {
		return ""
	}
	return f.Issued.In(f.verified.Zone()).Format(time.DateOnly)
}

var (
	errUnknownFormat = errors.New("no format known here")
	errClock         = errors.New("the device does not know what time it is")
	errNotYet        = errors.New("not valid yet")
	errExpired       = errors.New("no longer valid")
	errWithdrawn     = errors.New("the code was withdrawn")
	errHolder        = errors.New("a code bound to a phone, shown without proof of that phone")
	errOther         = errors.New("no code in it is bound to the phone that presents it")
	errPlace         = errors.New("presented for another place")
	errOpen          = errors.New("a gate token from a phone that was not sealed to the site")
	errNotFresh      = errors.New("presented too long ago")
)

// judge runs the hard checks on one code, in this order: form; signer, use and
// scope; signature; for what a phone presents, its proof; time; live status;
// proof of the holder. It also returns what the proof counts as.
func (s *Snapshot) judge(text []byte, p Presentation) ([]Finding, []verdict.Count) {
	format, shown, err := decode(s.keys, text)
	if err != nil {
		return []Finding{{Format: format, Shown: format, Err: err}}, nil
	}
	found := make([]Finding, len(shown.Credentials))
	for i, c := range shown.Credentials {
		found[i] = s.believe(c, p)
		found[i].Shown = format
	}
	if shown.Holder == nil {
		s.hold(&found[0], p)
		if found[0].Err == nil && found[0].bound != nil && !s.unproven(p) {
			found[0].Err = errHolder
		}
		return found, nil
	}
	return found, s.present(found, shown, p)
}

// present checks what a phone presents. One bad credential spoils the whole.
func (s *Snapshot) present(found []Finding, shown credential.Presented, p Presentation) []verdict.Count {
	key, err := s.proof(found, shown, p)
	for i := range found {
		f := &found[i]
		f.Audience, f.Presented = shown.Audience, shown.IssuedAt
		if err == nil && f.Err == nil {
			s.hold(f, p)
		}
		if f.Err == nil {
			f.Err = err
		}
		f.Bound = err == nil && f.bound != nil && f.bound.Thumbprint == key.Thumbprint
		f.Other = f.Err == nil && !f.Bound
	}
	if err != nil {
		return nil
	}
	return []verdict.Count{replay.Proof(*key, shown, s.presenting(p).Fresh, p.Clock.Uncertainty)}
}

// proof checks the signature of the phone, the place and the moment (FORMATS A2),
// and returns the phone's key.
func (s *Snapshot) proof(found []Finding, shown credential.Presented, p Presentation) (*credential.HolderKey, error) {
	var key *credential.HolderKey
	for _, f := range found {
		if f.Err != nil {
			return nil, f.Err
		}
		if key == nil && f.bound != nil && bytes.Equal(f.bound.Thumbprint[:8], shown.Holder.KeyID) {
			key = f.bound
		}
	}
	rules := s.presenting(p)
	at := p.Proof
	if at.IsZero() {
		at = p.At
	}
	earliest, latest := at.Add(-p.Clock.Uncertainty), at.Add(p.Clock.Uncertainty)
	if key == nil {
		return nil, errOther
	}
	if err := trust.VerifyHolder(*key, *shown.Holder); err != nil {
		return nil, err
	}
	if shown.SiteKey != nil {
		if err := s.trust.VerifySite(shown.SiteKey); err != nil {
			return nil, err
		}
	}
	for _, f := range found {
		if shown.SiteKey == nil && f.profile == "gate" {
			return nil, errOpen
		}
	}
	switch {
	case !p.Lane.answersTo(shown.Audience) && !(shown.Audience == "*" && rules.AnyPlace):
		return nil, errPlace
	case !p.Clock.known():
		return nil, errClock
	case shown.IssuedAt.After(latest):
		return nil, errNotYet
	case earliest.After(shown.IssuedAt.Add(rules.Fresh)):
		return nil, errNotFresh
	}
	return key, nil
}

// presenting returns what the lane's policy says of how codes are shown.
func (s *Snapshot) presenting(p Presentation) policy.Presenting {
	if rules := s.policy(p); rules != nil {
		return rules.Presenting
	}
	return policy.Presenting{Fresh: policy.DefaultFresh}
}

// unproven reports whether the lane takes codes bound to a phone without its proof.
func (s *Snapshot) unproven(p Presentation) bool {
	return p.Lane.Kind == "venue" && slices.Contains(s.presenting(p).Unproven, p.Lane.VenueClass)
}

// believe checks who signed c and what they may state.
func (s *Snapshot) believe(c credential.Credential, p Presentation) Finding {
	f := Finding{Decoded: true, Format: c.Signed.Format, Issuer: c.Signed.Issuer, KeyID: c.Signed.KeyID, Algorithm: c.Signed.Algorithm,
		Issued: c.Signed.Issued, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		Venue: c.Venue, Slip: c.Registration, bound: c.HolderKey, profile: c.Facts.Profile}
	f.verified, f.Trust, f.Err = s.trust.Verify(c)
	f.TrustList = f.Trust.List
	f.Validity, f.late = validity(c, p)
	if f.Err == nil {
		f.Scheme, f.Facts = f.verified.Scheme(), c.Facts.At(p.Lane.Profile)
		f.Printed, f.Colour = c.Facts.Colour, c.Facts.Colour
	}
	return f
}

// hold checks whether a credential that is believed still holds.
func (s *Snapshot) hold(f *Finding, p Presentation) {
	if f.Err != nil {
		return
	}
	f.Err = f.late
	if ref := f.verified.Credential().Status; ref != nil {
		a := s.status.Look(f.Scheme, *ref, p.At, p.Clock.Uncertainty)
		f.StatusList, f.statusMade, f.StatusWhy = a.List, a.Changed, a.Why
		f.undetermined = f.undetermined || a.Status == revocation.Undetermined
		f.Colour = revocation.Stricter(f.Printed, a.Status)
		if a.Status == revocation.Withdrawn && f.Err == nil {
			f.Err = errWithdrawn
		}
	}
	a := s.revoked.Look(f.Scheme, replay.Identity(f.verified.Credential()), p.At, p.Clock.Uncertainty)
	f.RevokedList, f.revokedMade, f.RevokedWhy = a.List, a.Changed, a.Why
	f.undetermined = f.undetermined || a.Status == revocation.Undetermined
	if a.Status == revocation.Withdrawn && f.Err == nil {
		f.Err = errWithdrawn
	}
	f.Meaning, _ = f.verified.Meaning(f.Colour, s.presenting(p).ReadsAs)
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
	c := policy.Code{Verified: f.verified, Facts: f.Facts, Colour: f.Colour, Meaning: f.Meaning, Bound: f.Bound, TrustAge: p.At.Sub(s.changed[f.TrustList])}
	if !f.statusMade.IsZero() {
		age := p.At.Sub(f.statusMade)
		c.StatusAge = &age
	}
	if !f.revokedMade.IsZero() {
		age := p.At.Sub(f.revokedMade)
		c.RevokedAge = &age
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
		{credential.ErrNoKey, verdict.UnknownSigner},
		{credential.ErrCannotOpen, verdict.BadSignature},
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
		{errOther, verdict.HolderOther},
		{errPlace, verdict.OutOfScope},
		{errOpen, verdict.OutOfScope},
		{errNotFresh, verdict.NotFresh},
	} {
		if errors.Is(err, m.err) {
			return m.reason
		}
	}
	return verdict.Malformed
}
