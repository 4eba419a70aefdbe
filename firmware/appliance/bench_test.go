package appliance

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"log/slog"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/firmware/controller"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/issuer"
)

// barrier takes the time at which it is told to open.
type barrier struct{ released chan time.Time }

func (b barrier) Release(context.Context) error { b.released <- time.Now(); return nil }
func (b barrier) Secure(context.Context) error  { return nil }

// BenchmarkFrameToRelease takes the time from a 720p frame with a fresh code being
// handed over to the order to open the gate: reading, judging and the durable claim
// included, camera and board not. It reports the median and the 99th percentile.
func BenchmarkFrameToRelease(b *testing.B) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	rules, err := policy.Shipped.ReadFile("profiles/hk-border-departure.json")
	if err != nil {
		b.Fatal(err)
	}
	snapshot, err := inspection.New(map[string]inspection.File{
		"trust/HK.json":                   {Data: hk.TrustFile(), Changed: time.Now()},
		"policy/hk-border-departure.json": {Data: rules, Changed: time.Now()},
	}, "1", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	j, err := journal.Open(b.TempDir(), journal.Options{Device: "bench", Site: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	gate, reports := barrier{make(chan time.Time, 1)}, make(chan lane.Input)
	nothing := func(lane.View) {}
	c := controller.New(controller.Devices{Barrier: gate, Journal: j.Lane("1"), Display: nothing, Lamp: nothing, Log: slog.New(slog.DiscardHandler),
		Clock:   func() inspection.Clock { return inspection.Clock{Confidence: "trusted"} },
		Reports: reports, Place: inspection.Lane{Name: "1", Kind: "border", Direction: "out", Profile: "gate", Policy: "hk-border-departure"}})
	c.Use(snapshot.Inspect)
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { // ends with stop
		done <- c.Run(ctx, lane.Lane{Timing: lane.Timing{Judge: 2 * time.Second, Enter: 8 * time.Second, Leave: 30 * time.Second, Show: time.Millisecond}})
	}()
	reports <- lane.AlarmCleared{}
	reports <- lane.Clear{}
	reports <- lane.OpenLane{}
	var reader symbol.Reader
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		frame := held(b, hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, Profile: "gate", AgeBand: 3, From: time.Now().Add(-time.Minute)}))
		for c.State().State != lane.Ready {
			time.Sleep(100 * time.Microsecond)
		}
		b.StartTimer()
		began := time.Now()
		symbols, err := reader.Read(ctx, frame, symbol.Glance())
		if err != nil || len(symbols) != 1 {
			b.Fatalf("%d symbols, %v", len(symbols), err)
		}
		c.See([][]byte{[]byte(symbols[0].Text)}, time.Now())
		took = append(took, (<-gate.released).Sub(began))
		b.StopTimer()
		for _, in := range []lane.Input{lane.Entered{}, lane.Reached{}, lane.EntryWhole{}, lane.Left{}, lane.Clear{}} {
			reports <- in
		}
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	stop()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// held is a grey frame of a camera in front of which a code is held.
func held(b *testing.B, text string) *image.Gray {
	b.Helper()
	scene := camera.New(camera.Options{Seed: 3})
	if err := scene.Hold(camera.Card{Text: text, Turn: 8, TiltX: 8, Blur: 0.6}); err != nil {
		b.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(scene.JPEG(0)))
	if err != nil {
		b.Fatal(err)
	}
	grey := image.NewGray(img.Bounds())
	draw.Draw(grey, grey.Rect, img, image.Point{}, draw.Src)
	return grey
}
