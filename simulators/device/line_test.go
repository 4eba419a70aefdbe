package device

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
	"github.com/nats-io/nats.go"
)

// TestRefused: what a stream has no room for comes again as it was, under the same id, so that
// nothing is stored twice; a late answer to an earlier question answers no other.
func TestRefused(t *testing.T) {
	hub, err := centre.NewHub(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hub.Close)
	nc, err := nats.Connect(hub.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	const stored, refused = `{"stream":"EV","seq":1}`, `{"stream":"EV","seq":0,"error":{"code":429,"description":"too many requests"}}`
	came := make(chan *nats.Msg, 4)
	last := "" // where the question before is answered
	_, err = nc.Subscribe("ev.sim-2", func(m *nats.Msg) {
		came <- m
		if last == "" {
			m.Respond([]byte(refused))
		} else {
			nc.Publish(last, []byte(refused))
			m.Respond([]byte(stored))
		}
		last = m.Reply
	})
	if err := errors.Join(err, nc.Flush()); err != nil {
		t.Fatal(err)
	}

	d, err := New("sim-2", "LW")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ReadKeys([]byte(`{}`))
	if err == nil {
		err = d.Connect(hub.URL(), keys, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	d.Record(3, time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Send(ctx, time.Minute) }() // waited for below; nobody marks what came
	first, second := <-came, <-came
	if id := first.Header.Get("Nats-Msg-Id"); id == "" || id != second.Header.Get("Nats-Msg-Id") || !slices.Equal(first.Data, second.Data) {
		t.Errorf("%q came, then %q", first.Header, second.Header)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || d.Waiting() != 3 || len(came) > 0 {
		t.Errorf("%v, %d events wait, %d batches came besides", err, d.Waiting(), len(came))
	}
	if err := d.line.Store(t.Context(), "ev.sim-2", "", nil, time.Minute); err != nil { // refused was what came before
		t.Error(err)
	}
}

// TestSpread: who is refused again and again comes back later each time, and not with the others.
func TestSpread(t *testing.T) {
	for n, least := range map[int]time.Duration{1: 250 * time.Millisecond, 3: time.Second, 7: 15 * time.Second, 1000: 15 * time.Second} {
		if d := spread(n); d < least || d > least*3/2 {
			t.Errorf("after %d refusals: %v", n, d)
		}
	}
}
