package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/outbox"
	"example.org/checkpoint/sync/sign1"
)

// tap is a link that remembers what went through.
type tap struct {
	*jetstream.Link
	mu   sync.Mutex
	sent [][]byte
}

func (l *tap) Publish(ctx context.Context, id string, batch []byte) error {
	l.mu.Lock()
	l.sent = append(l.sent, batch)
	l.mu.Unlock()
	return l.Link.Publish(ctx, id, batch)
}

type device struct {
	t    testing.TB
	w    *world
	dir  string
	j    *journal.Journal
	key  *enrol.Key
	link *tap
	out  *outbox.Outbox
	stop func()

	patience time.Duration // of the outbox
}

// newDevice makes a device that is not enrolled yet.
func newDevice(t testing.TB, w *world) *device {
	d := &device{t: t, w: w, dir: t.TempDir(), patience: 300 * time.Millisecond}
	var err error
	if d.key, _, err = enrol.Load(d.dir); err != nil {
		t.Fatal(err)
	}
	if d.j, err = journal.Open(d.dir, journal.Options{Device: "g1", Site: "LW"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.j.Close() })
	return d
}

func (d *device) enrol() {
	card, err := d.key.Card("g1", "LW")
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := json.Marshal(card)
	if err == nil {
		err = os.WriteFile(filepath.Join(d.w.dir, "registry", "g1.json"), text, 0o600)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// run starts the outbox on a line to the given port.
func (d *device) run(port int) {
	body, err := d.w.get("/keys")
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		d.t.Fatal(err)
	}
	dated, err := sign1.ReadKeys(text, "mark")
	if err != nil {
		d.t.Fatal(err)
	}
	keys := dated.At(time.Now())
	log := slog.New(slog.DiscardHandler)
	link, err := jetstream.Open(jetstream.Options{URL: fmt.Sprintf("nats://127.0.0.1:%d", port), Device: "g1", Log: log, Pause: 60 * time.Millisecond})
	if err != nil {
		d.t.Fatal(err)
	}
	d.link = &tap{Link: link}
	d.out = outbox.New(d.j, d.link, outbox.Options{Device: "g1", Sign: d.key.Sign, MarkKeys: func() sign1.Keys { return keys }, Patience: d.patience, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.out.Run(ctx) }() // ended by stop
	stopped := false
	d.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			d.t.Errorf("Run: %v", err)
		}
		link.Close()
	}
	d.t.Cleanup(d.stop)
}

func (d *device) append(n int) {
	d.t.Helper()
	for range n {
		if err := d.j.Append(event.Event{At: time.Now(), Kind: event.Condition, Note: map[string]string{"code": "test"}}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *device) delivered() {
	d.t.Helper()
	eventually(d.t, "delivered", func() bool { return d.j.Stats().Unsynced == 0 })
}
