package input_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
)

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	for size, good := range map[int64]bool{16 << 20: true, 16<<20 + 1: false} {
		if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, size)); err != nil {
			t.Fatal(err)
		}
		if data, err := input.File(name); (err == nil) != good || good && int64(len(data)) != size {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := input.File(name + " missing"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestLines reads a line of each length about the bound, with and without an end.
func TestLines(t *testing.T) {
	long := strings.Repeat("x", input.MaxLine)
	for text, want := range map[string][]string{
		"":                         nil,
		"a\n\nb":                   {"a\n", "\n", "b"},
		long + "\nb\n":             {long + "\n", "b\n"},
		long + "x\nb":              {"too long", "b"},
		long + long + long:         {"too long"},
		"a\n" + long + long + "\n": {"a\n", "too long"},
	} {
		var got []string
		lines := input.NewLines(strings.NewReader(text))
		for {
			line, whole, err := lines.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !whole {
				line = []byte("too long")
			}
			got = append(got, string(line))
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%.20q of %d bytes: %d lines, want %d", text, len(text), len(got), len(want))
		}
	}
}

func TestTime(t *testing.T) {
	for _, s := range []string{"2026-01-02T04:00:00Z", "2026-01-02T12:00:00+08:00", "2026-01-02T12:00:00+0800", "2026-01-02T12:00:00+08", "2026-01-02T04:00:00"} {
		if at, err := input.Time(s); err != nil || at.Unix() != 1767326400 {
			t.Errorf("%s: %v %v", s, at, err)
		}
	}
	for _, s := range []string{"", "noon", "2026-01-02", "2026-13-02T04:00:00Z"} {
		if _, err := input.Time(s); err == nil {
			t.Errorf("%q is a time", s)
		}
	}
}
