package verify

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/credential/revoked"
	"example.org/checkpoint/firmware/credential/statuslist"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// statement is what the centre or a scheme has signed that is no code.
type statement struct {
	what  string // one of kindsOfBytes
	says  string // its content in one line
	trust trust.Finding
	order centre.Order
	lease centre.Lease
	mark  centre.Mark
}

func (s statement) describe(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n  says       %s\n", s.what, s.says)
	fmt.Fprintf(b, "  signer     %s", signerWord(s.trust.Signer))
	if s.trust.List != "" {
		fmt.Fprintf(b, ", named in %s", s.trust.List)
	}
	fmt.Fprintf(b, "\n  signature  %s\n", s.trust.Signature)
}

// kindsOfBytes are what is signed and held up by nobody.
var kindsOfBytes = []string{"status", "status-delta", "revocation", "mark", "lease", "order"}

var (
	errNotYet   = errors.New("not in force yet")
	errListEnds = errors.New("the list has ended")
)

// signedBytes returns a file in hex if it begins as a COSE_Sign1 does; else nothing.
func signedBytes(name string) (string, error) {
	data, err := input.File(name)
	if err != nil || len(data) < 2 || data[0] != 0xd2 || data[1] != 0x84 {
		return "", err
	}
	return hex.EncodeToString(data), nil
}

// bytes judges an order, a lease, a mark or a status list.
func (v *verifier) bytes(q question, at time.Time, clock inspection.Clock, past past) answer {
	a := bad(q.ID, verdict.Malformed, "")
	a.at, a.Format = at, q.Kind
	data, err := hex.DecodeString(strings.TrimSpace(q.Hex))
	if err != nil {
		a.Detail = "hex: " + err.Error()
		return a
	}
	st, err := v.state(q.Kind, data, at, clock.Uncertainty)
	if st.what != "" {
		a.Format, a.stated = st.what, &st
	}
	if st.says != "" { // it was read
		a.Signature, a.Signer, a.Validity = st.trust.Signature.String(), signerWord(st.trust.Signer), "valid"
	}
	if err == nil {
		err = past.apply(st)
	}
	switch a.Reason = whyNot(err); a.Reason {
	case verdict.Expired, verdict.NotYet:
		a.Validity = string(a.Reason)
	case verdict.Satisfied:
		a.verdict.Outcome = verdict.Admit
	}
	a.verdict.Reason, a.Outcome = a.Reason, a.verdict.Outcome.String()
	if err != nil {
		a.Detail = err.Error()
	} else {
		a.Detail = st.says
	}
	return a
}

// state reads data as a kind, or as whichever kind it is.
func (v *verifier) state(kind string, data []byte, at time.Time, uncertainty time.Duration) (st statement, err error) {
	kinds := []string{kind}
	if kind == "" {
		kinds = kindsOfBytes
	}
	store := v.snapshot.Trust()
	for _, kind := range kinds {
		st = statement{what: kind}
		switch kind {
		case "order":
			st.order, st.trust, err = order.Order(store, data, at)
			if o := st.order; !errors.Is(err, credential.ErrMalformed) {
				state := map[bool]string{true: "halt", false: "open"}[o.Halt]
				st.says = fmt.Sprintf("number %d, %s %s, %s, from %s, review by %s: %s", o.Number, o.Kind, state, scopeText(o.Scope),
					moment(o.NotBefore), moment(o.ReviewBy), o.Reason)
				if err == nil && o.NotBefore.After(at.Add(uncertainty)) {
					err = errNotYet
				}
			}
		case "lease":
			st.lease, st.trust, err = order.Lease(store, data, at.Add(-uncertainty))
			if l := st.lease; !errors.Is(err, credential.ErrMalformed) {
				st.says = fmt.Sprintf("%d tokens of %s on %s for %s, serial %d, until %s", l.Tokens, l.Quota, l.Day, l.Holder, l.Serial, moment(l.Expires))
			}
		case "mark":
			st.mark, st.trust, err = order.Mark(store, data, at)
			if m := st.mark; !errors.Is(err, credential.ErrMalformed) {
				st.says = fmt.Sprintf("the centre has the record of %s, epoch %d, up to event %d, hash %x", m.Device, m.Epoch, m.Seq, m.Hash)
			}
		case "status":
			st.says, st.trust, err = statusList(store, data, at, uncertainty)
		case "status-delta":
			st.says, st.trust, err = statusDelta(store, data, at.Add(uncertainty))
		case "revocation":
			st.says, st.trust, err = revocationList(store, data, at, uncertainty)
		default:
			return statement{}, fmt.Errorf("%w: kind %q is none of %s", credential.ErrMalformed, kind, strings.Join(kindsOfBytes, ", "))
		}
		if !errors.Is(err, credential.ErrMalformed) {
			return st, err
		}
	}
	return st, err
}

func scopeText(s centre.Scope) string {
	var parts []string
	for _, p := range [][2]string{{"site", s.Site}, {"direction", s.Direction}, {"scheme", s.Scheme}, {"lane", s.Lane}} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	if parts == nil {
		return "everywhere"
	}
	return strings.Join(parts, " ")
}

// statusList reads a status list and checks who signed it and whether it has ended.
func statusList(store *trust.Store, data []byte, at time.Time, uncertainty time.Duration) (string, trust.Finding, error) {
	l, err := statuslist.Decode(data)
	if err != nil {
		return "", trust.Finding{}, err
	}
	scheme, f, err := store.VerifyUse(trust.Status, l.Signed)
	if err == nil {
		err = l.Unpack(statuslist.MaxUnpacked)
	}
	switch {
	case err == nil && l.Signed.Issued.After(at.Add(uncertainty)):
		err = errNotYet
	case err == nil && l.Ended(at.Add(-uncertainty)):
		err = errListEnds
	}
	return fmt.Sprintf("list %s of %s, %d bits a code, %d codes, made %s, ends %s", l.URI, scheme, l.Bits, len(l.Entries)*8/l.Bits,
		moment(l.Signed.Issued), moment(l.Expires)), f, err
}

// statusDelta reads a delta and checks who signed it; whether it fits, only its list can tell.
func statusDelta(store *trust.Store, data []byte, latest time.Time) (string, trust.Finding, error) {
	d, err := statuslist.DecodeDelta(data)
	if err != nil {
		return "", trust.Finding{}, err
	}
	scheme, f, err := store.VerifyUse(trust.Status, d.Signed)
	if err == nil {
		err = d.Unpack(statuslist.MaxUnpacked)
	}
	if err == nil && d.Signed.Issued.After(latest) {
		err = errNotYet
	}
	return fmt.Sprintf("list %s of %s from %x to %x, made %s", d.URI, scheme, d.Base[:8], d.Result[:8], moment(d.Signed.Issued)), f, err
}

// revocationList reads what a scheme says of its revocation list, without the files of hashes.
func revocationList(store *trust.Store, data []byte, at time.Time, uncertainty time.Duration) (string, trust.Finding, error) {
	l, err := revoked.Decode(data)
	if err != nil {
		return "", trust.Finding{}, err
	}
	by, f, err := store.VerifyUse(trust.Revocation, l.Signed)
	switch {
	case err == nil && by != l.Signed.Issuer:
		err = fmt.Errorf("%w: a key of %s", trust.ErrWrongUse, by)
	case err == nil && l.Signed.Issued.After(at.Add(uncertainty)):
		err = errNotYet
	case err == nil && !at.Add(-uncertainty).Before(l.Expires):
		err = errListEnds
	}
	return fmt.Sprintf("revocation list of %s, %d files and %d deltas, made %s, ends %s", l.Signed.Issuer, len(l.Base), len(l.Deltas),
		moment(l.Signed.Issued), moment(l.Expires)), f, err
}

// whyNot puts an error into the words of verdicts.
func whyNot(err error) verdict.Reason {
	for _, m := range []struct {
		err    error
		reason verdict.Reason
	}{
		{trust.ErrUnknownSigner, verdict.UnknownSigner},
		{trust.ErrWrongUse, verdict.WrongUse},
		{trust.ErrKeyWithdrawn, verdict.KeyWithdrawn},
		{trust.ErrBadSignature, verdict.BadSignature},
		{order.ErrExpired, verdict.Expired},
		{errListEnds, verdict.Expired},
		{errNotYet, verdict.NotYet},
		{order.ErrOld, verdict.Replayed},
	} {
		if errors.Is(err, m.err) {
			return m.reason
		}
	}
	if err != nil {
		return verdict.Malformed
	}
	return verdict.Satisfied
}
