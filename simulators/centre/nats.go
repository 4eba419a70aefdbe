package centre

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// Names of the wire.
const (
	eventStream = "EV"      // what devices sign, on its way to the sink: ev.<device> batches, cp.<device> checkpoints, lr.<device> lease returns
	markStream  = "MARK"    // mark.<device>: the newest mark of each device
	orderStream = "ORDER"   // order.<kind and scope>: the last order on each
	leaseStream = "LEASE"   // lease.<device>.<quota>: the last lease of each
	bucketName  = "tuf"     // object store: the files of the TUF repository by their path
	pushSubject = "cmd.all" // hints, and orders as they are given; leases on cmd.<device>
	maxPayload  = 2 << 20   // bytes; a batch has at most 1 MiB
)

// startNATS starts the embedded server. sync_interval is "always": a stored message is on
// disk before its acknowledgement.
func (c *Centre) startNATS() error {
	port := c.o.NATSPort
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: "centre", Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, MaxPayload: maxPayload,
		JetStream: true, StoreDir: filepath.Join(c.o.Dir, "nats"), SyncAlways: true, SyncInterval: 2 * time.Minute,
	}
	if c.o.WSPort != 0 {
		o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: c.o.WSPort, NoTLS: c.guard == nil}
	}
	if c.guard != nil {
		if err := c.guard.options(o); err != nil {
			return err
		}
	}
	s, err := server.NewServer(o)
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

// provision makes the streams and the bucket, or brings them to this form.
func provision(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, jetstream.ObjectStore, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: eventStream, Subjects: []string{"ev.>", "cp.>", "lr.>"}, Storage: jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy,
		Duplicates: 2 * time.Minute, AllowAtomicPublish: true, MaxMsgSize: maxPayload, Replicas: copies(js),
	}); err != nil {
		return nil, nil, err
	}
	for name, subjects := range map[string]string{markStream: "mark.>", orderStream: "order.>", leaseStream: "lease.>"} {
		if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{subjects}, Storage: jetstream.FileStorage, MaxMsgsPerSubject: 1, AllowDirect: true, Replicas: copies(js),
		}); err != nil {
			return nil, nil, err
		}
	}
	consumer, err := js.CreateOrUpdateConsumer(ctx, eventStream, jetstream.ConsumerConfig{
		Durable: "sink", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxAckPending: 64,
	})
	if err != nil {
		return nil, nil, err
	}
	bucket, err := js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucketName, Storage: jetstream.FileStorage, Replicas: copies(js)})
	return consumer, bucket, err
}
