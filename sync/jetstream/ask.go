package jetstream

import (
	"context"
	"fmt"
	"strings"

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

// answers is what the subject of an answer to AskPeers begins with, <all but the last token>.to. It lies
// where devices may speak anyway: one that might answer on any subject that is asked for could have itself
// asked, and say anything anywhere.
func answers(subject string) string { return subject[:strings.LastIndexByte(subject, '.')+1] + "to." }

// AskPeers is Ask where other devices listen, with Serve.
func (l *Link) AskPeers(ctx context.Context, subject string, data []byte) ([]byte, error) {
	to := answers(subject) + l.o.Device + "." + nats.NewInbox()[len(nats.InboxPrefix):]
	sub, err := l.nc.SubscribeSync(to)
	if err != nil {
		return nil, fmt.Errorf("jetstream: request: %w", err)
	}
	defer sub.Unsubscribe()
	if err := l.nc.PublishRequest(subject, to, data); err != nil {
		return nil, fmt.Errorf("jetstream: request: %w", err)
	}
	m, err := sub.NextMsgWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("jetstream: request: %w", err)
	}
	return m.Data, nil
}

// Serve answers who asks with AskPeers on a subject, until the line is closed; nil is no answer.
func (l *Link) Serve(subject string, answer func([]byte) []byte) error {
	_, err := l.nc.Subscribe(subject, func(m *nats.Msg) {
		if !strings.HasPrefix(m.Reply, answers(subject)) {
			return
		}
		if data := answer(m.Data); data != nil && m.Respond(data) != nil {
			l.o.Log.Debug("an answer was not sent", "subject", subject)
		}
	})
	if err != nil {
		return fmt.Errorf("jetstream: %w", err)
	}
	return nil
}

// Say sends something that may get lost to "<what>.<device>".
func (l *Link) Say(what string, data []byte) error {
	if err := l.nc.Publish(what+"."+l.o.Device, data); err != nil {
		return fmt.Errorf("jetstream: publish: %w", err)
	}
	return nil
}
