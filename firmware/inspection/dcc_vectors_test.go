package inspection_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// dccCase is one case of vectors/dcc/dgc-testdata.
type dccCase struct {
	ID, Verdict, Clock, HC1, PNG string
	Stage                        []string
	Notes                        []string
}

// clock reads the case's own time; upstream writes it in ten ways, and without a zone it is UTC.
func (c dccCase) clock(t testing.TB) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, c.Clock); err == nil {
			return at
		}
	}
	t.Fatalf("clock %q", c.Clock)
	return time.Time{}
}

func dccSnapshot(t testing.TB) *inspection.Snapshot {
	data, err := os.ReadFile(reference(t, "vectors", "dcc", "dgc-testdata", "dsc.json"))
	if err != nil {
		t.Fatal(err)
	}
	return snapshot(t, map[string]inspection.File{"trust/dsc.json": {Data: data}})
}

func (c dccCase) presentation(t testing.TB) inspection.Presentation {
	return inspection.Presentation{Number: 1, At: c.clock(t), Codes: [][]byte{[]byte(c.HC1)},
		Clock: inspection.Clock{Confidence: "trusted"},
		Lane:  inspection.Lane{Kind: "border", Profile: "gate", Policy: "signature-only"}}
}

// stages gives the reasons of a rejection by the stage that has to notice (upstream's EXPECTEDRESULTS).
var stages = map[string][]verdict.Reason{
	"UNPREFIX":         {verdict.Malformed, verdict.UnknownFormat},
	"B45DECODE":        {verdict.Malformed},
	"COMPRESSION":      {verdict.Malformed},
	"DECODE":           {verdict.Malformed},
	"SCHEMAVALIDATION": {verdict.Malformed},
	"VERIFY":           {verdict.BadSignature, verdict.UnknownSigner, verdict.WrongUse},
	"KEYUSAGE":         {verdict.WrongUse},
	"EXPIRATIONCHECK":  {verdict.Expired, verdict.NotYet},
}

// argued are the cases that upstream rejects only because a value is not in a
// value set. They are admitted here on purpose: the sets changed monthly, and a
// genuine certificate must not fail because a device is older than a product.
var argued = map[string]string{
	"PL/1.0.0-7": "the test's device is not in the value set",
	"PL/1.2.1-7": "the test's device is not in the value set",
	"PL/1.3.0-7": "the test's device is not in the value set",
	"PL/1.0.0-8": "the country of the recovery is not in the value set; the signer's country is what is trusted",
	"PL/1.2.1-8": "the country of the recovery is not in the value set; the signer's country is what is trusted",
	"PL/1.3.0-8": "the country of the recovery is not in the value set; the signer's country is what is trusted",
	"PL/1.0.0-9": "the vaccine's manufacturer is not in the value set",
	"PL/1.2.1-9": "the vaccine's manufacturer is not in the value set",
	"PL/1.3.0-9": "the vaccine's manufacturer is not in the value set",
}

func TestVectorsDCC(t *testing.T) {
	var cases []dccCase
	readJSON(t, &cases, "vectors", "dcc", "dgc-testdata", "index.json")
	s := dccSnapshot(t)
	run, disputed := 0, 0
	for _, c := range cases {
		v := s.Inspect(c.presentation(t))
		switch c.Verdict {
		case "accept":
			run++
			if slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "value sets") }) && argued[c.ID] == "" {
				t.Errorf("%s: upstream rejects it for its values, and nobody has argued why we do not", c.ID)
			}
			if v.Outcome != verdict.Admit {
				t.Errorf("%s: %s %s, want admit", c.ID, v.Outcome, v.Reason)
			}
		case "reject":
			run++
			if v.Outcome != verdict.Refuse {
				t.Errorf("%s: %s %s, want refuse: %v", c.ID, v.Outcome, v.Reason, c.Stage)
				continue
			}
			if !slices.Contains(stages[c.Stage[0]], v.Reason) {
				t.Errorf("%s: %s, which is not how %v shows", c.ID, v.Reason, c.Stage)
			}
		default:
			disputed++
			t.Logf("disputed %s: %s %s: %v", c.ID, v.Outcome, v.Reason, c.Notes)
		}
	}
	report(t, "dcc/text", run, disputed, "disputed")
}

// TestVectorsDCCQuality reads what countries put up for quality assurance. Where
// the signer is in our list, the signature has to hold; everything else has to
// be read and to have an unknown signer.
func TestVectorsDCCQuality(t *testing.T) {
	var cases []struct{ ID, KID, Text, Ref string }
	readJSON(t, &cases, "vectors", "dcc", "quality-assurance", "index.json")
	var keys map[string]string
	readJSON(t, &keys, "vectors", "dcc", "dgc-testdata", "dsc.json")
	s := dccSnapshot(t)
	run, other := 0, 0
	for _, c := range cases {
		if c.Text == "" || c.ID == "TSI/1.3.0/specialcases/MULTI_2.png" { // two vaccinations in one certificate, which has to hold one
			other++
			continue
		}
		run++
		p := dccCase{HC1: c.Text, Clock: "2021-12-15T00:00:00Z"}.presentation(t)
		v, found := s.Explain(p)
		want := trust.Unchecked
		if keys[c.KID] != "" {
			want = trust.Good
		}
		if got := found[0].Trust.Signature; got != want || !found[0].Decoded {
			t.Errorf("%s: %s, signature %s, want %s", c.ID, v.Reason, got, want)
		}
	}
	report(t, "dcc/quality-assurance", run, other, "no text upstream, or more than one entry")
}
