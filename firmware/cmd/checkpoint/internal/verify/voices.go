package verify

import (
	"fmt"
	"strings"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
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

func toHolder(a answer) string {
	if a.stated != nil {
		return "This concerns the device, not you."
	}
	v := a.verdict
	v.Reason = a.Reason
	return words.Holder(v, "en")
}

func toOfficer(a answer) string {
	parts := []string{words.Officer(a.Reason).En + "."}
	if v := a.verdict; v.Rule != "" {
		parts = append(parts, strings.TrimSpace("Rule "+v.Rule+" "+v.Cite)+".")
		if v.Measured != "" {
			parts = append(parts, "Measured "+v.Measured+".")
		}
		if v.Threshold != "" {
			parts = append(parts, "Wanted "+v.Threshold+".")
		}
		if v.Ruled != "" {
			parts = append(parts, "The rules alone found: "+words.Officer(v.Ruled).En+".")
		}
		if v.SetBy != "" {
			parts = append(parts, "Red set by "+v.SetBy+".")
		}
	}
	for _, f := range a.found {
		if f.Colour != "" && f.Meaning != "" {
			parts = append(parts, fmt.Sprintf("%s %s: %s.", f.Scheme, f.Colour, words.Meaning(f.Meaning).En))
		} else if f.Colour != "" {
			parts = append(parts, fmt.Sprintf("%s %s.", f.Scheme, f.Colour))
		}
		if p := f.Facts.Provenance; p != "" {
			parts = append(parts, "Applied for by "+words.Provenance(p).En+".")
		}
	}
	return strings.Join(parts, " ")
}

func toAuditor(a answer) string {
	v := a.verdict
	v.Reason = a.Reason
	parts := []string{words.Auditor(v, a.at, "en")}
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
	if a.Detail != "" && v.Rule == "" && (a.stated == nil || a.Detail != a.stated.says) {
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
