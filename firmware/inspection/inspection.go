// Package inspection runs one presentation through decode, trust, revocation,
// replay and policy, and returns one verdict.
package inspection

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// decoders holds every format we read. To add one, add a package and a line.
var decoders = []struct {
	prefix string
	decode func(credential.Keys, []byte) (credential.Presented, error)
}{
	{healthcode.Prefix, healthcode.Decode},
}

// MaxCode bounds one code in bytes: what the largest QR symbol (version 40-L)
// holds in alphanumeric mode (ISO/IEC 18004 table 7).
const MaxCode = 4296

// Presentation is what one person holds up at one lane at one time.
type Presentation struct {
	Number uint64 // per lane, from 1
	At     time.Time
	Codes  [][]byte // as read
}

// Snapshot is everything a verdict depends on besides the presentation. It is
// immutable; a new bundle makes a new Snapshot.
type Snapshot struct {
	Keys    credential.Keys // of the site, for sealed codes; nil where it reads none
	Trust   *trust.Store
	Revoked func(id string) bool
	Policy  *policy.Policy
}

// Inspect judges p. Every code must hold; the first that does not gives the reason.
func (s *Snapshot) Inspect(p Presentation) verdict.Verdict {
	var held []trust.Verified
	for _, code := range p.Codes {
		vs, err := s.believe(code, p.At)
		if err != nil {
			return verdict.Verdict{Reason: reason(err)}
		}
		held = append(held, vs...)
	}
	if len(held) == 0 {
		return verdict.Verdict{Reason: verdict.Malformed}
	}
	return s.Policy.Decide(policy.Input{Verified: held, At: p.At})
}

// Errors of belief.
var (
	errUnknownFormat = errors.New("unknown format")
	errHolder        = errors.New("no proof of the holder")
	errExpired       = errors.New("not valid at this time")
	errRevoked       = errors.New("withdrawn")
)

// believe returns the credentials of one code that may be believed at a time.
func (s *Snapshot) believe(code []byte, at time.Time) ([]trust.Verified, error) {
	shown, err := decode(s.Keys, code)
	if err != nil {
		return nil, err
	}
	if shown.Holder != nil { // no format of this sketch has one; unchecked it proves nothing
		return nil, errHolder
	}
	var held []trust.Verified
	for _, c := range shown.Credentials {
		v, err := s.Trust.Verify(c, at)
		switch {
		case err != nil:
			return nil, err
		case !v.Within(at):
			return nil, errExpired
		case s.Revoked != nil && s.Revoked(v.ID()):
			return nil, errRevoked
		}
		held = append(held, v)
	}
	return held, nil
}

func decode(keys credential.Keys, code []byte) (credential.Presented, error) {
	if len(code) > MaxCode {
		return credential.Presented{}, fmt.Errorf("%w: %d bytes", credential.ErrMalformed, len(code))
	}
	for _, d := range decoders {
		if bytes.HasPrefix(code, []byte(d.prefix)) {
			return d.decode(keys, code)
		}
	}
	return credential.Presented{}, errUnknownFormat
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
		{errHolder, verdict.HolderProof},
		{trust.ErrUnknownSigner, verdict.UnknownSigner},
		{trust.ErrBadSignature, verdict.BadSignature},
		{errExpired, verdict.Expired},
		{errRevoked, verdict.Withdrawn},
	} {
		if errors.Is(err, m.err) {
			return m.reason
		}
	}
	return verdict.Malformed
}
