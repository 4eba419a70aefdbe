package sight

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/symbol"
)

// film is a camera that shows pictures at a steady pace, whether anybody looks or not.
type film struct {
	frames []*image.Gray
	began  time.Time
	last   int
}

const pace = 66 * time.Millisecond

func (f *film) Next(ctx context.Context) (*image.Gray, time.Time, error) {
	n := max(int(time.Since(f.began)/pace), f.last+1)
	select {
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	case <-time.After(time.Until(f.began.Add(time.Duration(n) * pace))):
	}
	if n >= len(f.frames) {
		return nil, time.Time{}, context.Canceled
	}
	f.last = n
	return f.frames[n], time.Now(), nil
}

func drawn(t *testing.T, text string, module int) *image.Gray {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 640, 480))
	draw.Draw(img, img.Rect, image.NewUniform(image.White.C), image.Point{}, draw.Src)
	for i := range img.Pix {
		img.Pix[i] = 120
	}
	code, err := symbol.Draw(text, symbol.Drawing{Module: module})
	if err != nil {
		t.Fatal(err)
	}
	draw.Draw(img, code.Rect.Add(image.Pt(200, 120)), code, image.Point{}, draw.Src)
	return img
}

// TestEyes shows a code that a glance cannot read and one that it can: both are told, no frame waits
// for the study of another, and the hard one is followed once it was read.
func TestEyes(t *testing.T) {
	hard := hardPicture(t)
	var want string
	{
		var r symbol.Reader
		if s, _ := r.Read(t.Context(), hard, symbol.Glance()); len(s) != 0 {
			t.Fatal("a glance reads the hard picture")
		}
		s, err := r.Read(t.Context(), hard, symbol.Thorough())
		if err != nil || len(s) != 1 {
			t.Fatal("nobody reads the hard picture", err)
		}
		want = s[0].Text
	}
	synctest.Test(t, func(t *testing.T) {
		f := &film{began: time.Now(), last: -1}
		for range 10 {
			f.frames = append(f.frames, hard)
		}
		easy := drawn(t, "EASY", 4)
		for range 5 {
			f.frames = append(f.frames, easy)
		}
		var mu sync.Mutex
		seen := map[string]int{}
		calls := 0
		e := &Eyes{camera: f, log: slog.New(slog.DiscardHandler), hard: make(chan view, 1), found: make(chan []symbol.Symbol, 1),
			guide: func(context.Context, lane.Hint) {},
			see: func(texts [][]byte, _ time.Time) {
				mu.Lock()
				defer mu.Unlock()
				calls++
				for _, text := range texts {
					seen[string(text)]++
				}
			}}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { e.study(ctx); done <- true }() // ends with stop
		e.look(ctx)
		stop()
		<-done
		if seen[want] < 5 || seen["EASY"] != 5 || calls < 15 {
			t.Errorf("%d calls: hard %d times, easy %d times", calls, seen[want], seen["EASY"])
		}
	})
}

// TestPicturePanics shows a picture whose size is a lie, and one over whose text the lane panics:
// both are skipped, nothing of them is logged, and the next is told.
func TestPicturePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lie := &image.Gray{Rect: image.Rect(0, 0, 640, 480), Stride: 640, Pix: make([]byte, 640)}
		f := &film{began: time.Now(), last: -1, frames: []*image.Gray{lie, drawn(t, "HOSTILE", 4), drawn(t, "EASY", 4)}}
		var log bytes.Buffer
		var seen []string
		e := &Eyes{camera: f, log: slog.New(slog.NewTextHandler(&log, nil)), hard: make(chan view, 1), found: make(chan []symbol.Symbol, 1),
			guide: func(context.Context, lane.Hint) {},
			see: func(texts [][]byte, _ time.Time) {
				for _, text := range texts {
					if string(text) == "HOSTILE" {
						panic(string(text))
					}
					seen = append(seen, string(text))
				}
			}}
		e.look(t.Context())
		e.hard <- view{lie, time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { e.study(ctx); done <- true }() // ends with stop
		synctest.Wait()
		stop()
		<-done
		if !slices.Equal(seen, []string{"EASY"}) {
			t.Errorf("told %q", seen)
		}
		got := log.String()
		if n := strings.Count(got, "reading a picture panicked"); n != 3 || !strings.Contains(got, "firmware/symbol") || strings.Contains(got, "HOSTILE") {
			t.Errorf("%d panics logged: %q", n, got)
		}
	})
}

// TestHints steadies the words of single frames.
func TestHints(t *testing.T) {
	at := time.Unix(1e9, 0)
	var h hints
	var said []string
	show := func(n int, words ...symbol.Guidance) {
		for i := range n {
			at = at.Add(pace)
			var hint lane.Hint
			var say bool
			if h, hint, say = h.take(words[i%len(words)], at); say {
				said = append(said, hint.String())
			}
		}
	}
	show(30, symbol.GuidanceNone)
	show(1, symbol.GuidanceNear) // somebody walks by
	show(10, symbol.GuidanceNone)
	show(8, symbol.GuidanceFar, symbol.GuidanceNone)
	show(24, symbol.GuidanceFar)
	show(12, symbol.GuidanceMoving)
	h = h.read()
	show(1, symbol.GuidanceNone)
	show(20, symbol.GuidanceNone)
	if want := []string{"far", "far", "moving", "none"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
	for g := symbol.GuidanceDark; g <= symbol.GuidanceCovered; g++ {
		if hint, ok := guided[g]; !ok || hint.String() != g.String() {
			t.Errorf("%v has no hint", g)
		}
	}
}

// hardPicture is a photo that only full effort reads.
func hardPicture(t *testing.T) *image.Gray {
	t.Helper()
	shared := os.Getenv("CHECKPOINT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	file := filepath.Join(shared, "frames", "synth", "light_083.jpg")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(fmt.Errorf("%w: set CHECKPOINT_SHARED", err))
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.Gray)
}

// TestStudyComesLate has the study of a frame end when the person who held the code up
// may have made way for the next: nothing is told of it.
func TestStudyComesLate(t *testing.T) {
	now := time.Now()
	code := []symbol.Symbol{{Text: "OLD"}}
	for _, tc := range []struct {
		late time.Duration
		told bool
	}{{0, true}, {current, true}, {current + time.Millisecond, false}} {
		told := false
		e := &Eyes{see: func(texts [][]byte, _ time.Time) { told = told || len(texts) > 0 }}
		blank := image.NewGray(image.Rect(0, 0, 8, 8))
		e.show(nil, view{blank, now.Add(tc.late)}) // the newest glance saw nothing
		e.show(code, view{blank, now})
		if told != tc.told {
			t.Errorf("a study that ends %v late: told %v, want %v", tc.late, told, tc.told)
		}
	}
}

// TestPartsOfTwo shows one half of a text in two symbols, nothing for a while, and the other half:
// those of one person are told as one text, those of two people are not.
func TestPartsOfTwo(t *testing.T) {
	begin := time.Now()
	half := func(i int, text string) []symbol.Symbol {
		return []symbol.Symbol{{Text: text, Bytes: []byte(text), Part: symbol.Part{Index: i, Of: 2, Parity: 'a' ^ 'b'}}}
	}
	for _, tc := range []struct {
		away time.Duration
		told bool
	}{{time.Second, true}, {2100 * time.Millisecond, false}} {
		told := ""
		e := &Eyes{see: func(texts [][]byte, _ time.Time) { told += string(bytes.Join(texts, nil)) }}
		blank := image.NewGray(image.Rect(0, 0, 8, 8))
		e.show(half(0, "a"), view{blank, begin})
		for at := pace; at < tc.away; at += pace {
			e.show(nil, view{blank, begin.Add(at)})
		}
		e.show(half(1, "b"), view{blank, begin.Add(tc.away)})
		if tc.told != (told == "ab") || !tc.told && told != "" {
			t.Errorf("the other half after %v: told %q", tc.away, told)
		}
	}
}
