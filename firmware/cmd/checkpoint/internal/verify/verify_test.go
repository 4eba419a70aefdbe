package verify

import (
	"bytes"
	"context"
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

// authority is an issuer with its keys in a directory.
func authority(t *testing.T) (*issuer.Issuer, string) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "HK.json"), hk.TrustFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	return hk, dir
}

func verify(t *testing.T, c Command, stdin string) (string, error) {
	var out bytes.Buffer
	err := c.run(context.Background(), strings.NewReader(stdin), &out)
	return out.String(), err
}

const border = "../../../../policy/profiles/hk-border-departure.json"

// TestVerifyExplains shows what a person reads.
func TestVerifyExplains(t *testing.T) {
	hk, dir := authority(t)
	at := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	red := hk.HealthCode(issuer.HealthCode{Colour: issuer.Red, Reasons: []int{3}, From: at})
	got, err := verify(t, Command{Keys: []string{"hct=" + dir}, Policy: border, At: at.Format(time.RFC3339), Codes: []string{red}}, "")
	if !errors.Is(err, exit.ErrNo) {
		t.Error(err)
	}
	want := `HCT1 code of HK
  signer     allowed, named in trust/HK.json
  signature  good
  validity   valid: 2026-01-02T04:00:00Z to 2026-01-02T16:00:00Z
  colour     red, which means high-risk
  reason     class 3
  at         2026-01-02T04:00:00Z
  verdict    REFUSE: red-close-contact (rule red-close-contact, R02)

`
	if got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	green := hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: at})
	if _, err := verify(t, Command{Keys: []string{"hct=" + dir}, At: at.Format(time.RFC3339), Codes: []string{green}}, ""); err != nil {
		t.Errorf("green: %v", err)
	}
}

// TestVerifyLines asks good and bad questions; each has one answer, in order.
func TestVerifyLines(t *testing.T) {
	hk, dir := authority(t)
	from := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	green := hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: from})
	stranger := hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: from, Spoil: issuer.Stranger})
	phone := hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: from, Phone: true})
	const now, late = `"at":"2026-01-02T04:00:00Z"`, `"at":"2026-01-02T16:00:20Z"`
	steps := []struct{ question, answer string }{
		{fmt.Sprintf(`{"id":"a","text":%q,%s}`, green, now),
			`{"id":"a","format":"HCT1","signature":"good","signer":"allowed","validity":"valid","outcome":"admit","reason":"satisfied","detail":"rule genuine"}`},
		{fmt.Sprintf(`{"id":2,"text":%q,%s}`, green, late),
			`{"id":2,"format":"HCT1","signature":"good","signer":"allowed","validity":"expired","outcome":"refuse","reason":"expired","detail":"no longer valid"}`},
		{fmt.Sprintf(`{"id":"u","text":%q,%s,"lane":{"profile":"door","u":30}}`, green, late),
			`{"id":"u","format":"HCT1","signature":"good","signer":"allowed","validity":"valid","outcome":"admit","reason":"satisfied","detail":"rule genuine"}`},
		{fmt.Sprintf(`{"id":"s","text":%q,%s}`, stranger, now),
			`{"id":"s","format":"HCT1","signature":"none","signer":"unknown","validity":"valid","outcome":"refuse","reason":"unknown-signer","detail":"no trusted key"}`},
		{fmt.Sprintf(`{"id":"p","text":%q,%s}`, phone, now),
			`{"id":"p","format":"HCT1","signature":"good","signer":"allowed","validity":"valid","outcome":"refuse","reason":"holder-proof-missing","detail":"a code bound to a phone, shown without proof of that phone"}`},
		{`{"id":"e"}`,
			`{"id":"e","format":"","signature":"none","signer":"none","validity":"unknown","outcome":"refuse","reason":"malformed","detail":"malformed: no prefix"}`},
		{`{"id":"n","text":"HCT1:","at":"noon"}`,
			`{"id":"n","format":"","signature":"none","signer":"none","validity":"unknown","outcome":"refuse","reason":"malformed","detail":"\"noon\" is not a time; write it as 2006-01-02T15:04:05Z"}`},
		{`{"id":"f","file":"no-such.png"}`,
			`{"id":"f","format":"","signature":"none","signer":"none","validity":"unknown","outcome":"refuse","reason":"unreadable","detail":"open no-such.png: no such file or directory"}`},
		{`{"id":"j",`,
			`{"id":"","format":"","signature":"none","signer":"none","validity":"unknown","outcome":"refuse","reason":"malformed","detail":"the line is not a question: unexpected end of JSON input"}`},
		{strings.Repeat("x", 3*input.MaxLine),
			`{"id":"","format":"","signature":"none","signer":"none","validity":"unknown","outcome":"refuse","reason":"malformed","detail":"the line is longer than 64 KiB"}`},
		{fmt.Sprintf(`{"id":"z","text":%q,%s}`, green, now),
			`{"id":"z","format":"HCT1","signature":"good","signer":"allowed","validity":"valid","outcome":"admit","reason":"satisfied","detail":"rule genuine"}`},
	}
	var questions, want []string
	for _, s := range steps {
		questions, want = append(questions, s.question), append(want, s.answer)
	}
	got, err := verify(t, Command{Keys: []string{"hct=" + dir}, JSONL: "-"}, strings.Join(questions, "\n"))
	if !errors.Is(err, exit.ErrNo) {
		t.Error(err)
	}
	answers := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(answers) != len(want) {
		t.Fatalf("%d answers to %d questions:\n%s", len(answers), len(want), got)
	}
	for i := range want {
		if answers[i] != want[i] {
			t.Errorf("answered\n%s\nwant\n%s", answers[i], want[i])
		}
	}
	if _, err := verify(t, Command{Keys: []string{"hct=" + dir}, JSONL: "-"}, questions[0]); err != nil {
		t.Errorf("all admitted: %v", err)
	}
}

// TestVerifyCannotRun shows that what the operator got wrong is told in one line.
func TestVerifyCannotRun(t *testing.T) {
	_, dir := authority(t)
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	rules := `{"v":1,"profile":"wrong","rules":[{"name":"a","when":"holder.name","outcome":"admit","reason":"x"},{"name":"b","when":"(","outcome":"admit","reason":"x"}]}`
	if err := os.WriteFile(wrong, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Command{
		"wrong policy":       {Policy: wrong, Codes: []string{"a"}},
		"nothing to do":      {},
		"two things to do":   {Codes: []string{"a"}, JSONL: "-"},
		"keys of no format":  {Keys: []string{"nzcp=x"}, Codes: []string{"a"}},
		"no such keys":       {Keys: []string{"dcc=no-such.json"}, Codes: []string{"a"}},
		"empty directory":    {Keys: []string{"hct=" + t.TempDir()}, Codes: []string{"a"}},
		"keys are no list":   {Keys: []string{"dcc=" + filepath.Join(dir, "HK.json")}, Codes: []string{"a"}},
		"no such policy":     {Policy: "no-such.json", Codes: []string{"a"}},
		"no policy":          {Policy: filepath.Join(dir, "HK.json"), Codes: []string{"a"}},
		"no time":            {At: "noon", Codes: []string{"a"}},
		"no such lines":      {JSONL: "no-such.jsonl"},
		"a file, no picture": {Codes: []string{filepath.Join(dir, "HK.json")}},
	} {
		out, err := verify(t, c, "")
		if err == nil || errors.Is(err, exit.ErrNo) || strings.Contains(err.Error(), "\n") || out != "" {
			t.Errorf("%s: printed %q, %v", name, out, err)
		}
	}
}

// TestVectorsDCCPictures judges the pictures of the public certificates, as an operator would.
func TestVectorsDCCPictures(t *testing.T) {
	folder := sharedFolder(t, "vectors", "dcc", "dgc-testdata")
	data, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ ID, Verdict, Clock, PNG string }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	var questions bytes.Buffer
	want := map[string]string{}
	disputed, none := 0, 0
	for _, c := range cases {
		outcome := map[string]string{"accept": "admit", "reject": "refuse"}[c.Verdict]
		switch {
		case c.PNG == "":
			none++
		case outcome == "":
			disputed++
		default:
			want[c.ID] = outcome
			line, _ := json.Marshal(map[string]string{"id": c.ID, "file": filepath.Join(folder, c.PNG), "at": c.Clock})
			fmt.Fprintf(&questions, "%s\n", line)
		}
	}
	out, err := verify(t, Command{Keys: []string{"dcc=" + filepath.Join(folder, "dsc.json")}, JSONL: "-"}, questions.String())
	if !errors.Is(err, exit.ErrNo) {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		var a struct{ ID, Outcome, Reason string }
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if a.Outcome != want[a.ID] || a.Reason == "unreadable" {
			t.Errorf("%s: %s %s, want %s", a.ID, a.Outcome, a.Reason, want[a.ID])
		}
		delete(want, a.ID)
	}
	if len(want) > 0 {
		t.Errorf("%d questions have no answer", len(want))
	}
	run := strings.Count(questions.String(), "\n")
	why := fmt.Sprintf("disputed: %d, without picture: %d", disputed, none)
	t.Logf("vectors: dcc/png %d run, %d could not (%s)", run, disputed+none, why)
	if name := os.Getenv("CHECKPOINT_VECTORS_REPORT"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		line, _ := json.Marshal(map[string]any{"set": "dcc/png", "run": run, "could_not": disputed + none, "why": why})
		fmt.Fprintf(f, "%s\n", line)
	}
}

// sharedFolder returns a folder of reference data: CHECKPOINT_SHARED, else
// ../shared beside the project.
func sharedFolder(t *testing.T, parts ...string) string {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{dir}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	return path
}
