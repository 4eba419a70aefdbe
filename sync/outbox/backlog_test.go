package outbox_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
)

// backlog is how many events wait after about a month without a line at a busy gate.
const backlog = 1_000_000

var backlogOptions = journal.Options{Device: "g1", Site: "LW", MaxSize: 4 << 30}

// makeBacklog writes a journal of so many events, each of the size of a verdict at a border, in
// RAM, where a synced write costs nothing, and moves it to a folder on the disk.
func makeBacklog(b *testing.B, dir string) {
	b.Helper()
	ram, err := os.MkdirTemp("/dev/shm", "checkpoint-backlog-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(ram)
	j, err := journal.Open(ram, backlogOptions)
	if err != nil {
		b.Fatal(err)
	}
	lane := j.Lane("1")
	for n := j.Stats().Seq; n < backlog; n++ {
		e := event.Event{At: time.Now(), Kind: event.Presented, Presentation: n}
		v := &e.Verdict
		v.Rule, v.Cite, v.Format, v.Scheme, v.Confidence = "green-today", "R05: on the day of issue in Hong Kong time", "HCE1", "HK", "trusted"
		v.Measured, v.Threshold = "issued today at 08:00 in Hong Kong, colour green, holder proof 3 s old", "the day of issue; 30 s"
		if err := lane.Append(e); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	copyFiles(b, ram, dir)
}

// BenchmarkBacklog starts with a million events that the centre does not have, and brings them
// there: stored, marked, and deleted here. It takes minutes.
func BenchmarkBacklog(b *testing.B) {
	dir := b.TempDir()
	makeBacklog(b, dir)
	for b.Loop() {
		w := newWorld(b)
		d := newDevice(b, w)
		if err := d.j.Close(); err != nil {
			b.Fatal(err)
		}
		copyFiles(b, dir, d.dir)
		began := time.Now()
		var err error
		if d.j, err = journal.Open(d.dir, backlogOptions); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-start")
		b.Cleanup(func() { d.j.Close() })
		d.enrol()
		d.patience = 0 // as in the field
		began = time.Now()
		d.run(w.natsPort)
		for end := began.Add(20 * time.Minute); d.j.Stats().Unsynced > 0; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				b.Fatalf("%d events are left: %v", d.j.Stats().Unsynced, d.out.State().Fault)
			}
		}
		took := time.Since(began)
		d.stop()
		sent := 0
		for _, batch := range d.link.sent {
			sent += len(batch)
		}
		sink, err := os.Stat(filepath.Join(w.dir, "sink.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(backlog/took.Seconds(), "events/s")
		b.ReportMetric(float64(sent)/backlog, "B-wire/event")
		b.ReportMetric(float64(sink.Size())/backlog, "B-sink/event")
		c := w.counts()
		if b.ReportMetric(float64(c.Doubles), "sent-twice"); c.Conflicts+c.Broken+c.Gaps+c.Quarantined > 0 || c.Events["presented"] != backlog-1 {
			b.Errorf("%+v", c)
		}
		w.kill()
	}
}
