package phrases

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
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
	for _, r := range constants(t, "../../../../firmware/verdict/verdict.go", "Reason") {
		if _, ok := reasons[verdict.Reason(r)]; !ok {
			t.Errorf("reason %q has no words: add them to staff.go", r)
		}
	}
	for _, k := range constants(t, "../../../../firmware/event/event.go", "Kind") {
		if _, ok := Happened[event.Kind(k)]; !ok {
			t.Errorf("event %q has no words: add them to staff.go", k)
		}
	}
}

// every gathers all sentences, under a name to find them by.
func every() map[string]Words {
	all := map[string]Words{"lane": Lane, "today": Today, "locked head": Keyless.Head, "locked hint": Keyless.Hint}
	for _, table := range []map[string]Says{atLane, atVenue} {
		for k, s := range table {
			all["head of "+k+s.Head.En] = s.Head
			if s.Hint != (Words{}) {
				all["hint of "+k+s.Head.En] = s.Hint
			}
		}
	}
	for r, w := range Mend {
		all["how to mend "+string(r)] = w
	}
	for h, w := range Hold {
		all["how to hold "+h.String()] = w
	}
	for r, w := range reasons {
		all["reason "+string(r)] = w
	}
	for k, m := range Happened {
		all["event "+string(k)] = m.Word
	}
	for k, m := range Working {
		all["working "+k] = m.Word
	}
	for _, c := range health.All() {
		title, action := Condition(c)
		all["title of "+c.Name], all["action for "+c.Name] = title, action
	}
	for k, w := range Labels {
		all["label "+k] = w
	}
	for k, w := range Urgent {
		all["urgent "+k] = w
	}
	for _, s := range Steps {
		all["step "+s.Icon] = s.Name
	}
	for k, o := range Orders {
		all["halting "+k], all["opening "+k] = o.Halts, o.Opens
	}
	for k, w := range Directions {
		all["direction "+k] = w
	}
	all["refused"] = Refused.Word
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

func TestTongue(t *testing.T) {
	for in, want := range map[string]Tongue{
		"": Unknown, "zh": Hant, "yue": Hant, "zh-HK": Hant, "zh-MO": Hant, "zh-TW": Hant, "zh-Hant": Hant, "zh-Hant-HK": Hant, "yue-Hant": Hant,
		"zh-CN": Hans, "zh-SG": Hans, "zh-MY": Hans, "zh-Hans": Hans, "zh-Hans-HK": Hans, "yue-Hans": Hans, "ZH-cn": Hans, "yue-CN": Hans,
		"en": English, "en-GB": English, "en-HK": English,
		"ja": Ja, "ja-JP": Ja, "ko": Ko, "ko-KR": Ko, "pt-MO": Pt, "pt-BR": Pt, "fr": Unknown, "und": Unknown, "x": Unknown, "not a tag": Unknown, strings.Repeat("zh-", 100): Unknown,
	} {
		if got := TongueOf(in); got != want {
			t.Errorf("%q is read as %q, not %q", in, got, want)
		}
	}
}
