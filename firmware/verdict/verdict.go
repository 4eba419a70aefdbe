// Package verdict defines the closed vocabulary of outcomes and reasons that inspection gives and lane, screen and journal consume.
package verdict

import "time"

// Outcome is what the lane does next. The set is closed.
type Outcome uint8

const (
	Refuse Outcome = iota // zero value: when in doubt, refuse
	Refer                 // send to an officer
	Admit
)

func (o Outcome) String() string { return [...]string{"refuse", "refer", "admit"}[o] }

// Reason says why, in a form that screens translate and journals count.
type Reason string

const (
	Satisfied Reason = "satisfied"

	// What was held up.
	UnknownFormat Reason = "unknown-format"
	Malformed     Reason = "malformed"
	Unsupported   Reason = "unsupported"
	SeveralCodes  Reason = "several-codes" // more than one code, and nothing proves that they are one person's
	Unreadable    Reason = "unreadable"    // a symbol that carries no text
	NoPerson      Reason = "no-person"     // a venue's code, which states nothing of who shows it
	Provisional   Reason = "provisional"   // a slip that leads staff to a registration

	// Who signed it.
	UnknownSigner Reason = "unknown-signer"
	WrongUse      Reason = "wrong-use" // a key of another purpose, scheme or kind
	KeyWithdrawn  Reason = "key-withdrawn"
	OutOfScope    Reason = "out-of-scope" // a claim the scheme may not sign, or a presentation for another place
	BadSignature  Reason = "bad-signature"
	HolderProof   Reason = "holder-proof-missing"
	HolderOther   Reason = "holder-mismatch" // bound to another phone than the one that presents it

	// Whether it still holds.
	NotYet       Reason = "not-yet"
	Expired      Reason = "expired"
	NotFresh     Reason = "stale" // presented by the phone too long ago: a screenshot, or an app left open
	Withdrawn    Reason = "withdrawn"
	Undetermined Reason = "status-undetermined" // no usable status list
	Stale        Reason = "data-stale"          // the device's own lists are older than they may be
	Replayed     Reason = "replayed"
	Exhausted    Reason = "exhausted"     // no quota left
	Halted       Reason = "halted"        // an order of the centre
	ClockUnknown Reason = "clock-unknown" // nobody knows what time it is

	// What the rules say; a rule names its own reason from the policy file.
	PolicyError Reason = "policy-error" // a rule failed or cost too much
	NoRule      Reason = "no-rule"      // no rule held
	TooSlow     Reason = "too-slow"     // no verdict in time
	Interrupted Reason = "interrupted"  // an alarm or a failure came before the verdict
)

// Count is one identity of a presentation that counts once (FORMATS A7).
type Count struct {
	Identity []byte    // CBOR [format, issuer, value]; personal: never logged, stored only as a keyed hash
	Until    time.Time // when it may count again
}

// List is one of the lists a verdict rests on.
type List struct {
	Name    string    `json:"name"`    // as in the bundle, "trust/HK.json"
	Version string    `json:"version"` // of the bundle
	Changed time.Time `json:"changed"` // when its content last changed; its age is the time since
}

// Verdict is the answer to one presentation. The zero Verdict refuses.
type Verdict struct {
	Outcome    Outcome
	Reason     Reason
	Rule       string        // name of the rule that decided; empty for a hard check
	Cite       string        // the rule's source
	Measured   string        // what was measured, "age 49 h", and
	Threshold  string        // what would have been needed, "≤ 48 h"; both may be empty
	Ruled      Reason        // what the rules found, where something else lowered the outcome to Reason
	SetBy      string        // who made codes red, "GD, CDC": scheme and department (R78, R80); empty where none is
	Person     Reason        // what the rules found of the person's own risk, and
	Place      Reason        // of places they were in, whatever decided (R07); empty for nothing
	Hotline    string        // where to ask about it; empty if the rules name none
	Format     string        // of the first code, as shown: HCE1 where a token came sealed
	Scheme     string        // its issuer, as trusted
	Schemes    []string      // the issuers of all codes, as trusted: what an order of the centre may speak of
	Meaning    string        // of the first code's colour to this lane, such as may-cross or low-risk-proxy; empty for none
	Provenance string        // who applied for it: self, relative, worker (R74); empty if the code or the lane does not say
	Language   string        // BCP 47, the person's own; empty if the code does not say
	Confidence string        // of the clock: trusted, drifting, unknown
	At         time.Time     // when it was made, by the clock as checked,
	Within     time.Duration // which may have been so far off
	Yields     bool          // only what one rule found stands against the person; where the rules let staff overrule that, they may
	Urgent     []string      // for which of these an officer with a supervisor may overrule it (R29); empty: it stands
	Lists      []List        // what was looked up
	Counts     []Count       // what the journal must mark before the gate opens
}

// AtMost lowers v to an outcome, with its reason, if it is higher. What the rules found
// and measured stays. Whether it was lowered or low already, it now stands: what limits it
// is no finding of the rules, and overruling those would not take it away.
func (v Verdict) AtMost(limit Outcome, why Reason) Verdict {
	switch {
	case limit == Admit:
	case v.Outcome > limit:
		return v.Because(limit, why)
	default:
		v.Yields = false
	}
	return v
}

// Because gives v another outcome and reason, which stand; what the rules found and
// measured stays.
func (v Verdict) Because(outcome Outcome, why Reason) Verdict {
	if v.Ruled == "" && v.Rule != "" {
		v.Ruled = v.Reason
	}
	v.Outcome, v.Reason, v.Counts, v.Yields, v.Urgent = outcome, why, nil, false, nil
	return v
}
