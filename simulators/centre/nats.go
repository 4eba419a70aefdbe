package centre

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What a stream takes in before it is stored. The server answers nothing of that, and hands nothing
// on, until it has stored all: a device waits 10 s for it, and a slow disk syncs 200 messages in a
// second. Who finds no room hears so at once, and comes again.
const (
	maxBuffered     = 1000
	maxBufferedSize = 32 << 20 // bytes
)

// options are those of the embedded server. sync_interval is "always": a stored message is on
// disk before its acknowledgement.
func (c *Centre) options() *server.Options {
	port := c.o.NATSPort
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: "centre", Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, MaxPayload: streams.MaxPayload,
		JetStream: true, StoreDir: filepath.Join(c.o.Dir, "nats"), SyncAlways: true, SyncInterval: 2 * time.Minute,
		StreamMaxBufferedMsgs: maxBuffered, StreamMaxBufferedSize: maxBufferedSize,
	}
	if c.o.WSPort != 0 {
		o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: c.o.WSPort, NoTLS: c.guard == nil}
	}
	if c.guard != nil {
		c.guard.Serve(o)
	}
	return o
}

// startNATS starts the embedded server.
func (c *Centre) startNATS() error {
	s, err := server.NewServer(c.options())
	if err != nil {
		return err
	}
	c.server = s
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		return errors.New("nats-server does not start: is its port taken?")
	}
	return nil
}

// own are the options by which the centre comes to its server, in this process or in a
// cluster that runs without it.
func (c *Centre) own() []nats.Option {
	o := []nats.Option{nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.Name("centre")}
	if c.server != nil {
		o = append(o, nats.InProcessServer(c.server))
	}
	if c.guard != nil {
		o = append(o, c.guard.Enter(c.o.Join)...)
	}
	return o
}

// patience is how long a cluster may take to elect who leads.
const patience = time.Minute

// provision makes the streams and buckets; in a cluster it waits until somebody leads.
func (c *Centre) provision(ctx context.Context, js jetstream.JetStream) (events jetstream.Consumer, files jetstream.ObjectStore, err error) {
	for end := time.Now().Add(patience); ; {
		if events, files, err = streams.Provision(ctx, js); err == nil {
			err = streams.ProvisionHall(ctx, js, streams.Copies(js))
		}
		if err == nil || c.server != nil || ctx.Err() != nil || time.Now().After(end) {
			return events, files, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
