package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/simulators/issuer"
)

// TestPolicyFacts records presentations as facts and compares two policies over them: it
// is told of those, and only those, whose codes themselves are judged otherwise.
func TestPolicyFacts(t *testing.T) {
	hk, dir := issuer.New("HK", "Asia/Hong_Kong"), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "HK.json"), hk.TrustFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	var shown strings.Builder
	for _, hours := range []int{1, 47, 48, 49, 71, 72, 73} {
		code := hk.HealthCode(issuer.HealthCode{Profile: "gate", Colour: issuer.Green, From: at.Add(-time.Hour), Birth: "19800229",
			Tests: []issuer.Test{{Sampled: at.Add(-time.Duration(hours) * time.Hour), Kind: "PCR"}}})
		line, err := json.Marshal(map[string]string{"text": code, "at": at.Format(time.RFC3339)})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&shown, "%s\n", line)
	}
	shown.WriteString(`{"text": "HCT1:spoilt"}` + "\n\n")
	longer := edited(t, "hk-border-departure", `"test_h": 48`, `"test_h": 72`)
	c := factsCmd{Keys: []string{"hct=" + dir}, Policy: border, Kind: "border", Direction: "out", Profile: "gate", JSONL: "-"}
	var out, said bytes.Buffer
	if err := c.run(strings.NewReader(shown.String()), &out, &said); err != nil || said.String() != "7 presentations as facts, 1 left out\n" {
		t.Fatal(err, said.String())
	}
	for _, personal := range []string{"HCT1:", "1980", "birth"} {
		if strings.Contains(out.String(), personal) {
			t.Errorf("%s is in %s", personal, out.String())
		}
	}
	facts := filepath.Join(t.TempDir(), "facts.jsonl")
	if err := os.WriteFile(facts, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var diff strings.Builder
	err := (&diffCmd{A: border, B: longer, Facts: facts}).run(&diff)
	want := ""
	for n := 4; n <= 6; n++ { // 49, 71 and 72 hours
		want += fmt.Sprintf("presentation %d: refer (test-out-of-date) → admit (satisfied, rule green-today)\n", n)
	}
	want += "7 presentations: the outcome of 3 changes, of 0 only the reason, of 4 neither; 0 are before one of the policies is in force\n"
	if !errors.Is(err, exit.ErrNo) || diff.String() != want {
		t.Error(err, diff.String())
	}
	for _, bad := range []string{"{", `{"hex": "00"}`, `{"text": "x", "at": "noon"}`, `{"text": "` + strings.Repeat("x", input.MaxLine) + `"}`} {
		if err := c.run(strings.NewReader(bad), &out, &said); err == nil || !strings.HasPrefix(err.Error(), "-:1: ") {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
}
