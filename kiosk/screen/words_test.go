package screen

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// TestWhyTellsOrigin: staff are told which code it was, what its colour means and who applied
// for it, who made it red, and what the rules alone had found (R06, R74, R78).
func TestWhyTellsOrigin(t *testing.T) {
	b := newBoard(Status{Lanes: []LaneStatus{{Number: "1", View: lane.View{Screen: lane.ScreenRefer}, Said: verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.Stale, Ruled: verdict.Satisfied,
		SetBy: "GZ, CDC", Scheme: "GZ", Format: "HCT1", Meaning: "low-risk-proxy", Provenance: "relative", Measured: "3 d", Language: "ja"}}}}, phrases.English, Options{})
	want := []string{"Measured 3 d", "The rules alone: Requirements met", "Red set by GZ, CDC", "Code: GZ HCT1", "Means: low risk, applied for by another", "Applied for by: a relative or guardian"}
	if got := b.Urgent[0].Facts; !slices.Equal(got, want) {
		t.Errorf("staff are told %q", got)
	}
}

// TestLabelsAreUsed ties the templates to the table, both ways.
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
			if _, ok := phrases.Labels[m[1]]; !ok {
				t.Errorf("%s asks for the label %q, which is not there", n, m[1])
			}
		}
	}
	for _, k := range []string{"measured", "threshold", "rule", "ruled", "setby", "read", "means", "applied", "never", "now", "minutes", "hours", "days", "draft", "given", "officer", "supervisor", "papers", "missing", "key",
		"everywhere", "order", "from", "overdue", "held", "agrees", "twice", "also", "claimed", "alone"} { // asked for in board.go and orders.go
		used[k] = true
	}
	for k := range phrases.Labels {
		if !used[k] {
			t.Errorf("the label %q is used nowhere", k)
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
