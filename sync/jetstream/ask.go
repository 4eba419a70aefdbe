package jetstream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// Ask sends a request once and waits for the first answer, which is anybody's until its
// signature is checked. It fails at once if nobody listens there.
func (l *Link) Ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	m, err := l.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: subject, Data: data})
	if err != nil {
		return nil, fmt.Errorf("jetstream: request: %w", err)
	}
	return m.Data, nil
}

// Say sends something that may get lost to "<what>.<device>".
func (l *Link) Say(what string, data []byte) error {
	if err := l.nc.Publish(what+"."+l.o.Device, data); err != nil {
		return fmt.Errorf("jetstream: publish: %w", err)
	}
	return nil
}
