package screen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// constants reads the values of a string type's constants out of its source, so
// that a new one without words fails here.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == typ {
			for _, e := range v.Values {
				s, err := strconv.Unquote(e.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s)
			}
		}
		return true
	})
	if len(out) < 5 {
		t.Fatalf("only %d constants of type %s in %s: the test has lost its source", len(out), typ, file)
	}
	return out
}

func TestEveryReasonHasOfficerWords(t *testing.T) {
	for _, r := range constants(t, "../../firmware/verdict/verdict.go", "Reason") {
		if _, ok := reasons[verdict.Reason(r)]; !ok {
			t.Errorf("reason %q has no words: add them to words_staff.go", r)
		}
	}
	for _, k := range constants(t, "../../firmware/event/event.go", "Kind") {
		if _, ok := happened[event.Kind(k)]; !ok {
			t.Errorf("event %q has no words: add them to words_staff.go", k)
		}
	}
}

// every gathers all sentences, under a name to find them by.
func every() map[string]Words {
	all := map[string]Words{"lane": laneWord, "today": todayWord, "locked head": keyless.Head, "locked hint": keyless.Hint}
	for _, table := range []map[string]says{laneSays, venueSays} {
		for k, s := range table {
			all["head of "+k+s.Head.En] = s.Head
			if s.Hint != (Words{}) {
				all["hint of "+k+s.Head.En] = s.Hint
			}
		}
	}
	for r, w := range mend {
		all["how to mend "+string(r)] = w
	}
	for h, w := range hold {
		all["how to hold "+h.String()] = w
	}
	for r, w := range reasons {
		all["reason "+string(r)] = w
	}
	for k, m := range happened {
		all["event "+string(k)] = m.Word
	}
	for k, m := range working {
		all["working "+k] = m.Word
	}
	for _, c := range health.All() {
		title, action := conditionWords(c)
		all["title of "+c.Name], all["action for "+c.Name] = title, action
	}
	for k, w := range labels {
		all["label "+k] = w
	}
	for k, w := range urgentWords {
		all["urgent "+k] = w
	}
	for _, s := range steps {
		all["step "+s.Icon] = s.Name
	}
	all["refused"] = refused.Word
	return all
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func TestWordsAreWhole(t *testing.T) {
	for name, w := range every() {
		places := func(s string) []string { return slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))) }
		for _, s := range []string{w.Hant, w.Hans, w.En, w.Ja, w.Ko, w.Pt} {
			if strings.TrimSpace(s) == "" || strings.TrimSpace(s) != s {
				t.Errorf("%s: %q is missing a language or has space around it", name, w)
			}
			if !slices.Equal(places(s), places(w.Hant)) {
				t.Errorf("%s: placeholders differ: %q", name, w)
			}
		}
		// A few signs that exist in one script only tell a swapped or forgotten one.
		if strings.ContainsAny(w.Hans, "請碼閘門職員簽過時裝應") || strings.ContainsAny(w.Hant, "请码闸门职员签过时装应") {
			t.Errorf("%s: scripts are mixed: %q", name, w)
		}
		if strings.ContainsFunc(w.En, func(r rune) bool { return r > 0x2e80 }) {
			t.Errorf("%s: the English is not: %q", name, w)
		}
		is := func(in *unicode.RangeTable) func(rune) bool { return func(r rune) bool { return unicode.Is(in, r) } }
		if strings.ContainsFunc(w.Ko, is(unicode.Han)) || strings.ContainsFunc(w.Ko, is(unicode.Hiragana)) || !strings.ContainsFunc(w.Ko, is(unicode.Hangul)) {
			t.Errorf("%s: the Korean is not: %q", name, w)
		}
		if strings.ContainsFunc(w.Pt, func(r rune) bool { return r > 0x2e80 }) {
			t.Errorf("%s: the Portuguese is not: %q", name, w)
		}
		if strings.ContainsFunc(w.Ja, is(unicode.Hangul)) || strings.ContainsAny(w.Ja, "请码闸职员签过时请閘鏡檔") {
			t.Errorf("%s: the Japanese is not: %q", name, w)
		}
	}
}

// TestLabelsAreUsed ties the templates to the table, both ways.
// TestWhyTellsOrigin: staff are told which code it was, what its colour means and who applied
// for it, who made it red, and what the rules alone had found (R06, R74, R78).
func TestWhyTellsOrigin(t *testing.T) {
	b := newBoard(Status{Lanes: []LaneStatus{{Number: "1", View: lane.View{Screen: lane.ScreenRefer}, Said: verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.Stale, Ruled: verdict.Satisfied,
		SetBy: "GZ, CDC", Scheme: "GZ", Format: "HCT1", Meaning: "low-risk-proxy", Provenance: "relative", Measured: "3 d", Language: "ja"}}}}, english, Options{})
	want := []string{"Measured 3 d", "The rules alone: Requirements met", "Red set by GZ, CDC", "Code: GZ HCT1", "Means: low risk, applied for by another", "Applied for by: a relative or guardian"}
	if got := b.Urgent[0].Facts; !slices.Equal(got, want) {
		t.Errorf("staff are told %q", got)
	}
}

func TestLabelsAreUsed(t *testing.T) {
	used := map[string]bool{}
	call := regexp.MustCompile(`\.(?:T|N) "([a-z]+)"`)
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := fs.ReadFile(files, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(b), -1) {
			used[m[1]] = true
			if _, ok := labels[m[1]]; !ok {
				t.Errorf("%s asks for the label %q, which is not there", n, m[1])
			}
		}
	}
	for _, k := range []string{"measured", "threshold", "rule", "ruled", "setby", "read", "means", "applied", "never", "now", "minutes", "hours", "days", "draft", "given", "officer", "supervisor", "missing", "key"} { // asked for in board.go
		used[k] = true
	}
	for k := range labels {
		if !used[k] {
			t.Errorf("the label %q is used nowhere", k)
		}
	}
}

func TestTongue(t *testing.T) {
	for in, want := range map[string]tongue{
		"": unknown, "zh": hant, "yue": hant, "zh-HK": hant, "zh-MO": hant, "zh-TW": hant, "zh-Hant": hant, "zh-Hant-HK": hant, "yue-Hant": hant,
		"zh-CN": hans, "zh-SG": hans, "zh-MY": hans, "zh-Hans": hans, "zh-Hans-HK": hans, "yue-Hans": hans, "ZH-cn": hans, "yue-CN": hans,
		"en": english, "en-GB": english, "en-HK": english,
		"ja": ja, "ja-JP": ja, "ko": ko, "ko-KR": ko, "pt-MO": pt, "pt-BR": pt, "fr": unknown, "und": unknown, "x": unknown, "not a tag": unknown, strings.Repeat("zh-", 100): unknown,
	} {
		if got := tongueOf(in); got != want {
			t.Errorf("%q is read as %q, not %q", in, got, want)
		}
	}
}

func FuzzTongue(f *testing.F) {
	for _, s := range []string{"zh", "zh-Hant-HK", "en-GB", "yue-Hans-CN", "x-private", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := lane.View{Screen: lane.ScreenGo, Language: s}
		if st := bay.stage(v); len(st.Head) != 2 || st.Head[0].Text == "" {
			t.Errorf("%q leaves the screen without words: %v", s, st.Head)
		}
	})
}
