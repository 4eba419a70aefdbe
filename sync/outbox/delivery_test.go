package outbox_test

import (
	"errors"
	"fmt"
	"testing"

	"example.org/checkpoint/sync/outbox"
)

// TestCentreKilled: kill -9 again and again while events come; nothing is lost, nothing doubled,
// and what was overheard can be sent again without effect.
func TestCentreKilled(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	d.run(w.natsPort)
	for range 3 {
		d.append(40)
		w.kill()
		d.append(40)
		w.start()
	}
	d.stop() // the device too: cursors in memory are gone
	d.append(40)
	d.run(w.natsPort)
	d.delivered()
	n := d.j.Stats().Seq
	w.exactly(n)
	if s := d.out.State(); s.Fault != nil || s.Seq != n || s.Accepted.IsZero() {
		t.Errorf("%+v", s)
	}

	before := w.counts()
	for i, batch := range d.link.sent {
		if err := d.link.Link.Publish(t.Context(), fmt.Sprintf("replay/%d", i), batch); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "doubles", func() bool { return w.counts().Doubles > before.Doubles })
	w.exactly(n)
}

// TestNotEnrolled: until the administrator approves the device nothing is stored as its, and nothing is deleted.
func TestNotEnrolled(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.append(3)
	d.run(w.natsPort)
	eventually(t, "not confirmed", func() bool { return errors.Is(d.out.State().Fault, outbox.ErrNoMark) })
	if s := d.j.Stats(); s.Unsynced != 4 || len(w.counts().Events) != 0 {
		t.Fatalf("%+v, %+v", s, w.counts())
	}
	d.enrol()
	d.delivered()
	w.exactly(4)
}

// BenchmarkDelivery is a backlog going to the centre: journal, batches of 200, signature, stream, sink, mark.
func BenchmarkDelivery(b *testing.B) {
	w := newWorld(b)
	d := newDevice(b, w)
	d.enrol()
	d.append(2000)
	n := d.j.Stats().Unsynced
	b.ResetTimer()
	d.run(w.natsPort)
	for b.Loop() {
		d.delivered()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
