package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/keys"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/trust"
)

// hctCase is one case of vectors/hct (ORIGIN.md); lines keeps it as it stands.
type hctCase struct {
	ID, Kind, Hex, Verdict, Reason string
	At                             time.Time
	AlsoOK                         []string `json:"also_ok"`
	AtMost                         string   `json:"at_most"`
	Facts                          map[string]any
}

// TestVectorsHCT asks every case of the open profile as an operator would, each
// as it stands in the index.
func TestVectorsHCT(t *testing.T) {
	folder := sharedFolder(t, "vectors", "hct")
	data, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []hctCase
	var lines []json.RawMessage
	if err := errors.Join(json.Unmarshal(data, &cases), json.Unmarshal(data, &lines)); err != nil {
		t.Fatal(err)
	}
	for _, withKind := range []bool{true, false} { // bytes say themselves what they are
		var questions bytes.Buffer
		for i, line := range lines {
			if !withKind && cases[i].Hex != "" {
				line = bytes.Replace(line, []byte(`"kind":`), []byte(`"sort":`), 1)
			}
			if err := json.Compact(&questions, line); err != nil {
				t.Fatal(err)
			}
			questions.WriteByte('\n')
		}
		out, err := verify(t, Command{Keys: []string{"hct=" + folder}, JSONL: "-", Explain: true}, questions.String())
		if !errors.Is(err, exit.ErrNo) {
			t.Fatal(err)
		}
		answers := strings.Split(strings.TrimSpace(out), "\n")
		if len(answers) != len(cases) {
			t.Fatalf("%d answers to %d questions", len(answers), len(cases))
		}
		for i, c := range cases {
			var a answer
			if err := json.Unmarshal([]byte(answers[i]), &a); err != nil {
				t.Fatal(err)
			}
			var id string
			if json.Unmarshal(a.ID, &id); id != c.ID {
				t.Fatalf("answer %d is to %s", i, a.ID)
			}
			switch want := map[string]string{"accept": "admit", "reject": "refuse"}[c.Verdict]; {
			case c.AtMost == "refer" && a.Outcome != "refer", c.AtMost == "" && a.Outcome != want:
				t.Errorf("%s: %s %s (%s), want %s", c.ID, a.Outcome, a.Reason, a.Detail, want)
			case c.Verdict == "reject" && string(a.Reason) != c.Reason && !slices.Contains(c.AlsoOK, string(a.Reason)):
				t.Errorf("%s: reason %s (%s), want %s or one of %v", c.ID, a.Reason, a.Detail, c.Reason, c.AlsoOK)
			}
			if e := a.Explain; e == nil || e.Holder == "" || e.Officer == "" || e.Auditor == "" || strings.Contains(e.Auditor, "\n") {
				t.Errorf("%s: explained as %+v", c.ID, e)
			}
			if c.Hex != "" && !strings.EqualFold(a.Format, c.Kind) {
				t.Errorf("%s is taken for %q", c.ID, a.Format)
			}
		}
	}
	t.Logf("vectors: hct %d run, 0 could not", len(cases))
	if name := os.Getenv("CHECKPOINT_VECTORS_REPORT"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		line, _ := json.Marshal(map[string]any{"set": "hct/verify", "run": len(cases), "could_not": 0, "why": ""})
		fmt.Fprintf(f, "%s\n", line)
	}
}

// hctStatements is a verifier with the keys of the hct set, and all cases of the set.
func hctStatements(t *testing.T) (*verifier, []hctCase) {
	t.Helper()
	folder := sharedFolder(t, "vectors", "hct")
	data, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []hctCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	snapshot, _, _, err := keys.Load([]string{"hct=" + folder}, "")
	if err != nil {
		t.Fatal(err)
	}
	return &verifier{snapshot: snapshot}, cases
}

// TestVectorsHCTStatements compares what orders, leases, marks and lists say.
func TestVectorsHCTStatements(t *testing.T) {
	v, cases := hctStatements(t)
	run := 0
	for _, c := range cases {
		if c.Hex == "" || c.Verdict != "accept" {
			continue
		}
		run++
		st, err := v.state(c.Kind, unhex(t, c.Hex), c.At, 0)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		stamp := func(at time.Time) string { return at.UTC().Format(time.RFC3339) }
		var got map[string]any
		switch o, l, m := st.order, st.lease, st.mark; c.Kind {
		case "order":
			scope := map[string]string{}
			for k, v := range map[string]string{"site": o.Scope.Site, "direction": o.Scope.Direction, "scheme": o.Scope.Scheme, "lane": o.Scope.Lane} {
				if v != "" {
					scope[k] = v
				}
			}
			got = map[string]any{"kind": o.Kind, "number": o.Number, "scope": scope, "not_before": stamp(o.NotBefore), "review_by": stamp(o.ReviewBy),
				"state": map[bool]string{true: "halt", false: "open"}[o.Halt]}
		case "lease":
			got = map[string]any{"day": l.Day, "expires": stamp(l.Expires), "holder": l.Holder, "quota": l.Quota, "serial": l.Serial, "tokens": l.Tokens}
		case "mark":
			got = map[string]any{"device": m.Device, "epoch": fmt.Sprint(m.Epoch), "seq": m.Seq, "hash": fmt.Sprintf("%x", m.Hash)}
		case "status":
			if !strings.HasPrefix(st.says, "list 7 of GZ, 2 bits a code, 1000 codes") {
				t.Errorf("%s: %s", c.ID, st.says)
			}
			continue
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(c.Facts)
		if !bytes.Equal(a, b) {
			t.Errorf("%s says\n%s, want\n%s", c.ID, a, b)
		}
	}
	if run < 6 {
		t.Errorf("%d statements only", run)
	}
}

// TestFlippedStatements turns one bit in every byte of valid statements: none is obeyed.
func TestFlippedStatements(t *testing.T) {
	v, cases := hctStatements(t)
	for _, c := range cases {
		if c.Hex == "" || c.Verdict != "accept" {
			continue
		}
		b := unhex(t, c.Hex)
		for i := range b {
			b[i] ^= 1 << (i % 8)
			for _, kind := range []string{c.Kind, ""} {
				if _, err := v.state(kind, b, c.At, 0); err == nil {
					t.Errorf("%s with byte %d flipped is believed as %q", c.ID, i, kind)
				}
			}
			b[i] ^= 1 << (i % 8)
		}
		for _, kind := range kindsOfBytes {
			if _, err := v.state(kind, b, c.At, 0); (err == nil) != (kind == c.Kind) {
				t.Errorf("%s as %s: %v", c.ID, kind, err)
			}
		}
	}
	if _, _, err := order.Order(v.snapshot.Trust(), make([]byte, 4096), time.Time{}); err == nil || errors.Is(err, trust.ErrBadSignature) {
		t.Errorf("4 KiB of nothing: %v", err)
	}
}

func unhex(t *testing.T, s string) []byte {
	var b []byte
	if _, err := fmt.Sscanf(s, "%x", &b); err != nil {
		t.Fatal(err)
	}
	return b
}
