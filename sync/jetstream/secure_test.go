package jetstream

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/enrol"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// guarded is a centre that lets in only whom it knows.
type guarded struct {
	*testing.T
	*centre.Centre
	dir string
}

func newGuarded(t *testing.T) *guarded {
	g := &guarded{T: t, dir: t.TempDir()}
	g.open(0)
	return g
}

func (g *guarded) open(port int) (stop func()) {
	c, err := centre.New(centre.Options{Dir: g.dir, Secure: true, NATSPort: port, WSPort: -1})
	if err != nil {
		g.Fatal(err)
	}
	g.Centre = c
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ended by stop
	stopped := false
	stop = func() {
		if cancel(); !stopped {
			stopped = true
			if err := <-done; err != nil {
				g.Error(err)
			}
		}
	}
	g.Cleanup(stop)
	return stop
}

// admit takes a device through enrolment and gives its pass.
func (g *guarded) admit(device string) *enrol.Pass {
	g.Helper()
	dir := filepath.Join(g.dir, "devices", device)
	key, _, err := enrol.Load(dir)
	if err != nil {
		g.Fatal(err)
	}
	card, err := key.Card(device, "LMC")
	if err == nil {
		card.Request, err = key.Request(dir, device)
	}
	if err != nil {
		g.Fatal(err)
	}
	text, err := json.Marshal(card)
	if err == nil {
		err = os.WriteFile(filepath.Join(g.dir, "registry", device+".json"), text, 0o600)
	}
	if err != nil {
		g.Fatal(err)
	}
	var admission []byte
	eventually(g.T, "the card is read", func() bool {
		r, err := http.Get(g.HTTPURL() + "/admission?device=" + device)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		admission, err = io.ReadAll(r.Body)
		return err == nil && r.StatusCode == http.StatusOK
	})
	if err := enrol.Admit(dir, device+"x", admission); !errors.Is(err, enrol.ErrAdmission) {
		g.Errorf("admitted under another name: %v", err)
	}
	if err := enrol.Admit(dir, device, admission); err != nil {
		g.Fatal(err)
	}
	pass, err := enrol.LoadPass(dir, device)
	if err != nil {
		g.Fatal(err)
	}
	return pass
}

func (g *guarded) line(device, url string, pass *enrol.Pass) *Link {
	g.Helper()
	l, err := Open(Options{URL: url, Device: device, Pass: pass, Log: slog.New(slog.DiscardHandler), Pause: 60 * time.Millisecond})
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(l.Close)
	return l
}

// TestPass: a device does its day's work over TLS and over WebSocket, and nothing else.
func TestPass(t *testing.T) {
	g := newGuarded(t)
	one, two := g.admit("g1"), g.admit("g2")
	repo := t.TempDir()
	large := strings.Repeat("large ", 100_000) // of several messages
	for name, text := range map[string]string{"timestamp.json": `{"signed":{"version":1}}`, "2.root.json": large} {
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	post := func(path, body string) {
		t.Helper()
		r, err := http.Post(g.HTTPURL()+path, "application/json", strings.NewReader(body))
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatal(path, r, err)
		}
		r.Body.Close()
	}
	post("/publish?dir="+url.QueryEscape(repo), "")
	post("/order", `{"kind":"breaker","state":"halt"}`)
	if !strings.HasPrefix(g.WebSocketURL(), "wss://") {
		t.Error(g.WebSocketURL())
	}
	for _, url := range []string{g.NATSURL(), g.WebSocketURL()} {
		l := g.line("g1", url, one)
		eventually(t, "connected to "+url, func() bool { return l.State().Connected })
		if err := l.Publish(t.Context(), url, []byte("x")); err != nil {
			t.Error(err)
		}
		if err := l.Tell(t.Context(), "cp", []byte("x")); err != nil {
			t.Error(err)
		}
		if _, err := l.LastMark(t.Context()); err != nil {
			t.Error(err)
		}
		if b, err := l.Fetch(t.Context(), "timestamp.json", 100); err != nil || len(b) == 0 {
			t.Error(err)
		}
		if b, err := l.Fetch(t.Context(), "2.root.json", 1<<20); err != nil || string(b) != large {
			t.Error(len(b), err)
		}
		if _, err := l.Fetch(t.Context(), "2.root.json", 1000); !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
		if all, err := l.Standing(t.Context()); err != nil || len(all) != 1 {
			t.Error(len(all), err)
		}
		if err := l.State().Fault; err != nil {
			t.Errorf("the day's work is not all allowed: %v", err)
		}
		l.Close()
	}

	l := g.line("g1", g.NATSURL(), one)
	eventually(t, "connected", func() bool { return l.State().Connected })
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	js, err := jetstream.New(l.nc)
	if err != nil {
		t.Fatal(err)
	}
	listen := func(subject string) func() error {
		return func() error {
			_, err := l.nc.Subscribe(subject, func(*nats.Msg) {})
			return errors.Join(err, l.nc.Flush())
		}
	}
	for name, try := range map[string]func() error{
		"another's events":      func() error { _, err := js.Publish(short(), "ev.g2", []byte("x")); return err },
		"another's checkpoints": func() error { _, err := js.Publish(short(), "cp.g2", []byte("x")); return err },
		"an order":              func() error { return errors.Join(l.nc.Publish("cmd.all", []byte("x")), l.nc.Flush()) },
		"a standing order":      func() error { _, err := js.Publish(short(), "order.x", []byte("x")); return err },
		"a mark":                func() error { _, err := js.Publish(short(), "mark.g1", []byte("x")); return err },
		"a file":                func() error { _, err := js.Publish(short(), "$O.tuf.M.x", []byte("x")); return err },
		"a stream":              func() error { _, err := js.CreateStream(short(), jetstream.StreamConfig{Name: "X"}); return err },
		"the end of a stream":   func() error { return js.DeleteStream(short(), "EV") },
		"reading all events": func() error {
			_, err := js.CreateConsumer(short(), "EV", jetstream.ConsumerConfig{FilterSubject: "ev.>"})
			return err
		},
		"another's leases": func() error {
			_, err := js.CreateConsumer(short(), "LEASE", jetstream.ConsumerConfig{FilterSubject: "lease.g2.>"})
			return err
		},
		"a mark of another site's hall": func() error { return l.Bucket("replay", "LW").Put(short(), "x", []byte("x"), 0) },
		"another site's marks":          func() error { _, _, err := l.Bucket("replay", "LW").Get(short(), "x"); return err },
		"a key of another site's hall":  func() error { return l.Bucket("hall", "LW").Put(short(), "day.x", []byte("x"), 0) },
		"another's marks":               listen("mark.g2"),
		"another's orders":              listen("cmd.g2"),
		"all events":                    listen("ev.>"),
		"another's inbox":               listen("_INBOX_g2.>"),
		"everything":                    listen(">"),
	} {
		l.up(true, nil) // forgets what was wrong before
		err := try()
		eventually(t, "refused: "+name, func() bool {
			f := l.State().Fault
			return f != nil && strings.Contains(strings.ToLower(f.Error()), "permission")
		})
		_ = err // a publish may only time out: the refusal comes out of turn
	}

	for name, o := range map[string]*enrol.Pass{
		"nobody":                          nil,
		"a certificate of nobody":         {TLS: &tls.Config{RootCAs: one.TLS.RootCAs}, JWT: one.JWT, Sign: one.Sign},
		"one's user with another's key":   {TLS: one.TLS, JWT: one.JWT, Sign: two.Sign},
		"a line to one who is not centre": {TLS: &tls.Config{Certificates: one.TLS.Certificates}, JWT: one.JWT, Sign: one.Sign},
	} {
		stranger := g.line("g1", g.NATSURL(), o)
		eventually(t, name+" is told why", func() bool { return stranger.State().Fault != nil })
		if stranger.State().Connected {
			t.Errorf("%s came in", name)
		}
		stranger.Close()
	}
}

// TestRevoked: a device that was revoked is cut off at once and stays out; the others stay. One
// wrong word of the centre, taken back, does not lose a device for ever (IgnoreAuthErrorAbort).
func TestRevoked(t *testing.T) {
	port := freePort(t)
	g := &guarded{T: t, dir: t.TempDir()}
	stop := g.open(port)
	one, two := g.line("g1", g.NATSURL(), g.admit("g1")), g.line("g2", g.NATSURL(), g.admit("g2"))
	up := func(l *Link) func() bool { return func() bool { return l.State().Connected } }
	eventually(t, "both are in", func() bool { return up(one)() && up(two)() })
	r, err := http.Post(g.HTTPURL()+"/revoke?device=g1", "", nil)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	r.Body.Close()
	eventually(t, "cut off", func() bool { return !up(one)() })
	eventually(t, "turned away", func() bool { return one.State().Fault != nil })
	time.Sleep(500 * time.Millisecond) // several tries more
	if up(one)() || !up(two)() || one.nc.IsClosed() {
		t.Errorf("revoked: in %v, given up for ever %v; the other: in %v", up(one)(), one.nc.IsClosed(), up(two)())
	}

	stop()
	if err := os.Remove(filepath.Join(g.dir, "revoked.json")); err != nil {
		t.Fatal(err)
	}
	g.open(port)
	eventually(t, "both are in again", func() bool { return up(one)() && up(two)() })
}
