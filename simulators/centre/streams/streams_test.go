package streams

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestBucketsOfBefore: the buckets that a centre made as a client makes them allow no roll-up any more, and
// keep what is in them.
func TestBucketsOfBefore(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: Replay, TTL: 48 * time.Hour, History: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Create(t.Context(), "lmc.a", []byte("mark")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := ProvisionHall(t.Context(), js, 1); err != nil {
			t.Fatal(err)
		}
	}
	m := nats.NewMsg("$KV." + Replay + ".lmc.b")
	m.Header.Set("Nats-Rollup", "all")
	if _, err := js.PublishMsg(t.Context(), m); err == nil {
		t.Error("a roll-up is taken")
	}
	if e, err := kv.Get(t.Context(), "lmc.a"); err != nil || string(e.Value()) != "mark" {
		t.Error(e, err)
	}
}
