package device

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Line is a connection to a centre that lets everybody in, and says there whatever it is told
// to, also what no device may.
type Line struct{ nc *nats.Conn }

// Dial connects. The line mends itself for as long as it is open.
func Dial(url, name string) (*Line, error) {
	nc, err := nats.Connect(url, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ReconnectWait(200*time.Millisecond),
		nats.ReconnectJitter(time.Second, time.Second), nats.Timeout(30*time.Second), nats.PingInterval(2*time.Minute),
		nats.WriteBufferSize(4<<10), nats.CustomInboxPrefix("_INBOX_"+name))
	if err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	return &Line{nc}, nil
}

// Listen tells take what comes on the subjects, one after the other, until the line is closed.
func (l *Line) Listen(take func(subject string, data []byte), subjects ...string) error {
	in := make(chan *nats.Msg, 64)
	for _, subject := range subjects {
		if _, err := l.nc.ChanSubscribe(subject, in); err != nil {
			return fmt.Errorf("device: %w", err)
		}
	}
	closed := l.nc.StatusChanged(nats.CLOSED)
	go func() { // ends with Close
		for {
			select {
			case m := <-in:
				take(m.Subject, m.Data)
			case <-closed:
				return
			}
		}
	}()
	if err := l.nc.FlushTimeout(30 * time.Second); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	return nil
}

// Say publishes and waits for nothing.
func (l *Line) Say(subject string, data []byte) error {
	if err := l.nc.Publish(subject, data); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	return l.nc.FlushTimeout(10 * time.Second)
}

// Store publishes and waits until a stream says that it has stored it. The stream drops a
// second message with the same id; "" = none.
func (l *Line) Store(ctx context.Context, subject, id string, data []byte, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m := nats.NewMsg(subject)
	m.Data = data
	if id != "" {
		m.Header.Set("Nats-Msg-Id", id)
	}
	answer, err := l.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	var stored struct {
		Stream string
		Error  *struct{ Description string }
	}
	if err := json.Unmarshal(answer.Data, &stored); err != nil || stored.Error != nil || stored.Stream == "" {
		return fmt.Errorf("device: %s is not stored: %s", subject, answer.Data)
	}
	return nil
}

// Close ends the line.
func (l *Line) Close() { l.nc.Close() }
