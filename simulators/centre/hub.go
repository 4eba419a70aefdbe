package centre

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Hub is a hall's hub: a nats-server as anybody installs it, with two buckets and the checkpoints of
// its devices.
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
		err = streams.ProvisionHub(context.Background(), js)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Checkpoints gives those of a device that the hub has kept, in hexadecimal, oldest first.
func (h *Hub) Checkpoints(ctx context.Context, device string) ([]string, error) {
	nc, err := nats.Connect("", nats.InProcessServer(h.server))
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	return checkpoints(ctx, js, device)
}

// checkpoints are those that a hub has kept, in hexadecimal.
func checkpoints(ctx context.Context, js jetstream.JetStream, device string) (all []string, err error) {
	kept, err := streams.Checkpoints(ctx, js, device)
	for _, signed := range kept {
		all = append(all, hex.EncodeToString(signed))
	}
	return all, err
}

// URL is where the devices of the hall connect.
func (h *Hub) URL() string { return h.server.ClientURL() }

// Close ends the hub.
func (h *Hub) Close() {
	h.server.Shutdown()
	h.server.WaitForShutdown()
}
