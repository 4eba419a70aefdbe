package main

import (
	"fmt"
	"strings"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
)

// voices say one answer to three people.
type voices struct {
	Holder  string `json:"holder"`  // what to do; never what others could learn from
	Officer string `json:"officer"` // why, and what to look at
	Auditor string `json:"auditor"` // what the verdict rests on
}

func speak(a answer) *voices {
	return &voices{toHolder(a), toOfficer(a), toAuditor(a)}
}

// holderWords are what somebody can do about a reason by themselves; for all
// others, staff help.
var holderWords = map[verdict.Reason]string{
	verdict.Satisfied:     "Your code is good.",
	verdict.Unreadable:    "Hold the code still, a little further away, with the screen bright.",
	verdict.Malformed:     "Show the whole code, flat and unfolded, or open it again in your app.",
	verdict.UnknownFormat: "That is not a code for this place. Show your health or passage code.",
	verdict.NoPerson:      "That is the code of a place. Show your own.",
	verdict.HolderProof:   "Open the code in your app. A screenshot or a print of it does not work.",
	verdict.NotFresh:      "The code on your screen is too old. Refresh it in your app and show it at once.",
	verdict.Replayed:      "This code was used just now. Refresh it in your app.",
	verdict.Expired:       "Your code has ended. Fetch a new one in your app or at a counter.",
	verdict.NotYet:        "Your code does not count yet. Check the date on it.",
}

func toHolder(a answer) string {
	if a.stated != nil {
		return "This concerns the device, not you."
	}
	if words, ok := holderWords[a.Reason]; ok {
		return words
	}
	return "Please see the staff. They will help you; you have done nothing wrong."
}

// officerWords say why, in the order of the checks.
var officerWords = map[verdict.Reason]string{
	verdict.Satisfied:     "Every check holds.",
	verdict.UnknownFormat: "No kind of code that is known here.",
	verdict.Malformed:     "The code is incomplete, altered in copying, or was never sound.",
	verdict.Unsupported:   "A kind of code that this version does not read.",
	verdict.SeveralCodes:  "Several codes that are not proven to be one person's. Compare documents.",
	verdict.Unreadable:    "No code could be read.",
	verdict.NoPerson:      "A venue's code. It says nothing of the person.",
	verdict.Provisional:   "A provisional slip. Look up the registration; it admits nobody.",
	verdict.UnknownSigner: "Nobody on the trust lists has signed it, or it is sealed to a key that is not here.",
	verdict.WrongUse:      "Signed by a key that is meant for something else or somebody else.",
	verdict.KeyWithdrawn:  "Signed by a key that was withdrawn.",
	verdict.OutOfScope:    "It states what its signer may not state, or was made for another place or a sealed channel.",
	verdict.BadSignature:  "The signature does not fit: altered, or forged.",
	verdict.HolderProof:   "Bound to a phone and shown without it: a print or a screenshot.",
	verdict.HolderOther:   "A code in it is bound to another phone or to none: perhaps a companion's. Ask whose it is.",
	verdict.NotYet:        "Genuine, but not valid yet.",
	verdict.Expired:       "Genuine, but no longer valid.",
	verdict.NotFresh:      "Genuine, but presented too long ago: a screenshot, or a phone whose clock is wrong.",
	verdict.Withdrawn:     "Genuine, but withdrawn by its issuer.",
	verdict.Undetermined:  "Genuine, but no usable list says whether it still holds.",
	verdict.Stale:         "Genuine, but the lists here are too old to rely on.",
	verdict.Replayed:      "Used before: passed on, photographed, or an old order sent again.",
	verdict.ClockUnknown:  "This device does not know the time. Check dates by hand.",
	verdict.PolicyError:   "A rule failed. Decide by hand and report it.",
	verdict.NoRule:        "Genuine, and no rule says what it means here.",
}

func toOfficer(a answer) string {
	words, ok := officerWords[a.Reason]
	if !ok {
		words = fmt.Sprintf("The rules say: %s.", a.Reason)
	}
	var b strings.Builder
	b.WriteString(words)
	if a.verdict.Rule != "" {
		b.WriteString(" " + strings.TrimSpace("Rule "+a.verdict.Rule+" "+a.verdict.Cite) + ".")
	}
	for _, f := range a.found {
		if f.Colour != "" {
			fmt.Fprintf(&b, " %s %s", f.Scheme, f.Colour)
			if f.Meaning != "" {
				fmt.Fprintf(&b, " (%s)", f.Meaning)
			}
			b.WriteByte('.')
		}
	}
	return b.String()
}

func toAuditor(a answer) string {
	parts := []string{fmt.Sprintf("%s, reason %s, at %s", a.Outcome, a.Reason, a.at.UTC().Format(time.RFC3339))}
	if s := a.stated; s != nil {
		parts = append(parts, fmt.Sprintf("%s: %s", s.what, s.says), "signer "+signerWord(s.trust.Signer), "signature "+s.trust.Signature.String())
		if s.trust.List != "" {
			parts = append(parts, "by "+s.trust.List)
		}
	}
	for _, f := range a.found {
		parts = append(parts, audit(f)...)
	}
	if n := len(a.verdict.Counts); n > 0 {
		parts = append(parts, fmt.Sprintf("counts %d identities once, the longest until %s", n, moment(longest(a.verdict.Counts))))
	}
	for _, l := range a.verdict.Lists {
		parts = append(parts, fmt.Sprintf("%s, last changed %s", l.Name, moment(l.Changed)))
	}
	if a.Detail != "" && (a.stated == nil || a.Detail != a.stated.says) {
		parts = append(parts, a.Detail)
	}
	return strings.Join(parts, "; ")
}

func audit(f inspection.Finding) []string {
	if !f.Decoded {
		return nil
	}
	parts := []string{fmt.Sprintf("%s of %q by key %x, algorithm %d: signer %s, signature %s, %s from %s to %s", f.Format, f.Issuer, f.KeyID,
		f.Algorithm, signerWord(f.Trust.Signer), f.Trust.Signature, f.Validity, moment(f.NotBefore), moment(f.NotAfter))}
	if !f.Presented.IsZero() {
		parts = append(parts, fmt.Sprintf("shown as %s for %s at %s, bound to that phone: %t", f.Shown, f.Audience, moment(f.Presented), f.Bound))
	}
	if f.StatusList != "" {
		parts = append(parts, "status "+statusText(f))
	}
	return parts
}

func longest(counts []verdict.Count) (until time.Time) {
	for _, c := range counts {
		if c.Until.After(until) {
			until = c.Until
		}
	}
	return until
}
