package inspection_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
)

// reference returns the folder of reference data: CHECKPOINT_SHARED, else
// ../shared beside the project.
func reference(t testing.TB, parts ...string) string {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		for dir = "."; ; dir = filepath.Join(dir, "..") {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
		}
		dir = filepath.Join(dir, "..", "shared")
	}
	path := filepath.Join(append([]string{dir}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	return path
}

// readJSON reads a file of reference data.
func readJSON(t testing.TB, into any, parts ...string) {
	data, err := os.ReadFile(reference(t, parts...))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// report says how many cases of a set were run, also to the file that
// CHECKPOINT_VECTORS_REPORT names.
func report(t *testing.T, set string, run, not int, why string) {
	t.Logf("vectors: %s %d run, %d could not (%s)", set, run, not, why)
	name := os.Getenv("CHECKPOINT_VECTORS_REPORT")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	line, _ := json.Marshal(map[string]any{"set": set, "run": run, "could_not": not, "why": why})
	fmt.Fprintf(f, "%s\n", line)
}

// signatureOnly admits whatever passes the hard checks.
const signatureOnly = `{"v":1,"profile":"signature-only","rules":[{"name":"all","when":"true","outcome":"admit","reason":"satisfied","unasked":true}]}`

// snapshot loads files of reference data, by their name in the bundle.
func snapshot(t testing.TB, files map[string]inspection.File) *inspection.Snapshot {
	files["policy/signature-only.json"] = inspection.File{Data: []byte(signatureOnly)}
	s, err := inspection.New(files, "1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hctFiles reads trust and status lists of the open profile's vectors.
func hctFiles(t testing.TB) map[string]inspection.File {
	files := map[string]inspection.File{}
	root := reference(t, "vectors", "hct")
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (name == "keys.json" || strings.HasPrefix(name, "trust/") || strings.HasPrefix(name, "status/")) {
			data, err := os.ReadFile(filepath.Join(root, name))
			files[name] = inspection.File{Data: data}
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// hctCase is one case of vectors/hct (ORIGIN.md).
type hctCase struct {
	ID, Kind, Text, Hex, Verdict, Reason string
	At                                   time.Time
	Lane                                 struct {
		Profile   string
		Audiences []string
		U         float64
	}
	After  []string
	AlsoOK []string `json:"also_ok"`
	AtMost string   `json:"at_most"`
	Facts  map[string]any
	Absent []string
}

func (c hctCase) presentation() inspection.Presentation {
	return inspection.Presentation{
		Number: 1, At: c.At, Codes: [][]byte{[]byte(c.Text)},
		Clock: inspection.Clock{Uncertainty: time.Duration(c.Lane.U * float64(time.Second)), Confidence: "trusted"},
		Lane: inspection.Lane{Kind: "border", Direction: "out", Profile: c.Lane.Profile,
			Audiences: c.Lane.Audiences, Policy: "signature-only"},
	}
}

// TestVectorsHCT holds up every code of the open profile's vectors: verdict,
// reason, what was learnt and what counts once. What is held up by nobody, orders
// and lists, is asked of the command.
func TestVectorsHCT(t *testing.T) {
	var cases []hctCase
	readJSON(t, &cases, "vectors", "hct", "index.json")
	s := hctSnapshot(t)
	byID := map[string]hctCase{}
	for _, c := range cases {
		byID[c.ID] = c
	}
	run := map[string]int{}
	other := 0
	for _, c := range cases {
		if c.Hex != "" {
			other++
			continue
		}
		run[c.Kind]++
		t.Run(c.ID, func(t *testing.T) {
			v, found := s.Explain(c.presentation())
			for _, id := range c.After {
				before := s.Inspect(byID[id].presentation())
				if before.Outcome != verdict.Admit {
					t.Fatalf("%s, which comes before: %s", id, before.Reason)
				}
				for _, b := range before.Counts {
					for _, n := range v.Counts {
						if bytes.Equal(b.Identity, n.Identity) && c.At.Before(b.Until) {
							v = verdict.Verdict{Reason: verdict.Replayed}
						}
					}
				}
			}
			if c.Kind == "VEN1" && v.Reason == verdict.NoPerson { // genuine, and nobody's own
				v = verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied}
			}
			if c.Verdict == "reject" {
				if v.Outcome == verdict.Admit || c.AtMost == "" && v.Outcome != verdict.Refuse {
					t.Errorf("%s, want a refusal", v.Outcome)
				}
				if got := string(v.Reason); got != c.Reason && !slices.Contains(c.AlsoOK, got) {
					t.Errorf("reason %s, want %s or one of %v", got, c.Reason, c.AlsoOK)
				}
			} else if want := verdict.Admit; c.AtMost == "" && v.Outcome != want || c.AtMost == "refer" && v.Outcome != verdict.Refer {
				t.Fatalf("%s %s, want every hard check to hold", v.Outcome, v.Reason)
			}
			for _, wrong := range learnt(c, v, found) {
				t.Error(wrong)
			}
		})
	}
	for kind, n := range run {
		report(t, "hct/"+kind, n, 0, "")
	}
	if other != 17 {
		t.Errorf("%d cases are not held up by anybody; the command's test runs 17", other)
	}
}

// hctSnapshot trusts what the vectors say, and opens what is sealed to their site.
func hctSnapshot(t testing.TB) *inspection.Snapshot {
	var site struct{ Private []byte }
	readJSON(t, &site, "vectors", "hct", "site-key.test-only.json")
	keys := holder.SiteKeys{}
	if _, err := keys.Add(site.Private); err != nil {
		t.Fatal(err)
	}
	return snapshot(t, hctFiles(t)).WithKeys(keys)
}

// learnt compares what was found with the facts of a case.
func learnt(c hctCase, v verdict.Verdict, found []inspection.Finding) (wrong []string) {
	f := found[0]
	if f.Err != nil {
		return nil
	}
	compare := func(got, want map[string]any) {
		for name, w := range want {
			have, asked := got[name]
			a, _ := json.Marshal(have)
			b, _ := json.Marshal(w)
			if !asked || !bytes.Equal(a, b) {
				wrong = append(wrong, fmt.Sprintf("%s is %s, want %s", name, a, b))
			}
		}
	}
	var codes []any
	if list, ok := c.Facts["codes"].([]any); ok {
		codes = list
		delete(c.Facts, "codes")
	}
	got := facts(c, f)
	if f.Shown != f.Format { // presented by a phone
		got["site.kid"] = c.Facts["site.kid"]
		if len(v.Counts) > 0 {
			got["replay"] = proofOf(v.Counts[len(v.Counts)-1].Identity)
		}
		for i, code := range codes {
			inner := facts(c, found[i])
			inner["replay"] = countOf(v.Counts[i].Identity)
			compare(inner, code.(map[string]any))
		}
	} else if len(v.Counts) > 0 {
		got["replay"] = countOf(v.Counts[0].Identity)
	} else {
		got["replay"] = c.Facts["replay"] // nothing counts where nobody is admitted
	}
	compare(got, c.Facts)
	for _, name := range c.Absent {
		if b, _ := json.Marshal(got[name]); !slices.Contains([]string{"null", `""`, "0"}, string(b)) {
			wrong = append(wrong, fmt.Sprintf("%s reached the lane: %s", name, b))
		}
	}
	return wrong
}

// countOf names an identity as the vectors do: kind, scheme, value.
func countOf(identity []byte) []any {
	a := uncbor(identity).([]any)
	switch value := a[2].(type) {
	case []any: // subject, direction, day
		return []any{"sub", a[1], value[0]}
	case []byte:
		return []any{"cti", a[1], hex.EncodeToString(value)}
	}
	return a
}

func proofOf(identity []byte) []any {
	a := uncbor(identity).([]any)
	return []any{"nonce", hex.EncodeToString(a[1].([]byte)), hex.EncodeToString(a[2].([]byte))}
}

// uncbor reads the little CBOR that identities are written in.
func uncbor(b []byte) any {
	v, _ := uncborNext(b)
	return v
}

func uncborNext(b []byte) (any, []byte) {
	major, n := b[0]>>5, int(b[0]&31)
	if b = b[1:]; n == 24 {
		n, b = int(b[0]), b[1:]
	}
	switch major {
	case 2:
		return b[:n], b[n:]
	case 3:
		return string(b[:n]), b[n:]
	}
	out := []any{}
	for range n {
		var v any
		v, b = uncborNext(b)
		out = append(out, v)
	}
	return out, b
}

// facts says what was found in the words of the vectors.
func facts(c hctCase, f inspection.Finding) map[string]any {
	got := map[string]any{
		"code.format": string(f.Format), "code.scheme": f.Scheme, "code.profile": f.Facts.Profile,
		"code.expires": f.NotAfter.Format(time.RFC3339), "code.holder_bound": f.Bound,
		"code.issued": f.Issued.Format(time.RFC3339), "code.local_day": f.LocalDay(),
		"holder.age_band": f.Facts.AgeBand, "prefs.language": f.Facts.Language, "prefs.assist": f.Facts.Assist,
		"code.colour": f.Colour, "code.meaning": f.Meaning, "code.printed_colour": f.Printed,
		"code.provenance": f.Facts.Provenance, "code.converts_to": f.Facts.ConvertsTo,
		"holder.guardian_consent": f.Facts.Consent != nil, "status": statusWord(f),
		"identity.name": f.Facts.Name, "identity.photo_bytes": len(f.Facts.Photo), "face.template_bytes": len(f.Facts.Face),
		"presentation.aud": f.Audience, "presentation.issued": f.Presented.Format(time.RFC3339),
	}
	var classes []uint64
	for _, r := range f.Facts.Reasons {
		classes = append(classes, r.Class)
	}
	got["code.reasons"] = classes
	var doses, tests, stays []map[string]any
	for _, d := range f.Facts.Doses {
		doses = append(doses, map[string]any{"day": d.Day.In(time.UTC).Format(time.DateOnly), "product": d.Product, "number": d.Number, "of": d.Of})
	}
	for _, x := range f.Facts.Tests {
		tests = append(tests, map[string]any{"sampled": x.Sampled.Format(time.RFC3339), "kind": x.Kind, "negative": x.Negative})
	}
	for _, x := range f.Facts.Stays {
		stays = append(stays, map[string]any{"place": x.Place, "last": x.Last.In(time.UTC).Format(time.DateOnly)})
	}
	got["doses"], got["tests"], got["stays"] = doses, tests, stays
	if b := f.Facts.Birth; b != nil {
		got["holder.birth"] = b.In(time.UTC).Format(time.DateOnly)
		got["holder.age"] = credential.DayOf(c.At.In(time.FixedZone("", 8*3600))).Age(*b) // all schemes of the vectors
	}
	if v := f.Venue; v != nil {
		got["venue.id"], got["venue.names"], got["venue.class"], got["venue.district"] = v.ID, v.Names, v.Class, v.District
		got["venue.position_1e-5"], got["venue.scheme"] = v.Position, f.Scheme
	}
	if r := f.Slip; r != nil {
		got["registration.number"] = hex.EncodeToString(r.Number)
		got["registration.site"], got["registration.device"] = r.Site, r.Device
	}
	return got
}

func statusWord(f inspection.Finding) string {
	switch {
	case f.StatusWhy != nil:
		return "undetermined"
	case f.Colour == "red" && f.Printed != "red":
		return "application-specific"
	case f.Colour == "amber" && f.Printed != "amber":
		return "suspended"
	}
	return "valid"
}
