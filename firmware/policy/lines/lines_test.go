package lines

import (
	"errors"
	"strings"
	"testing"
)

// TestFaults tells at most twelve, each in one line, and how many more there are.
func TestFaults(t *testing.T) {
	var f Faults
	if f.Join() != nil {
		t.Error("no fault is one")
	}
	cause := errors.New("a\nb")
	for range 20 {
		f.Add("%w %s", cause, strings.Repeat("x", 2*MaxFault))
	}
	err := f.Join()
	if all := strings.Split(err.Error(), "\n"); len(all) != 13 || all[12] != "and 8 more" || len(all[0]) > MaxFault || !errors.Is(err, cause) {
		t.Errorf("%d lines, the last %q", len(all), all[len(all)-1])
	}
}

// TestClip cuts between characters and leaves one printable line.
func TestClip(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "a\tb": "a b", "ab碼": "ab", "a\x00\u202eb": "a  b", "abcde": "abcd"} {
		if got := Clip(in, 4); got != want || Phrase(in, 4) != (in == want) {
			t.Errorf("%q: %q", in, got)
		}
	}
}
