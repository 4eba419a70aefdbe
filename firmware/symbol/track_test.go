package symbol

import (
	"context"
	"image"
	"slices"
	"testing"
)

// TestTracker moves a code through frames, takes it away, and shows another elsewhere.
func TestTracker(t *testing.T) {
	var tr Tracker
	read := func(img *image.Gray, b Budget) (texts []string) {
		t.Helper()
		symbols, err := tr.Read(context.Background(), img, b)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			texts = append(texts, s.Text)
		}
		slices.Sort(texts)
		return texts
	}
	frame := func(x, y int) *image.Gray {
		img := grey(1280, 720, 128)
		paint(t, img, sample, x, y, 4, false, upright)
		return img
	}
	elsewhere := 0
	for i := range 20 {
		if got := read(frame(200+12*i, 100+6*i), Glance()); !slices.Equal(got, []string{sample}) {
			t.Fatalf("frame %d: %q", i, got)
		}
		if tr.whole {
			elsewhere++
		}
	}
	if elsewhere != 3 { // the first, and after every six
		t.Errorf("looked at %d whole frames of 20", elsewhere)
	}
	if got := read(frame(900, 20), Glance()); !slices.Equal(got, []string{sample}) || !tr.whole {
		t.Errorf("jumped away: %q", got)
	}
	both := frame(900, 20)
	paint(t, both, "ANOTHER", 100, 300, 5, false, upright)
	seen := 0
	for range mostNear + 1 {
		if slices.Equal(read(both, Glance()), []string{"ANOTHER", sample}) {
			seen++
		}
	}
	if seen == 0 {
		t.Error("a second code was not noticed")
	}
	if got := read(grey(1280, 720, 128), Glance()); got != nil || tr.Promising() || tr.near != (image.Rectangle{}) {
		t.Errorf("nothing there: %q", got)
	}
	// The frame may change its size.
	if got := read(frame(200, 100).SubImage(image.Rect(180, 90, 500, 400)).(*image.Gray), Glance()); !slices.Equal(got, []string{sample}) {
		t.Errorf("%q", got)
	}
	// Around where a code was more effort is made than the budget says.
	tr.Found([]Symbol{{Corners: [4]image.Point{{210, 110}, {370, 110}, {370, 270}, {210, 270}}}})
	if got := read(frame(200, 100), Budget{}); !slices.Equal(got, []string{sample}) {
		t.Errorf("%q", got)
	}
}

func TestChoose(t *testing.T) {
	at := func(text string, x, y, side int) Symbol {
		return Symbol{Text: text, Corners: [4]image.Point{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}}}
	}
	frame := image.Rect(0, 0, 1280, 720)
	for _, tt := range []struct {
		what   string
		shown  []Symbol
		before []string
		want   []string
	}{
		{"one", []Symbol{at("a", 0, 0, 100)}, nil, []string{"a"}},
		{"somebody behind", []Symbol{at("behind", 600, 300, 90), at("front", 50, 50, 200)}, nil, []string{"front"}},
		{"the larger", []Symbol{at("small", 600, 300, 120), at("large", 50, 50, 200)}, nil, []string{"large", "small"}},
		{"the nearer of two alike", []Symbol{at("side", 50, 50, 200), at("middle", 560, 270, 195)}, nil, []string{"middle", "side"}},
		{"the new one first", []Symbol{at("old", 560, 270, 200), at("new", 50, 50, 150)}, []string{"old"}, []string{"new", "old"}},
		{"none", nil, []string{"old"}, nil},
	} {
		var got []string
		for _, s := range Choose(tt.shown, frame, tt.before) {
			got = append(got, s.Text)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q", tt.what, got)
		}
	}
}
