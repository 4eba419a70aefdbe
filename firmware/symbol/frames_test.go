package symbol

import (
	"context"
	"encoding/json"
	"image"
	"image/draw"
	_ "image/jpeg"
	_ "image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shared is the folder of reference data.
func shared(t testing.TB) string {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		wd, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for ; wd != "/"; wd = filepath.Dir(wd) {
			if _, err := os.Stat(filepath.Join(wd, "go.mod")); err == nil {
				break
			}
		}
		dir = filepath.Join(wd, "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "frames")); err != nil {
		t.Fatalf("no reference pictures in %s: run `make deps` or set CHECKPOINT_SHARED", dir)
	}
	return dir
}

func load(t testing.TB, path string) *image.Gray {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(path, err)
	}
	if g, ok := img.(*image.Gray); ok {
		return g
	}
	g := image.NewGray(img.Bounds())
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(g, g.Rect, img, g.Rect.Min, draw.Over)
	return g
}

// truth is what is known of a picture; texts is null where nobody knows.
type truth struct {
	Texts []string `json:"texts"`
	Cat   string   `json:"cat"`
}

func truths(t testing.TB, set string) map[string]truth {
	raw, err := os.ReadFile(filepath.Join(shared(t), "frames", set, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]truth
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// plain is a text without the differences that ORIGIN.md allows.
func plain(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
}

func (tr truth) has(text string) bool {
	return slices.ContainsFunc(tr.Texts, func(s string) bool { return plain(s) == plain(text) })
}

// unlisted reports whether a text of a photo whose list is known to be incomplete is one that
// other photos of the set show, or that was seen to be in the photo.
func unlisted(all map[string]truth, text string) bool {
	for _, tr := range all {
		if tr.has(text) {
			return true
		}
	}
	return text == "https://www.instagram.com/lethmik/" // beside the listed one in nominal_image001
}

// TestFrames reads every set of pictures. The floors are what was measured; gozxing as it comes
// reads of the whole sets, of which these are three fifths: zxing 88 %, zxingcpp 47 %, dcc 100 %,
// boofcv 29 %, synth 37 %.
func TestFrames(t *testing.T) {
	for set, floor := range map[string]struct{ glance, thorough int }{
		"zxing":     {100, 103}, // of 106
		"zxingcpp":  {29, 31},   // of 31
		"dcc":       {46, 46},   // of 46
		"boofcv":    {75, 103},  // of 108
		"synth":     {96, 102},  // of 107, and 23 empty ones
		"negatives": {0, 0},     // of 0
	} {
		t.Run(set, func(t *testing.T) {
			var r Reader
			glance, thorough, positives := 0, 0, 0
			cats := map[string][3]int{}
			all := truths(t, set)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				tr := all[name]
				img := load(t, filepath.Join(shared(t), "frames", set, name))
				read := func(b Budget) bool {
					symbols, err := r.Read(context.Background(), img, b)
					if err != nil {
						t.Fatal(name, err)
					}
					if !within(r.Spent(), b) {
						t.Errorf("%s: spent %+v of %+v", name, r.Spent(), b)
					}
					ok := false
					for _, s := range symbols {
						if tr.has(s.Text) {
							ok = true
						} else if tr.Texts != nil && !(set == "boofcv" && unlisted(all, s.Text)) {
							t.Errorf("%s: false read %q", name, s.Text)
						}
					}
					return ok
				}
				c := cats[tr.Cat]
				if len(tr.Texts) > 0 {
					positives++
					c[2]++
				}
				if read(Glance()) {
					glance++
					c[0]++
				}
				if read(Thorough()) {
					thorough++
					c[1]++
				} else if len(tr.Texts) > 0 {
					t.Log("unread", name, r.Spent(), len(r.search.Patterns))
				}
				cats[tr.Cat] = c
			}
			t.Logf("%s: glance %d, thorough %d, of %d with a known text; %v", set, glance, thorough, positives, cats)
			if glance < floor.glance || thorough < floor.thorough {
				t.Errorf("%s: fewer than %+v", set, floor)
			}
		})
	}
}
