package sight

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"log/slog"
	"testing"
	"time"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/simulators/camera"
)

// BenchmarkPresentations has people hold up hard codes for twelve frames at 15 a second and reports
// how many of a hundred went away unread, and when the others were read, from their first frame:
// with a glance at each frame, with full effort on the lane's path when a glance sees something, and
// with the eyes that a lane has. Use -benchtime 24x.
func BenchmarkPresentations(b *testing.B) {
	glance := func(full bool) func(context.Context, *film, func([][]byte, time.Time)) {
		return func(ctx context.Context, f *film, see func([][]byte, time.Time)) {
			var r symbol.Reader
			for {
				img, at, err := f.Next(ctx)
				if err != nil {
					return
				}
				s, err := r.Read(ctx, img, symbol.Glance())
				if err == nil && len(s) == 0 && full && r.Spent().Triples > 0 {
					s, _ = r.Read(ctx, img, symbol.Thorough())
				}
				if len(s) > 0 {
					see([][]byte{[]byte(s[0].Text)}, at)
				}
			}
		}
	}
	looks := []struct {
		name string
		look func(context.Context, *film, func([][]byte, time.Time))
	}{
		{"glance", glance(false)},
		{"in the loop", glance(true)},
		{"eyes", func(ctx context.Context, f *film, see func([][]byte, time.Time)) {
			e := &Eyes{camera: f, see: see, guide: func(context.Context, lane.Hint) {}, log: slog.New(slog.DiscardHandler),
				hard: make(chan view, 1), found: make(chan []symbol.Symbol, 1)}
			ctx, stop := context.WithCancel(ctx)
			done := make(chan bool)
			go func() { e.study(ctx); done <- true }() // ends with stop
			e.look(ctx)
			stop()
			<-done
		}},
	}
	for _, l := range looks {
		b.Run(l.name, func(b *testing.B) {
			unread, n := 0, 0
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				h := camera.NewHard(uint64(1000 + n))
				f := &film{last: -1}
				for i := range camera.HardFrames {
					img, err := jpeg.Decode(bytes.NewReader(h.JPEG(i)))
					if err != nil {
						b.Fatal(err)
					}
					f.frames = append(f.frames, img.(*image.Gray))
				}
				b.StartTimer()
				f.began = time.Now()
				read := make(chan time.Duration, 1)
				l.look(b.Context(), f, func(texts [][]byte, _ time.Time) {
					for _, text := range texts {
						if string(text) != h.Text {
							b.Errorf("false read %q", text)
						}
						select {
						case read <- time.Since(f.began):
						default:
						}
					}
				})
				n++
				select {
				case t := <-read:
					took += t
				default:
					unread++
				}
			}
			b.ReportMetric(100*float64(unread)/float64(n), "unread-%")
			b.ReportMetric(float64(took.Milliseconds())/float64(max(n-unread, 1)), "to-read-ms")
		})
	}
}
