// Package centre pretends the central server for one hall: it runs nats-server with JetStream and
// puts together what takes events in, sends bundles, orders and leases out, answers and shows.
//
// It is written from the wire (PROTOCOL C2, C4, C11) and shares no code with the device. It may
// be killed at any moment.
package centre

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"example.org/checkpoint/simulators/centre/desk"
	"example.org/checkpoint/simulators/centre/door"
	"example.org/checkpoint/simulators/centre/fleet"
	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/centre/orders"
	"example.org/checkpoint/simulators/centre/registry"
	"example.org/checkpoint/simulators/centre/sink"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	bolt "go.etcd.io/bbolt"
)

// Options say where the centre lives.
type Options struct {
	Dir      string // everything durable
	NATSPort int    // on loopback; 0 = any
	Join     string // URLs of a cluster, with commas, that devices use instead of a server in this process
	HTTPPort int    // on loopback; 0 = any
	Registry string // directory of enrolment cards (*.json); "" = Dir/registry; read again as it changes
	MarkKey  string // PEM file, made at first start; "" = Dir/mark.key
	Secure   bool   // mutual TLS, and each device may do what is its own; else plain and open to all of this machine
	WSPort   int    // WebSocket on loopback, for sites that let only that out; 0 = none, -1 = any
	Log      *slog.Logger
}

// Centre is a running centre between New and the end of Run.
type Centre struct {
	o        Options
	public   []byte // keys.json
	marks    *keys.Key
	replies  *keys.Key
	registry *registry.Registry
	fleet    *fleet.Fleet
	db       *bolt.DB
	store    *sink.Store
	orders   *orders.Book
	server   *server.Server
	listener net.Listener
	guard    *door.Guard // nil if not Secure
}

// New opens the store, makes the keys if there are none, and takes the ports; Run serves them.
func New(o Options) (*Centre, error) {
	if o.Registry == "" {
		o.Registry = filepath.Join(o.Dir, "registry")
	}
	if o.MarkKey == "" {
		o.MarkKey = filepath.Join(o.Dir, "mark.key")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, dir := range []string{o.Dir, o.Registry, filepath.Dir(o.MarkKey)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("centre: %w", err)
		}
	}
	c := &Centre{o: o, registry: registry.New(o.Registry, o.Log)}
	c.fleet = fleet.New(c.registry, o.Log)
	var err error
	if c.marks, err = keys.Load(o.MarkKey, "mark"); err != nil {
		return nil, err
	}
	ordering, err := keys.Load(filepath.Join(o.Dir, "orders.key"), "orders")
	if err != nil {
		return nil, err
	}
	if c.replies, err = keys.Load(filepath.Join(o.Dir, "reply.key"), "reply"); err != nil {
		return nil, err
	}
	c.public = keys.File(c.marks, ordering, c.replies)
	if err := keys.Replace(filepath.Join(o.Dir, "keys.json"), c.public); err != nil {
		return nil, err
	}
	if o.Secure {
		if c.guard, err = door.Open(o.Dir); err != nil {
			return nil, err
		}
	}
	if err := c.openStore(filepath.Join(o.Dir, "sink.db"), ordering); err != nil {
		c.close()
		return nil, fmt.Errorf("centre: %w", err)
	}
	if c.listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.HTTPPort))); err == nil && o.Join == "" {
		err = c.startNATS()
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("centre: %w", err)
	}
	return c, nil
}

// openStore opens the one database, and what is kept in it.
func (c *Centre) openStore(path string, ordering *keys.Key) (err error) {
	// Mapped ahead: to map more, commits and orders would wait for whoever reads, as an audit does.
	c.db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second, FreelistType: bolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err == nil {
		c.store, err = sink.NewStore(c.db)
	}
	if err == nil {
		c.orders, err = orders.New(c.db, ordering)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// NATSURL is where devices connect.
func (c *Centre) NATSURL() string {
	if c.server == nil {
		return c.o.Join
	}
	return c.server.ClientURL()
}

// WebSocketURL is where devices connect that may use nothing else; empty for nowhere.
func (c *Centre) WebSocketURL() string {
	if c.server == nil {
		return ""
	}
	return c.server.WebsocketURL()
}

// HTTPURL is the administrator's side, without a slash at the end.
func (c *Centre) HTTPURL() string { return "http://" + c.listener.Addr().String() }

// Run serves until ctx ends, then closes everything; it returns nil then.
func (c *Centre) Run(ctx context.Context) error {
	defer c.close()
	nc, err := nats.Connect(c.o.Join, c.own()...)
	if err != nil {
		return fmt.Errorf("centre: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("centre: %w", err)
	}
	events, bucket, err := c.provision(ctx, js)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("centre: %w", err)
	}
	if err := c.orders.Restate(ctx, js); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return fmt.Errorf("centre: the orders that stand: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	questions := desk.Desk{Dir: c.o.Dir, DB: c.db, Registry: c.registry, Key: c.replies, Orders: c.orders, Door: c.guard, Log: c.o.Log}
	taking := sink.Sink{Store: c.store, Registry: c.registry, Key: c.marks, Log: c.o.Log}
	if err := errors.Join(questions.Answer(ctx, nc, js), c.fleet.Hear(nc)); err != nil {
		return fmt.Errorf("centre: %w", err)
	}
	done := make(chan error, 3)
	web := &http.Server{Handler: c.handler(nc, js, bucket, &taking), ReadHeaderTimeout: 5 * time.Second}
	// Run owns the three and waits for them.
	go func() { done <- web.Serve(c.listener) }()
	go func() { done <- taking.Run(ctx, nc, events) }()
	go func() { done <- c.orders.Watch(ctx, js) }()
	var first error
	left := 3
	select {
	case <-ctx.Done():
	case first = <-done:
		left = 2
	}
	stop()
	web.Close()
	for range left {
		if err := <-done; ended(first) {
			first = err
		}
	}
	if ended(first) {
		return nil
	}
	return first
}

// ended reports whether a part ended because it was told to.
func ended(err error) bool {
	return err == nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled)
}

func (c *Centre) close() {
	if c.listener != nil {
		c.listener.Close()
	}
	if c.server != nil {
		c.server.Shutdown()
		c.server.WaitForShutdown()
	}
	if c.db != nil {
		c.db.Close()
	}
}
