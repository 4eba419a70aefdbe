package centre

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// consume takes batches from the stream until ctx ends. The order is: commit, mark,
// acknowledge; whatever is cut off in between comes again and is recognised.
func (c *Centre) consume(ctx context.Context, js jetstream.JetStream, from jetstream.Consumer) error {
	for ctx.Err() == nil {
		messages, err := from.Messages(jetstream.PullMaxMessages(32))
		if err != nil {
			c.o.Log.Warn("sink: cannot read the stream", "err", err)
			pause(ctx, time.Second)
			continue
		}
		stop := context.AfterFunc(ctx, messages.Stop)
		for {
			m, err := messages.Next()
			if err != nil {
				break // stopped, or to be opened again
			}
			c.take(ctx, js, m)
		}
		stop()
		messages.Stop()
		pause(ctx, 50*time.Millisecond)
	}
	return ctx.Err()
}

func (c *Centre) take(ctx context.Context, js jetstream.JetStream, m jetstream.Msg) {
	switch kind, _, _ := strings.Cut(m.Subject(), "."); kind {
	case "cp":
		c.witness(m)
	case "lr":
		c.takeBack(m)
	default:
		c.takeBatch(ctx, js, m)
	}
}

// refuse puts what is not believed into quarantine.
func (c *Centre) refuse(m jetstream.Msg, why error) {
	fresh, err := c.store.refuse(m.Subject(), m.Data(), why)
	if err != nil {
		c.again(m, err)
		return
	}
	if fresh {
		c.o.Log.Warn("sink: a message went into quarantine", "subject", m.Subject(), "err", why)
	}
	c.settle(m)
}

// takeBack hears how much of a lease a device has spent.
func (c *Centre) takeBack(m jetstream.Msg) {
	name, payload, err := believe(m.Subject(), "lease-return", m.Data(), c.registry.lookup)
	var p struct {
		_             struct{} `cbor:",toarray"`
		V             int
		Device        string
		Epoch         uint64
		Quota, Day    string
		Serial, Spent uint64
	}
	if err == nil && (lenient.Unmarshal(payload, &p) != nil || p.V != 1 || p.Device != name) {
		err = fmt.Errorf("%w: not a lease return of %s", errForm, name)
	}
	if err != nil {
		c.refuse(m, err)
		return
	}
	if err := c.store.returned(fmt.Sprintf("%s/%d", p.Device, p.Epoch), p.Quota, p.Day, p.Serial, p.Spent); err != nil {
		c.again(m, err)
		return
	}
	c.settle(m)
}

func (c *Centre) takeBatch(ctx context.Context, js jetstream.JetStream, m jetstream.Msg) {
	b, err := openBatch(m.Subject(), m.Data(), c.registry.lookup)
	if err != nil {
		c.refuse(m, err)
		return
	}
	seq, hash, err := c.store.keep(b)
	if err != nil {
		c.again(m, err)
		return
	}
	if seq > 0 {
		if err := c.mark(ctx, js, b, seq, hash); err != nil {
			c.o.Log.Warn("sink: a mark was not published; the device will ask again", "device", b.device, "err", err)
		}
	}
	c.settle(m)
}

func (c *Centre) mark(ctx context.Context, js jetstream.JetStream, b batch, seq uint64, hash []byte) error {
	signed, err := c.key.mark(b.device, b.epoch, seq, hash)
	if err != nil {
		return err
	}
	_, err = js.Publish(ctx, "mark."+b.device, signed)
	return err
}

// again leaves a message in the stream because the store could not take it.
func (c *Centre) again(m jetstream.Msg, why error) {
	c.o.Log.Error("sink: the store refuses; the batch stays in the stream", "err", why)
	if err := m.NakWithDelay(2 * time.Second); err != nil {
		c.o.Log.Warn("sink: not acknowledged", "err", err)
	}
}

func (c *Centre) settle(m jetstream.Msg) {
	if err := m.Ack(); err != nil {
		c.o.Log.Warn("sink: not acknowledged", "err", err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
