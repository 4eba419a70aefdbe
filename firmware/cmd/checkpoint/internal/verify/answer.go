package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// newAnswer puts a verdict and the findings of the first code into the words of the command.
func newAnswer(id json.RawMessage, at time.Time, v verdict.Verdict, found []inspection.Finding) answer {
	a := bad(id, v.Reason, "")
	a.Outcome, a.verdict, a.found, a.at = v.Outcome.String(), v, found, at
	for i, f := range found {
		if i == 0 {
			a.Format = string(f.Shown)
		}
		if i == 0 && f.Decoded {
			a.Signature, a.Signer, a.Validity = f.Trust.Signature.String(), signerWord(f.Trust.Signer), f.Validity.String()
		}
		if f.Err != nil && a.Detail == "" {
			a.Detail = f.Err.Error()
		}
		if f.StatusWhy != nil && a.Detail == "" {
			a.Detail = "live status: " + f.StatusWhy.Error()
		}
	}
	if v.Rule != "" && a.Detail == "" {
		a.Detail = strings.TrimSpace("rule " + v.Rule + " " + v.Cite)
	}
	if v.Reason == verdict.SeveralCodes {
		a.Detail = fmt.Sprintf("%d codes, and nothing proves that they are one person's", len(found))
	}
	switch v.Reason {
	case verdict.Replayed:
		a.Detail = "it was counted before, on a line that after names"
	case verdict.HolderOther:
		if a.Detail == "" {
			a.Detail = "a code in it is bound to another phone or to none; it was left out"
		}
	case verdict.Provisional:
		a.Detail = "a slip that leads staff to a registration; it admits nobody"
	}
	return a
}

// signerWord says in one word who signed.
func signerWord(err error) string {
	switch {
	case err == nil:
		return "allowed"
	case errors.Is(err, trust.ErrUnknownSigner):
		return "unknown"
	case errors.Is(err, trust.ErrKeyWithdrawn):
		return "withdrawn"
	}
	return "wrong-use"
}

func writeLine(w io.Writer, a answer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(a)
}

// describe tells a person what was found.
func describe(w io.Writer, a answer) error {
	var b strings.Builder
	for _, f := range a.found {
		explainCode(&b, f)
	}
	if a.stated != nil {
		a.stated.describe(&b)
	} else if len(a.found) == 0 {
		fmt.Fprintf(&b, "%s\n", a.Detail)
	}
	fmt.Fprintf(&b, "  at         %s\n", a.at.Format(time.RFC3339))
	fmt.Fprintf(&b, "  verdict    %s: %s", strings.ToUpper(a.Outcome), a.Reason)
	if a.verdict.Rule != "" {
		fmt.Fprintf(&b, " (rule %s", a.verdict.Rule)
		if a.verdict.Cite != "" {
			fmt.Fprintf(&b, ", %s", a.verdict.Cite)
		}
		b.WriteByte(')')
	}
	b.WriteByte('\n')
	if a.Explain != nil {
		fmt.Fprintf(&b, "\n  to the holder   %s\n  to an officer   %s\n  to an auditor   %s\n", a.Explain.Holder, a.Explain.Officer, a.Explain.Auditor)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func explainCode(b *strings.Builder, f inspection.Finding) {
	if !f.Decoded {
		fmt.Fprintf(b, "not a code that can be read\n  because    %v\n", f.Err)
		return
	}
	issuer := f.Scheme
	if issuer == "" {
		issuer = fmt.Sprintf("%q, as it claims", f.Issuer)
	}
	fmt.Fprintf(b, "%s code of %s\n", f.Format, issuer)
	fmt.Fprintf(b, "  signer     %s", signerWord(f.Trust.Signer))
	if f.TrustList != "" {
		fmt.Fprintf(b, ", named in %s", f.TrustList)
	}
	fmt.Fprintf(b, "\n  signature  %s\n", f.Trust.Signature)
	fmt.Fprintf(b, "  validity   %s: %s to %s\n", f.Validity, moment(f.NotBefore), moment(f.NotAfter))
	if !f.Presented.IsZero() {
		fmt.Fprintf(b, "  presented  as %s by a phone for %s at %s%s\n", f.Shown, f.Audience, moment(f.Presented),
			map[bool]string{true: ", which this code is bound to"}[f.Bound])
	}
	if v := f.Venue; v != nil {
		fmt.Fprintf(b, "  venue      %s, class %s", v.ID, v.Class)
		for _, language := range slices.Sorted(maps.Keys(v.Names)) {
			fmt.Fprintf(b, ", %s %q", language, v.Names[language])
		}
		b.WriteByte('\n')
	}
	if r := f.Slip; r != nil {
		fmt.Fprintf(b, "  slip       registration %x of %s at %s\n", r.Number, r.Device, r.Site)
	}
	if f.Printed != "" || f.Colour != "" {
		fmt.Fprintf(b, "  colour     %s", f.Colour)
		if f.Colour != f.Printed {
			fmt.Fprintf(b, ", printed as %q", f.Printed)
		}
		if f.Meaning != "" {
			fmt.Fprintf(b, ", which means %s", f.Meaning)
		}
		b.WriteByte('\n')
	}
	for _, r := range f.Facts.Reasons {
		fmt.Fprintf(b, "  reason     class %d\n", r.Class)
	}
	if n := len(f.Facts.Doses); n > 0 {
		fmt.Fprintf(b, "  doses      %d\n", n)
	}
	for _, t := range f.Facts.Tests {
		result := "not negative"
		if t.Negative {
			result = "negative"
		}
		fmt.Fprintf(b, "  test       %s, %s, sampled %s\n", t.Kind, result, moment(t.Sampled))
	}
	if f.StatusList != "" || f.StatusWhy != nil {
		fmt.Fprintf(b, "  status     %s\n", statusText(f))
	}
	if f.Err != nil {
		fmt.Fprintf(b, "  because    %v\n", f.Err)
	}
}

func statusText(f inspection.Finding) string {
	if f.StatusWhy != nil {
		return "undetermined: " + f.StatusWhy.Error()
	}
	return "looked up in " + f.StatusList
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "(not said)"
	}
	return t.UTC().Format(time.RFC3339)
}
