package centre

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Buckets in which the lanes of a hall meet (PROTOCOL C10), at the hub and at the centre.
const (
	replayBucket = "replay"
	hallBucket   = "hall"
)

// replayKept is how long a mark may stay: a day and the longest window after it.
const replayKept = 48 * time.Hour

// Hub is a hall's hub: a nats-server as anybody installs it, with two buckets.
type Hub struct{ server *server.Server }

// NewHub starts one on loopback; port 0 = any. What it stores survives Close.
func NewHub(dir string, port int) (*Hub, error) {
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{ServerName: "hub", Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, JetStreamDomain: "hall", StoreDir: dir, SyncAlways: true, SyncInterval: 2 * time.Minute})
	if err != nil {
		return nil, err
	}
	h := &Hub{s}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		h.Close()
		return nil, errors.New("the hub does not start: is its port taken?")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		h.Close()
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = provisionHall(context.Background(), js, 1)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// URL is where the devices of the hall connect.
func (h *Hub) URL() string { return h.server.ClientURL() }

// Close ends the hub.
func (h *Hub) Close() {
	h.server.Shutdown()
	h.server.WaitForShutdown()
}

func provisionHall(ctx context.Context, js jetstream.JetStream, copies int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, bucket := range []string{replayBucket, hallBucket} {
		if _, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket, TTL: replayKept, Storage: jetstream.FileStorage, History: 1, Replicas: copies}); err != nil {
			return err
		}
	}
	return nil
}
