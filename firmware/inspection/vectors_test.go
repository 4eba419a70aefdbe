package inspection_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
const signatureOnly = `{"v":1,"profile":"signature-only","rules":[{"name":"all","when":"true","outcome":"admit","reason":"satisfied"}]}`

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
	ID, Kind, Text, Verdict, Reason string
	At                              time.Time
	Lane                            struct {
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

// TestVectorsHCT runs every health code of the open profile's vectors: verdict,
// reason and what was learnt.
func TestVectorsHCT(t *testing.T) {
	var cases []hctCase
	readJSON(t, &cases, "vectors", "hct", "index.json")
	s := snapshot(t, hctFiles(t))
	run, other := 0, 0
	for _, c := range cases {
		if c.Kind != "HCT1" {
			other++
			continue
		}
		run++
		t.Run(c.ID, func(t *testing.T) {
			v, found := s.Explain(c.presentation())
			if c.Verdict == "reject" {
				if v.Outcome == verdict.Admit || c.AtMost == "" && v.Outcome != verdict.Refuse {
					t.Errorf("%s, want a refusal", v.Outcome)
				}
				if got := string(v.Reason); got != c.Reason && !slices.Contains(c.AlsoOK, got) {
					t.Errorf("reason %s, want %s or one of %v", got, c.Reason, c.AlsoOK)
				}
				return
			}
			if want := verdict.Admit; c.AtMost == "" && v.Outcome != want || c.AtMost == "refer" && v.Outcome != verdict.Refer {
				t.Errorf("%s %s, want every hard check to hold", v.Outcome, v.Reason)
			}
			for _, wrong := range learnt(c, found[0]) {
				t.Error(wrong)
			}
		})
	}
	report(t, "hct/HCT1", run, other, "of kinds that are not read yet")
}

// learnt compares what was found with the facts of a case.
func learnt(c hctCase, f inspection.Finding) (wrong []string) {
	if f.Err != nil {
		return nil
	}
	got := map[string]any{
		"code.format": string(f.Format), "code.scheme": f.Scheme, "code.profile": f.Facts.Profile,
		"code.expires": f.NotAfter.Format(time.RFC3339), "code.holder_bound": false,
		"holder.age_band": f.Facts.AgeBand, "prefs.language": f.Facts.Language, "prefs.assist": f.Facts.Assist,
		"code.colour": f.Colour, "code.meaning": f.Meaning, "code.printed_colour": f.Printed,
		"code.provenance": f.Facts.Provenance, "code.converts_to": f.Facts.ConvertsTo,
		"holder.guardian_consent": f.Facts.Consent != nil, "status": statusWord(f),
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
	if f.Facts.Birth != nil {
		got["holder.birth"] = f.Facts.Birth.In(time.UTC).Format(time.DateOnly)
	}
	for name, want := range c.Facts {
		have, asked := got[name]
		a, _ := json.Marshal(have)
		b, _ := json.Marshal(want)
		if asked && !bytes.Equal(a, b) {
			wrong = append(wrong, fmt.Sprintf("%s is %s, want %s", name, a, b))
		}
	}
	for _, name := range c.Absent {
		if b, _ := json.Marshal(got[name]); !slices.Contains([]string{"null", `""`, "0"}, string(b)) {
			wrong = append(wrong, fmt.Sprintf("%s reached the lane: %s", name, b))
		}
	}
	return wrong
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
