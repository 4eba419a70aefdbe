package rules

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
)

const border = "../../../../policy/profiles/hk-border-departure.json"

// edited writes a shipped policy with something replaced, and returns its name.
func edited(t *testing.T, profile, old, new string) string {
	t.Helper()
	data, err := os.ReadFile("../../../../policy/profiles/" + profile + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s has no %q", profile, old)
	}
	name := filepath.Join(t.TempDir(), profile+".json")
	if err := os.WriteFile(name, bytes.ReplaceAll(data, []byte(old), []byte(new)), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPolicyTest(t *testing.T) {
	var b strings.Builder
	if err := (&testCmd{Files: []string{border}}).run(&b); err != nil || !strings.Contains(b.String(), "tests hold\n") {
		t.Error(err, b.String())
	}
	wrong := edited(t, "hk-border-departure", `"test_h": 48`, `"test_h": 47`)
	b.Reset()
	err := (&testCmd{Files: []string{border, wrong}}).run(&b)
	if !errors.Is(err, exit.ErrNo) || !strings.Contains(b.String(), `a PCR test of exactly 48 hours: a test of the policy fails: outcome "refer" by rule "old-test"`) {
		t.Error(err, b.String())
	}
	b.Reset()
	broken := edited(t, "venue-market", `"admit"`, `"perhaps"`)
	if err := (&testCmd{Files: []string{broken}}).run(&b); !errors.Is(err, exit.ErrNo) || !strings.Contains(b.String(), `outcome "perhaps" is none of`) {
		t.Error(err, b.String())
	}
}

func TestPolicyExplain(t *testing.T) {
	var b strings.Builder
	if err := (&explainCmd{File: border, Case: "48 hours and a second", Language: "en"}).run(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"→ rule old-test", "REFER: test-out-of-date", "measured 48 h 0 min 1 s; wanted ≤ 48 h (R21, S1)",
		"One proof is still needed: PCR test is too old.", "Questions: 3142 2330.", "may overrule for treatment, funeral"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if err := (&explainCmd{File: border, Case: "no such"}).run(&b); err == nil {
		t.Error("nothing was asked, and it went well")
	}
}

// TestPolicyDiff makes the test window longer: whose outcome changes is told, and
// nobody else's. Facts come from a file; a payload is not taken.
func TestPolicyDiff(t *testing.T) {
	var b strings.Builder
	if err := (&diffCmd{A: border, B: border}).run(&b); err != nil || !strings.Contains(b.String(), "the outcome of 0 changes") {
		t.Error(err, b.String())
	}
	b.Reset()
	longer := edited(t, "hk-border-departure", `"test_h": 48`, `"test_h": 72`)
	facts := filepath.Join(t.TempDir(), "facts.jsonl")
	write := func(lines string) {
		if err := os.WriteFile(facts, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code := `"codes": [{"format": "HCT1", "profile": "gate", "scheme": "HK", "meaning": "may-cross", "issued": "2026-11-21T08:00:00+08:00"}]`
	line := func(name, sampled string) string {
		return `{"name": "` + name + `", "facts": {"now": "2026-11-21T12:00:00+08:00", "holder": {"age_band": 3}, ` + code + `, "tests": [{"kind": "PCR", "negative": true, "sampled": "` + sampled + `"}]}}` + "\n"
	}
	write(line("two days", "2026-11-19T12:00:00+08:00") + "\n" + line("three days", "2026-11-18T12:00:00+08:00") + line("four days", "2026-11-17T12:00:00+08:00"))
	err := (&diffCmd{A: border, B: longer, Facts: facts}).run(&b)
	want := "three days: refer (test-out-of-date) → admit (satisfied, rule green-today)\n" +
		"3 presentations: the outcome of 1 changes, of 0 only the reason, of 2 neither; 0 are before one of the policies is in force\n"
	if !errors.Is(err, exit.ErrNo) || b.String() != want {
		t.Error(err, b.String())
	}
	write(`{"name": "x", "payload": "HCT1:…", "facts": {}}`)
	if err := (&diffCmd{A: border, B: longer, Facts: facts}).run(&b); err == nil || errors.Is(err, exit.ErrNo) {
		t.Errorf("a payload was taken: %v", err)
	}
}

func TestPolicyCostAndReasons(t *testing.T) {
	var b strings.Builder
	if err := (&costCmd{File: border}).run(&b); err != nil || !strings.Contains(b.String(), "rule lifted-by-another") || !strings.Contains(b.String(), "of at most 250000 units") {
		t.Error(err, b.String())
	}
	b.Reset()
	if err := (&reasonsCmd{Language: "ja"}).run(&b); err != nil || !strings.Contains(b.String(), "red-close-contact       濃厚接触者\n") || strings.Contains(b.String(), "bad-signature") {
		t.Error(err, b.String())
	}
}
