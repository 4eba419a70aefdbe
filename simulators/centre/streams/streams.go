// Package streams makes the streams and buckets in which devices, centre and halls meet.
package streams

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Names of the wire.
const (
	Events = "EV"      // what devices sign, on its way to the sink: ev.<device> batches, cp.<device> checkpoints, lr.<device> lease returns
	Marks  = "MARK"    // mark.<device>: the newest mark of each device
	Orders = "ORDER"   // order.<kind and scope>: the last order on each
	Leases = "LEASE"   // lease.<device>.<quota>: the last lease of each
	Files  = "tuf"     // object store: the files of the TUF repository by their path
	Push   = "cmd.all" // subject of hints, and of orders as they are given; leases on cmd.<device>

	Replay = "replay" // bucket in which the lanes of a hall meet (PROTOCOL C10), at the hub and at the centre
	Hall   = "hall"   // another
)

// MaxPayload bounds a message in bytes; a batch has at most 1 MiB.
const MaxPayload = 2 << 20

// replayKept is how long a mark or the name of a day's key may stay: the name from 12 h before its day to
// the end of the longest window after it.
const replayKept = 72 * time.Hour

// replicas are how many nodes of a cluster keep each stream and bucket.
const replicas = 3

// Provision makes the streams and the bucket of a centre, or brings them to this form.
func Provision(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, jetstream.ObjectStore, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := led(ctx, js); err != nil {
		return nil, nil, err
	}
	if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: Events, Subjects: []string{"ev.>", "cp.>", "lr.>"}, Storage: jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy,
		Duplicates: 2 * time.Minute, AllowAtomicPublish: true, MaxMsgSize: MaxPayload, Replicas: Copies(js),
	}); err != nil {
		return nil, nil, err
	}
	for name, subjects := range map[string]string{Marks: "mark.>", Orders: "order.>", Leases: "lease.>"} {
		if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{subjects}, Storage: jetstream.FileStorage, MaxMsgsPerSubject: 1, AllowDirect: true, Replicas: Copies(js),
		}); err != nil {
			return nil, nil, err
		}
	}
	consumer, err := js.CreateOrUpdateConsumer(ctx, Events, jetstream.ConsumerConfig{
		Durable: "sink", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxAckPending: 256,
	})
	if err != nil {
		return nil, nil, err
	}
	bucket, err := js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: Files, Storage: jetstream.FileStorage, Replicas: Copies(js)})
	return consumer, bucket, err
}

// led waits until somebody leads the servers: what is asked of them before is lost, and waited for in vain.
func led(ctx context.Context, js jetstream.JetStream) error {
	for {
		asking, cancel := context.WithTimeout(ctx, time.Second)
		_, err := js.AccountInfo(asking)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Copies is how many nodes keep what the centre stores.
func Copies(js jetstream.JetStream) int {
	if js.Conn().ConnectedClusterName() == "" {
		return 1
	}
	return replicas
}

// ProvisionHall makes the buckets of a hall, at its hub or at the centre, on so many nodes. They are as the
// NATS client makes a bucket, but for roll-ups, by which who may write one key empties the bucket.
func ProvisionHall(ctx context.Context, js jetstream.JetStream, copies int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, bucket := range []string{Replay, Hall} {
		if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: "KV_" + bucket, Subjects: []string{"$KV." + bucket + ".>"}, MaxAge: replayKept, Storage: jetstream.FileStorage, MaxMsgsPerSubject: 1,
			AllowDirect: true, DenyDelete: true, Discard: jetstream.DiscardNew, Duplicates: 2 * time.Minute, Replicas: copies,
		}); err != nil {
			return err
		}
	}
	return nil
}

// checkpointsKept is how many of each device a hub keeps: the newest says all that those before it
// have said of its epoch.
const checkpointsKept = 1000

// ProvisionHub makes what a hall's hub has: its buckets, and a stream of the events' name in which
// it keeps the checkpoints of the hall's devices, so that they have a witness while the centre is
// away (PROTOCOL C4). Nothing in it can be deleted by a client.
func ProvisionHub(ctx context.Context, js jetstream.JetStream) error {
	if err := ProvisionHall(ctx, js, 1); err != nil {
		return err
	}
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: Events, Subjects: []string{"cp.>"}, Storage: jetstream.FileStorage, MaxMsgsPerSubject: checkpointsKept, MaxMsgSize: 4 << 10,
		DenyDelete: true, DenyPurge: true, AllowDirect: true,
	})
	return err
}

var errHub = errors.New("the hub goes in a circle, or says that it has kept more checkpoints of a device than it does: look at the hub")

// Checkpoints gives those of a device that a hub has kept, as it signed them, oldest first.
func Checkpoints(ctx context.Context, js jetstream.JetStream, device string) ([][]byte, error) {
	s, err := js.Stream(ctx, Events)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for seq := uint64(1); ; {
		m, err := s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject("cp."+device))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if m.Sequence < seq || len(all) >= 2*checkpointsKept { // others come while these are read, but not as many
			return nil, errHub
		}
		all, seq = append(all, m.Data), m.Sequence+1
	}
}
