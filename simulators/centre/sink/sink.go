// Package sink keeps every event that devices sign, once, and marks what it has kept.
//
// It may be killed at any moment: an event counts once its transaction is on disk, the mark goes
// out after that, and what was not marked comes again.
package sink

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/centre/orders"
	"example.org/checkpoint/simulators/centre/registry"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Sink takes what comes into the stream to the store.
type Sink struct {
	Store    *Store
	Registry *registry.Registry
	Key      *keys.Key // of marks
	Log      *slog.Logger
}

// What waits is stored together: so many messages of so many bytes in one transaction.
const (
	maxGroup      = 64
	maxGroupBytes = 16 << 20
)

// Run takes what comes into the stream until ctx ends. The order is: commit, mark,
// acknowledge; whatever is cut off in between comes again and is recognised.
func (s *Sink) Run(ctx context.Context, nc *nats.Conn, from jetstream.Consumer) error {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(2*maxGroup), jetstream.WithPublishAsyncTimeout(10*time.Second),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, m *nats.Msg, err error) { s.unmarked(m.Subject, err) }))
	if err != nil {
		return err
	}
	words := make(chan word, maxGroup)
	go s.read(ctx, from, words) // ends with ctx, and closes words
	for w := range words {
		group, size := []word{w}, len(w.m.Data())
		for len(group) < maxGroup && size < maxGroupBytes && len(words) > 0 {
			if w, ok := <-words; ok {
				group, size = append(group, w), size+len(w.m.Data())
			}
		}
		s.take(ctx, js, group)
	}
	return ctx.Err()
}

// word is one message, read.
type word struct {
	m      jetstream.Msg
	store  func(*session) error // what it changes
	marked *mark                // what a batch is answered with, once it is stored
}

// mark says up to where a device's events are stored.
type mark struct {
	device     string
	epoch, seq uint64 // seq 0 = nothing to mark yet
	hash       []byte
}

// read reads messages, as they come, while others are being stored.
func (s *Sink) read(ctx context.Context, from jetstream.Consumer, words chan<- word) {
	defer close(words)
	for ctx.Err() == nil {
		messages, err := from.Messages(jetstream.PullMaxMessages(maxGroup))
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
			select {
			case words <- s.open(m, m.Subject(), m.Data()):
			case <-ctx.Done():
			}
		}
		stop()
		messages.Stop()
		pause(ctx, 50*time.Millisecond)
	}
}

// open reads what came on a subject; what is not believed goes into quarantine.
func (s *Sink) open(m jetstream.Msg, subject string, data []byte) word {
	w, err := word{m: m}, error(nil)
	switch kind, _, _ := strings.Cut(subject, "."); kind {
	case "cp":
		w.store, err = s.witness(subject, data)
	case "lr":
		w.store, err = s.takeBack(subject, data)
	default:
		var b batch
		if b, err = openBatch(s.Registry, subject, data); err == nil {
			w.marked = &mark{device: b.device, epoch: b.epoch}
			w.store = func(se *session) (err error) {
				w.marked.seq, w.marked.hash, err = se.keep(b)
				return err
			}
		}
	}
	if err != nil {
		w.store = func(se *session) error {
			fresh, failed := se.refuse(subject, data, err)
			if fresh && failed == nil {
				s.Log.Warn("sink: a message goes into quarantine", "subject", subject, "err", err)
			}
			return failed
		}
	}
	return w
}

// witness reads a device's signed word on what its chain is.
func (s *Sink) witness(subject string, data []byte) (func(*session) error, error) {
	c, err := openCheckpoint(s.Registry, subject, data)
	if err != nil {
		return nil, err
	}
	return func(se *session) error { return se.witness(c, data) }, nil
}

// takeBack reads how much of a lease a device has spent.
func (s *Sink) takeBack(subject string, data []byte) (func(*session) error, error) {
	name, payload, err := s.Registry.Believe(subject, "lease-return", data)
	if err != nil {
		return nil, err
	}
	var p struct {
		_             struct{} `cbor:",toarray"`
		V             int
		Device        string
		Epoch         uint64
		Quota, Day    string
		Serial, Spent uint64
	}
	if registry.Read(payload, &p) != nil || p.V != 1 || p.Device != name || p.Serial == 0 { // nothing was leased under 0
		return nil, fmt.Errorf("%w: not a lease return of %s", registry.ErrForm, name)
	}
	return func(se *session) error {
		return orders.Returned(se.tx, fmt.Sprintf("%s/%d", p.Device, p.Epoch), p.Quota, p.Day, p.Serial, p.Spent)
	}, nil
}

// take stores a group in one transaction, and then answers and acknowledges each. Where one of them
// cannot be stored, each has a transaction of its own: it holds up nobody else's.
func (s *Sink) take(ctx context.Context, js jetstream.JetStream, group []word) {
	err := s.keep(group)
	if err != nil && len(group) > 1 {
		for i := range group {
			s.take(ctx, js, group[i:i+1])
		}
		return
	}
	if err != nil {
		s.Log.Error("sink: the store refuses; what came stays in the stream", "err", err)
	}
	if err == nil {
		s.mark(ctx, js, group)
	}
	for _, w := range group {
		said := w.m.Ack
		if err != nil {
			said = func() error { return w.m.NakWithDelay(2 * time.Second) }
		}
		if err := said(); err != nil {
			s.Log.Warn("sink: not acknowledged", "err", err)
		}
	}
}

// keep stores a group in one transaction.
func (s *Sink) keep(group []word) error {
	return s.Store.commit(func(se *session) error {
		for _, w := range group {
			if err := w.store(se); err != nil {
				return err
			}
		}
		return nil
	})
}

// mark tells devices what is stored now. The stream keeps the marks of one group while the next is
// being stored.
func (s *Sink) mark(ctx context.Context, js jetstream.JetStream, group []word) {
	select {
	case <-js.PublishAsyncComplete():
	case <-ctx.Done():
	}
	for _, m := range due(group) {
		signed, err := s.Key.State("mark", []any{1, m.device, m.epoch, m.seq, m.hash})
		if err == nil {
			_, err = js.PublishAsync("mark."+m.device, signed)
		}
		if err != nil {
			s.unmarked("mark."+m.device, err)
		}
	}
}

// due are the marks that a group is answered with: of each epoch the last, and an earlier one
// only if it goes further.
func due(group []word) (marks []*mark) {
	told := map[string]uint64{}
	for _, w := range slices.Backward(group) {
		m := w.marked
		if m == nil {
			continue
		}
		if of := string(chain(m.device, m.epoch)); m.seq > told[of] {
			told[of] = m.seq
			marks = append(marks, m)
		}
	}
	return marks
}

func (s *Sink) unmarked(subject string, err error) {
	s.Log.Warn("sink: a mark was not published; the device will ask again", "subject", subject, "err", err)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
