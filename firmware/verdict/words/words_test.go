package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// TestEveryReason reads the reasons of package verdict out of its source, so that
// a new one without words fails here, and nobody can ship it.
func TestEveryReason(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../verdict.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		v, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Reason" {
			return true
		}
		for _, e := range v.Values {
			s, err := strconv.Unquote(e.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := reasons[verdict.Reason(s)]; !ok {
				t.Errorf("reason %q has no words: add them to reasons.go", s)
			}
			n++
		}
		return true
	})
	if n < 20 {
		t.Fatalf("%d reasons in verdict.go: the test has lost its source", n)
	}
}

// TestWhole looks at every sentence in every language: none is missing, none has
// another's script, and none loses the value it has to name.
func TestWhole(t *testing.T) {
	all := map[string]Words{"enquiries": enquiries, "set by": setBy, "red set by": setByLabel, "ruled": ruledLabel, "meaning": meaningLabel, "provenance": provenanceLabel, "rule": ruleLabel, "cite": citeLabel, "measured": measuredLabel, "wanted": wantedLabel,
		"scheme": schemeLabel, "clock": clockLabel, "person": personLabel, "place": placeLabel, "list": listLabel, "nothing": nothing}
	for r, e := range reasons {
		all["officer "+string(r)] = e.officer
		if _, ok := advices[e.advice]; !ok {
			t.Errorf("%s: no advice", r)
		}
		if _, ok := lifts[e.lift]; !ok && e.lift != 0 {
			t.Errorf("%s: nobody lifts it", r)
		}
		if e.red && !e.rules {
			t.Errorf("%s: red by a hard check", r)
		}
	}
	for a, w := range advices {
		all["advice "+strconv.Itoa(int(a))] = w
	}
	for l, w := range lifts {
		all["lift "+strconv.Itoa(int(l))] = w
	}
	for o, w := range outcomes {
		all["outcome "+o.String()] = w
	}
	for m, w := range meanings {
		all["meaning "+m] = w
	}
	for p, w := range provenances {
		all["provenance "+p] = w
	}
	for name, w := range all {
		v := reflect.ValueOf(w)
		for i, language := range Languages {
			s := v.Field(i).String()
			if strings.TrimSpace(s) != s || s == "" || w.In(language) != s {
				t.Errorf("%s: %s: %q", name, language, s)
			}
			if strings.Count(s, "{n}") != strings.Count(w.En, "{n}") {
				t.Errorf("%s: %s: {n} differs: %q", name, language, s)
			}
		}
		if strings.ContainsAny(w.Hans, "請碼閘門職員簽過時裝應檢測") || strings.ContainsAny(w.Hant, "请码闸门职员签过时装应检测") {
			t.Errorf("%s: scripts are mixed: %q", name, w)
		}
		if han := func(r rune) bool { return r > 0x2e80 }; strings.ContainsFunc(w.En, han) || strings.ContainsFunc(w.Pt, han) {
			t.Errorf("%s: foreign script: %q", name, w)
		}
		if !strings.ContainsFunc(w.Ko, func(r rune) bool { return 0xac00 <= r && r <= 0xd7a3 }) {
			t.Errorf("%s: the Korean is not: %q", name, w.Ko)
		}
	}
}

// TestVoices says one red verdict to three people.
func TestVoices(t *testing.T) {
	at := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	v := verdict.Verdict{Reason: "red-discharged", Rule: "red-discharged", Cite: "R02", Measured: "13 d", Threshold: "≥ 14 d (R02, S0)",
		Person: "red-discharged", Hotline: "3142 2330", Scheme: "HK", Format: "HCT1", Confidence: "trusted",
		Lists: []verdict.List{{Name: "trust/HK.json", Version: "7", Changed: at.Add(-26 * time.Hour)}}}
	if got, want := Holder(v, "en"), "The authority that issued your code has set it to red. Reason: Discharged only recently. This device never sets a code to red by itself. "+
		"The hospital or clinic in charge can lift it. Questions: 3142 2330."; got != want {
		t.Errorf("to the holder %q", got)
	}
	if got, want := Auditor(v, at, "en"), "Refused: red-discharged (Discharged only recently); 2026-11-21T04:00:00Z; rule red-discharged; source R02; measured 13 d; "+
		"wanted ≥ 14 d (R02, S0); issuer HK HCT1; clock trusted; risk of the person red-discharged (Discharged only recently); risk of places none found; list trust/HK.json 7, 26h0m0s"; got != want {
		t.Errorf("to the auditor %q", got)
	}
	for _, language := range Languages {
		if s := Holder(v, language); !strings.Contains(s, "3142 2330") || strings.Contains(s, "HK") || strings.Contains(s, "13") {
			t.Errorf("%s: %q", language, s)
		}
	}
	if got := Holder(verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Hotline: "3142 2330"}, "en"); got != "You may pass." {
		t.Error(got)
	}
	if got := Officer("of-a-later-version").In("ko"); got != "of-a-later-version" {
		t.Error(got)
	}
}
