package device

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"
)

// Line is a connection to a centre that lets everybody in, and says there whatever it is told
// to, also what no device may. Store has one caller at a time.
type Line struct {
	nc      *nats.Conn
	inbox   string // answers come to inbox.<number of the question>
	asked   uint64
	answers chan *nats.Msg
}

// Dial connects. The line mends itself for as long as it is open.
func Dial(url, name string) (*Line, error) {
	nc, err := nats.Connect(url, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ReconnectWait(200*time.Millisecond),
		nats.ReconnectJitter(time.Second, time.Second), nats.Timeout(30*time.Second), nats.PingInterval(2*time.Minute),
		nats.WriteBufferSize(4<<10))
	if err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	// An inbox of the client library has a name that all lines of the process draw from one lock.
	l := &Line{nc: nc, inbox: "_INBOX_" + name + "." + hex.EncodeToString(random(8)), answers: make(chan *nats.Msg, 8)}
	if _, err := nc.ChanSubscribe(l.inbox+".*", l.answers); err != nil {
		nc.Close()
		return nil, fmt.Errorf("device: %w", err)
	}
	return l, nil
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
	l.asked++
	m := nats.NewMsg(subject)
	m.Data, m.Reply = data, fmt.Sprintf("%s.%d", l.inbox, l.asked)
	if id != "" {
		m.Header.Set("Nats-Msg-Id", id)
	}
	select {
	case turns <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("device: %s: %w", subject, ctx.Err())
	}
	err := l.nc.PublishMsg(m)
	<-turns
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("device: %s: %w", subject, ctx.Err())
		case answer := <-l.answers:
			if answer.Subject != m.Reply {
				continue // to a question that was given up
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
	}
}

// turns are for the lines of one process to send by: what comes in for one of them does not wait
// for the processors behind thousands of others that send.
var turns = make(chan struct{}, 2*runtime.GOMAXPROCS(0))

// Close ends the line.
func (l *Line) Close() { l.nc.Close() }
