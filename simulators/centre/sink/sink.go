// Package sink keeps every event that devices sign, once, and marks what it has kept.
//
// It may be killed at any moment: an event counts once its transaction is on disk, the mark goes
// out after that, and what was not marked comes again.
package sink

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/centre/orders"
	"example.org/checkpoint/simulators/centre/registry"
	"github.com/nats-io/nats.go/jetstream"
)

// Sink takes what comes into the stream to the store.
type Sink struct {
	Store    *Store
	Registry *registry.Registry
	Key      *keys.Key    // of marks
	Orders   *orders.Book // hears what was spent of leases
	Log      *slog.Logger
}

// Run takes batches from the stream until ctx ends. The order is: commit, mark,
// acknowledge; whatever is cut off in between comes again and is recognised.
func (s *Sink) Run(ctx context.Context, js jetstream.JetStream, from jetstream.Consumer) error {
	for ctx.Err() == nil {
		messages, err := from.Messages(jetstream.PullMaxMessages(32))
		if err != nil {
			s.Log.Warn("sink: cannot read the stream", "err", err)
			pause(ctx, time.Second)
			continue
		}
		stop := context.AfterFunc(ctx, messages.Stop)
		for {
			m, err := messages.Next()
			if err != nil {
				break // stopped, or to be opened again
			}
			s.take(ctx, js, m)
		}
		stop()
		messages.Stop()
		pause(ctx, 50*time.Millisecond)
	}
	return ctx.Err()
}

func (s *Sink) take(ctx context.Context, js jetstream.JetStream, m jetstream.Msg) {
	switch kind, _, _ := strings.Cut(m.Subject(), "."); kind {
	case "cp":
		s.witness(m)
	case "lr":
		s.takeBack(m)
	default:
		s.takeBatch(ctx, js, m)
	}
}

// refuse puts what is not believed into quarantine.
func (s *Sink) refuse(m jetstream.Msg, why error) {
	fresh, err := s.Store.refuse(m.Subject(), m.Data(), why)
	if err != nil {
		s.again(m, err)
		return
	}
	if fresh {
		s.Log.Warn("sink: a message went into quarantine", "subject", m.Subject(), "err", why)
	}
	s.settle(m)
}

// witness keeps a device's signed word on what its chain is.
func (s *Sink) witness(m jetstream.Msg) {
	name, payload, err := s.Registry.Believe(m.Subject(), "checkpoint", m.Data())
	var p struct {
		_          struct{} `cbor:",toarray"`
		V          int
		Device     string
		Epoch, Seq uint64
		Hash       []byte
	}
	if err == nil && (registry.Read(payload, &p) != nil || p.V != 1 || p.Device != name || p.Seq == 0 || len(p.Hash) != sha256.Size) {
		err = fmt.Errorf("%w: not a checkpoint of %s", registry.ErrForm, name)
	}
	if err != nil {
		s.refuse(m, err)
		return
	}
	if err := s.Store.witness(name, p.Epoch, p.Seq, p.Hash, m.Data()); err != nil {
		s.again(m, err)
		return
	}
	s.settle(m)
}

// takeBack hears how much of a lease a device has spent.
func (s *Sink) takeBack(m jetstream.Msg) {
	name, payload, err := s.Registry.Believe(m.Subject(), "lease-return", m.Data())
	var p struct {
		_             struct{} `cbor:",toarray"`
		V             int
		Device        string
		Epoch         uint64
		Quota, Day    string
		Serial, Spent uint64
	}
	if err == nil && (registry.Read(payload, &p) != nil || p.V != 1 || p.Device != name) {
		err = fmt.Errorf("%w: not a lease return of %s", registry.ErrForm, name)
	}
	if err != nil {
		s.refuse(m, err)
		return
	}
	if err := s.Orders.Returned(fmt.Sprintf("%s/%d", p.Device, p.Epoch), p.Quota, p.Day, p.Serial, p.Spent); err != nil {
		s.again(m, err)
		return
	}
	s.settle(m)
}

func (s *Sink) takeBatch(ctx context.Context, js jetstream.JetStream, m jetstream.Msg) {
	b, err := openBatch(s.Registry, m.Subject(), m.Data())
	if err != nil {
		s.refuse(m, err)
		return
	}
	seq, hash, err := s.Store.keep(b)
	if err != nil {
		s.again(m, err)
		return
	}
	if seq > 0 {
		if err := s.mark(ctx, js, b, seq, hash); err != nil {
			s.Log.Warn("sink: a mark was not published; the device will ask again", "device", b.device, "err", err)
		}
	}
	s.settle(m)
}

func (s *Sink) mark(ctx context.Context, js jetstream.JetStream, b batch, seq uint64, hash []byte) error {
	signed, err := s.Key.State("mark", []any{1, b.device, b.epoch, seq, hash})
	if err != nil {
		return err
	}
	_, err = js.Publish(ctx, "mark."+b.device, signed)
	return err
}

// again leaves a message in the stream because the store could not take it.
func (s *Sink) again(m jetstream.Msg, why error) {
	s.Log.Error("sink: the store refuses; the batch stays in the stream", "err", why)
	if err := m.NakWithDelay(2 * time.Second); err != nil {
		s.Log.Warn("sink: not acknowledged", "err", err)
	}
}

func (s *Sink) settle(m jetstream.Msg) {
	if err := m.Ack(); err != nil {
		s.Log.Warn("sink: not acknowledged", "err", err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
