// Package legal reads what a site's lawyers have people told: legal/<site>/<language>.md
// of a bundle. Until they approve a text it is a draft, and every screen says so.
package legal

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxSize bounds one text in bytes.
const MaxSize = 16 << 10

var (
	ErrMark = errors.New("legal: the first line is neither \"status: draft\" nor \"status: approved\"")
	ErrText = errors.New("legal: want 1 byte to 16 KiB of UTF-8, headings (# …) and paragraphs only")
)

// Text is one text in one language. The zero Text is an empty draft.
type Text struct {
	Approved bool
	Parts    []Part
}

// Part is a heading or a paragraph.
type Part struct {
	Heading bool
	Text    string
}

// Parse reads a file: a line "status: draft" or "status: approved", then Markdown of
// headings and paragraphs. Whatever could be more than text is refused, not shown.
func Parse(file []byte) (Text, error) {
	if len(file) > MaxSize || !utf8.Valid(file) {
		return Text{}, ErrText
	}
	mark, body, _ := strings.Cut(string(file), "\n")
	var t Text
	switch strings.TrimSpace(mark) {
	case "status: approved":
		t.Approved = true
	case "status: draft":
	default:
		return Text{}, ErrMark
	}
	for block := range strings.SplitSeq(strings.ReplaceAll(body, "\r\n", "\n"), "\n\n") {
		block = strings.Join(strings.Fields(block), " ")
		text, heading := block, false
		if strings.HasPrefix(block, "#") {
			text, heading = strings.TrimLeft(block, "# "), true
		}
		if strings.ContainsAny(text, "<>[]`") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			return Text{}, fmt.Errorf("%w: near %.40q", ErrText, text)
		}
		if text != "" {
			t.Parts = append(t.Parts, Part{heading, text})
		}
	}
	if len(t.Parts) == 0 {
		return Text{}, ErrText
	}
	return t, nil
}

//go:embed drafts/*.md
var drafts embed.FS

// Draft is the text that comes with the program, for a site that has none of its own; the
// zero Text in a language that has none.
func Draft(language string) Text {
	file, err := drafts.ReadFile("drafts/" + language + ".md")
	if err != nil {
		return Text{}
	}
	t, _ := Parse(file) // a test reads every one of them
	t.Approved = false
	return t
}
