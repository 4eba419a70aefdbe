package legal

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"example.org/checkpoint/firmware/verdict/words"
)

// TestDrafts: there is a text in each language that people are told things in, each says
// the same number of things, and none pretends to be approved.
func TestDrafts(t *testing.T) {
	want := len(Draft("en").Parts)
	for _, l := range words.Languages {
		if d := Draft(l); d.Approved || len(d.Parts) != want || want == 0 {
			t.Errorf("%s: approved %t, %d parts, want %d", l, d.Approved, len(d.Parts), want)
		}
	}
	if d := Draft("../legal"); len(d.Parts) != 0 {
		t.Error("a language that is none has a text")
	}
}

func TestParse(t *testing.T) {
	got, err := Parse([]byte("status: approved\r\n\r\n# A\r\n\r\nb\r\nc\r\n"))
	if err != nil || !got.Approved || len(got.Parts) != 2 || got.Parts[0] != (Part{true, "A"}) || got.Parts[1] != (Part{false, "b c"}) {
		t.Errorf("%+v %v", got, err)
	}
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"no mark":     {"# A\n\nb", ErrMark},
		"other mark":  {"status: final\n\nb", ErrMark},
		"nothing":     {"status: draft\n\n#\n", ErrText},
		"too long":    {"status: draft\n" + strings.Repeat("a", MaxSize), ErrText},
		"a script":    {"status: draft\n\n<script>", ErrText},
		"a link":      {"status: draft\n\n[here](http://x)", ErrText},
		"not UTF-8":   {"status: draft\n\n\xff", ErrText},
		"a control":   {"status: draft\n\na\x00b", ErrText},
		"other files": {"", ErrMark},
	} {
		if _, err := Parse([]byte(c.file)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("status: draft\n\n# A\n\nb\nc"))
	f.Add([]byte("status: approved\n\nb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := Parse(b)
		for _, p := range text.Parts {
			if err != nil || p.Text == "" || !utf8.ValidString(p.Text) || strings.ContainsAny(p.Text, "<>\n") {
				t.Errorf("%q: %v", p.Text, err)
			}
		}
	})
}
