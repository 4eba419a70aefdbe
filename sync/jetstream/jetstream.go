// Package jetstream is the line to the centre: NATS with JetStream. It carries batches up
// and marks, files, orders, leases and hints down, and decides nothing: what it brings is believed only
// for its signature.
//
// The line may be away at any time, at the start too. Nothing is buffered here: what cannot
// be sent now fails now, and waits in the journal.
package jetstream

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/checkpoint/sync/enrol"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Names of the wire, the same at the centre.
const (
	eventStream = "EV"
	markStream  = "MARK"
	orderStream = "ORDER"
	leaseStream = "LEASE"
	pushSubject = "cmd.all"
)

// Options of a line.
type Options struct {
	URL    string      // nats://host:port, tls://…, ws://…, wss://…; several with commas
	Device string      // 1 to 64 letters, digits, - and _
	Pass   *enrol.Pass // of a device that the centre has admitted; nil: it comes in plainly
	Log    *slog.Logger
	Pause  time.Duration // longest wait between tries to connect, spread so that a hall does not come back as one; 0 = 6 s
}

// Link is one line. Its goroutines are those of the NATS client and end with Close.
type Link struct {
	o     Options
	nc    *nats.Conn
	js    jetstream.JetStream
	marks chan []byte
	hints chan struct{}
	words chan []byte
	files atomic.Pointer[files] // once they were found
	pass  atomic.Pointer[enrol.Pass]

	pushing sync.Mutex  // words has one writer at a time
	missed  atomic.Bool // a word was dropped

	mu    sync.Mutex
	state State
}

// State is what health shows. Connected alone says little: see outbox.State.Accepted.
type State struct {
	Connected bool
	Since     time.Time // when the line came up or went down; zero = never up
	Fault     error     // the last thing that went wrong, kept until the line is up again
}

// Open starts a line and returns at once, whether the centre is there or not. An error
// means that the options are wrong.
func Open(o Options) (*Link, error) {
	if o.Device == "" || len(o.Device) > 64 || strings.Trim(o.Device, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return nil, fmt.Errorf("jetstream: device name %q: use 1 to 64 letters, digits, - and _", o.Device)
	}
	if o.Pause == 0 {
		o.Pause = 6 * time.Second
	}
	l := &Link{o: o, marks: make(chan []byte, 8), hints: make(chan struct{}, 1), words: make(chan []byte, 64)}
	nc, err := nats.Connect(o.URL, l.options()...)
	if err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	l.nc = nc
	l.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err == nil {
		_, err = nc.Subscribe("mark."+o.Device, func(m *nats.Msg) { keepNewest(l.marks, m.Data) })
	}
	if err == nil {
		_, err = nc.Subscribe(pushSubject, func(m *nats.Msg) { l.pushed(m.Data) })
	}
	if err == nil {
		_, err = nc.Subscribe("cmd."+o.Device, func(m *nats.Msg) { l.pushed(m.Data) })
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	return l, nil
}

// options undo the defaults under which a device would be lost (SYNC section 1).
func (l *Link) options() []nats.Option {
	var pass []nats.Option
	if p := l.o.Pass; p != nil {
		l.pass.Store(p)
		secure := p.TLS.Clone()
		secure.Certificates = nil
		secure.GetClientCertificate = l.certificate
		pass = []nats.Option{nats.Secure(secure), nats.UserJWT(func() (string, error) { return l.pass.Load().JWT, nil },
			func(nonce []byte) ([]byte, error) { return l.pass.Load().Sign(nonce) })}
	}
	return append(pass,
		nats.Name(l.o.Device),
		nats.RetryOnFailedConnect(true), // booted offline: keep trying instead of failing
		nats.MaxReconnects(-1),          // for ever instead of 60 times
		nats.ReconnectBufSize(-1),       // a publish offline fails instead of waiting in memory
		nats.IgnoreAuthErrorAbort(),     // one wrong push of accounts must not end a fleet
		nats.ReconnectWait(l.o.Pause/6),
		nats.ReconnectJitter(l.o.Pause*5/6, l.o.Pause*5/3), // with TLS twice as long: handshakes are dear
		nats.CustomInboxPrefix("_INBOX_"+l.o.Device),       // answers nobody else may listen to
		nats.PingInterval(20*time.Second),
		nats.Timeout(5*time.Second),
		nats.ConnectHandler(func(*nats.Conn) { l.up(true, nil) }),
		nats.ReconnectHandler(func(*nats.Conn) { l.up(true, nil) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { l.up(false, err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { l.up(false, err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { l.fault(err) }))
}

func (l *Link) up(connected bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if connected != l.state.Connected {
		l.state.Connected, l.state.Since = connected, time.Now()
		l.o.Log.Info("line to the centre", "connected", connected)
	}
	if connected || err != nil {
		l.state.Fault = err
	}
}

// fault notes what the server says out of turn, such as a missing permission, which
// otherwise shows only as a time-out.
func (l *Link) fault(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Fault == nil || l.state.Fault.Error() != err.Error() {
		l.o.Log.Warn("line to the centre", "err", err)
	}
	l.state.Fault = err
}

// State may be called from any goroutine.
func (l *Link) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Renew has the line come in by a renewed pass from the next time on that it connects. It is nothing
// to a line that was opened without one.
func (l *Link) Renew(p *enrol.Pass) { l.pass.Store(p) }

func (l *Link) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	if own := l.pass.Load().TLS.Certificates; len(own) > 0 {
		return &own[0], nil
	}
	return &tls.Certificate{}, nil // has none to show
}

// Close ends the line.
func (l *Link) Close() { l.nc.Close() }

// Publish sends a batch and waits until the stream has stored it. A second one with the
// same id within two minutes is dropped by the stream.
func (l *Link) Publish(ctx context.Context, id string, batch []byte) error {
	_, err := l.js.Publish(ctx, "ev."+l.o.Device, batch,
		jetstream.WithMsgID(id), jetstream.WithExpectStream(eventStream), jetstream.WithRetryAttempts(0))
	if err != nil {
		return fmt.Errorf("jetstream: publish: %w", err)
	}
	return nil
}

// Marks gives the marks for this device as they come; if nobody reads, the newest stay.
func (l *Link) Marks() <-chan []byte { return l.marks }

// LastMark asks for the newest mark, which the centre keeps for each device: one that was
// published while the line was down is not lost. nil, nil = there is none.
func (l *Link) LastMark(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stream, err := l.js.Stream(ctx, markStream)
	if err != nil {
		return nil, fmt.Errorf("jetstream: last mark: %w", err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, "mark."+l.o.Device)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("jetstream: last mark: %w", err)
	}
	return m.Data, nil
}

// Hints wakes when the centre says that there is a new bundle. A hint has no authority: it
// says where to look, not what to believe.
func (l *Link) Hints() <-chan struct{} { return l.hints }

// Words gives orders and leases as the centre gives them, signed; if nobody reads, the newest stay.
func (l *Link) Words() <-chan []byte { return l.words }

// Missed reports, once, that words came faster than they were read, and some were dropped: then
// Standing has them.
func (l *Link) Missed() bool { return l.missed.Swap(false) }

// maxWord bounds an order or a lease in bytes (PROTOCOL part C).
const maxWord = 2 << 10

// pushed takes a hint, which is JSON, or a signed word. Both have callers on several
// goroutines.
func (l *Link) pushed(data []byte) {
	if len(data) == 0 || len(data) > maxWord {
		return
	}
	if data[0] != '{' {
		l.pushing.Lock()
		defer l.pushing.Unlock()
		if keepNewest(l.words, data) {
			l.missed.Store(true)
		}
		return
	}
	var h struct{ Hint string }
	if json.Unmarshal(data, &h) != nil || h.Hint != "bundle" {
		return
	}
	select {
	case l.hints <- struct{}{}:
	default:
	}
}

// maxStanding bounds what is read of one stream, a page at a time.
const (
	maxStanding = 16 << 10
	pageOfWords = 256
)

// Standing asks for every order that stands and every lease of this device, which the
// centre keeps: what was given while the line was down is not lost.
func (l *Link) Standing(ctx context.Context) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	orders, err := l.newest(ctx, orderStream, "order.>")
	if err != nil {
		return nil, fmt.Errorf("jetstream: orders: %w", err)
	}
	leases, err := l.newest(ctx, leaseStream, "lease."+l.o.Device+".>")
	if err != nil {
		return orders, fmt.Errorf("jetstream: leases: %w", err)
	}
	return append(orders, leases...), nil
}

// newest reads the last message of every subject that a filter lets through.
func (l *Link) newest(ctx context.Context, stream, filter string) (all [][]byte, err error) {
	c, err := l.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{FilterSubject: filter, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: 10 * time.Second}) // the centre forgets it by itself
	if err != nil {
		return nil, err
	}
	pending := c.CachedInfo().NumPending
	if pending > maxStanding {
		return nil, fmt.Errorf("%d words stand, more than %d", pending, maxStanding)
	}
	for got := uint64(0); got < pending; {
		batch, err := c.Fetch(int(min(pending-got, pageOfWords)), jetstream.FetchContext(ctx))
		if err != nil {
			return nil, err
		}
		before := got
		for m := range batch.Messages() {
			got++
			if data := m.Data(); len(data) > 0 && len(data) <= maxWord {
				all = append(all, data)
			}
		}
		if err := batch.Error(); err != nil {
			return nil, err
		}
		if got == before { // replaced by newer words meanwhile, which come by themselves
			break
		}
	}
	return all, nil
}

// Tell sends the centre something else that the device signed: a checkpoint on "cp", a lease
// return on "lr". It waits until the stream has stored it.
func (l *Link) Tell(ctx context.Context, what string, signed []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := l.js.Publish(ctx, what+"."+l.o.Device, signed, jetstream.WithExpectStream(eventStream), jetstream.WithRetryAttempts(0)); err != nil {
		return fmt.Errorf("jetstream: publish: %w", err)
	}
	return nil
}

// keepNewest puts data into c, dropping the oldest when c is full, and reports whether it did. It
// has one caller at a time.
func keepNewest(c chan []byte, data []byte) (dropped bool) {
	for {
		select {
		case c <- data:
			return dropped
		default:
		}
		select {
		case <-c:
			dropped = true
		default:
		}
	}
}
