package streams

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestBucketsOfBefore: the buckets that a centre made as a client makes them allow no roll-up any more, and
// keep what is in them.
func TestBucketsOfBefore(t *testing.T) {
	nc := connect(t)
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

// TestHubInACircle: a hub that says the same for ever, or more than it can have kept, is not heard out.
func TestHubInACircle(t *testing.T) {
	for name, step := range map[string]uint64{"the same": 0, "ever more": 1} {
		nc, seq := connect(t), uint64(1)
		for subject, answer := range map[string]func() string{
			"STREAM.INFO.EV": func() string {
				return `{"type":"io.nats.jetstream.api.v1.stream_info_response","config":{"name":"EV"},"state":{}}`
			},
			"STREAM.MSG.GET.EV": func() string {
				seq += step
				return fmt.Sprintf(`{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"cp.g1","seq":%d,"data":"eA=="}}`, seq)
			},
		} {
			if _, err := nc.Subscribe("$JS.hub.API."+subject, func(m *nats.Msg) { _ = m.Respond([]byte(answer())) }); err != nil {
				t.Fatal(err)
			}
		}
		js, err := jetstream.NewWithDomain(nc, "hub")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if all, err := Checkpoints(ctx, js, "g1"); !errors.Is(err, errHub) {
			t.Errorf("%s: %d, %v", name, len(all), err)
		}
		cancel()
	}
}

// connect starts a server of its own and connects to it.
func connect(t *testing.T) *nats.Conn {
	t.Helper()
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
	return nc
}
