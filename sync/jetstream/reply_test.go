package jetstream

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestAnswersItself: who asks names the subject of the answer. A device that asks itself must not be
// able to say by that what is not its own to say.
func TestAnswersItself(t *testing.T) {
	g := newGuarded(t)
	l := g.line("g1", g.NATSURL(), g.admit("g1"))
	eventually(t, "connected", func() bool { return l.State().Connected })
	r, err := http.Post(g.HTTPURL()+"/order", "application/json", strings.NewReader(`{"kind":"breaker","state":"halt"}`))
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	r.Body.Close()
	js, err := jetstream.New(l.nc)
	if err != nil {
		t.Fatal(err)
	}
	heard, err := l.nc.SubscribeSync("hall.lmc.key")
	if err != nil {
		t.Fatal(err)
	}
	for subject, text := range map[string]string{"order.x": "junk", "cmd.all": "junk", "$KV.replay.lw.x": "junk", "$JS.API.STREAM.DELETE.KV_replay": ""} {
		l.up(true, nil) // forgets what was wrong before
		if err := l.nc.PublishRequest("hall.lmc.key", subject, []byte("x")); err != nil {
			t.Fatal(err)
		}
		m, err := heard.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Respond([]byte(text)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "refused: "+subject, func() bool {
			f := l.State().Fault
			return f != nil && strings.Contains(strings.ToLower(f.Error()), "permission")
		})
	}
	if all, err := l.Standing(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("orders that stand: %d, %v", len(all), err)
	}
	if _, err := js.Stream(t.Context(), "KV_replay"); err != nil {
		t.Error(err)
	}
}

// TestServesPeersOnly: what a device says to who asks it goes nowhere but to them.
func TestServesPeersOnly(t *testing.T) {
	g := newGuarded(t)
	one, two := g.line("g1", g.NATSURL(), g.admit("g1")), g.line("g2", g.NATSURL(), g.admit("g2"))
	eventually(t, "connected", func() bool { return one.State().Connected && two.State().Connected })
	asked := make(chan string, 8)
	if err := one.Serve("hall.lmc.key", func(data []byte) []byte { asked <- string(data); return []byte("answer") }); err != nil {
		t.Fatal(err)
	}
	if err := one.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"ev.g1", "cp.g1", "$KV.replay.lmc.x", "_INBOX_g2.x", ""} {
		if err := two.nc.PublishMsg(&nats.Msg{Subject: "hall.lmc.key", Reply: to, Data: []byte(to)}); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := two.AskPeers(t.Context(), "hall.lmc.key", []byte("last"))
	if err != nil || string(answer) != "answer" {
		t.Fatalf("%q, %v", answer, err)
	}
	if first := <-asked; first != "last" {
		t.Errorf("an answer to %q was given", first)
	}
	if one.State().Fault != nil || two.State().Fault != nil {
		t.Error(one.State().Fault, two.State().Fault)
	}
}

// TestNoRollUp: a device empties no bucket, in which the other sites' marks are too.
func TestNoRollUp(t *testing.T) {
	g := newGuarded(t)
	l := g.line("g1", g.NATSURL(), g.admit("g1"))
	eventually(t, "connected", func() bool { return l.State().Connected })
	b := l.Bucket("replay", "LMC")
	if err := b.Put(t.Context(), "a", []byte("mark"), 0); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"all", "sub"} {
		m := nats.NewMsg("$KV.replay.lmc.b")
		m.Header.Set("Nats-Rollup", how)
		if _, err := l.js.PublishMsg(t.Context(), m); err == nil {
			t.Errorf("a roll-up of %s is taken", how)
		}
	}
	had, revision, err := b.Get(t.Context(), "a")
	if err != nil || string(had) != "mark" {
		t.Fatalf("%q, %v", had, err)
	}
	if err := b.Put(t.Context(), "a", []byte("x"), revision+7); err != ErrTaken {
		t.Error(err)
	}
	if err := b.Delete(t.Context(), "a", revision); err != nil {
		t.Error(err)
	}
	if err := b.Put(t.Context(), "a", []byte("again"), 0); err != nil {
		t.Error(err)
	}
}
