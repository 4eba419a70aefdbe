package centre

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre/door"
	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// page is docs/centre.md at work: its configurations, at addresses of this machine.
type page struct {
	*testing.T
	dir   string // of the centre
	out   string // of the configurations
	place *strings.Replacer
	nodes map[string]*server.Server
}

func newPage(t *testing.T) *page {
	p := &page{T: t, dir: t.TempDir(), out: t.TempDir(), nodes: map[string]*server.Server{}}
	net := fmt.Sprintf("127.%d.%d.", 16+os.Getpid()%64, time.Now().Nanosecond()%250)
	p.place = strings.NewReplacer("10.20.0.", net, "10.30.0.", net, "one.centre.example", net+"11", "two.centre.example", net+"12",
		"three.centre.example", net+"13", ":443\"", ":8443\"", "127.0.0.1:8222", "127.0.0.1:-1", "/etc/nats/", p.out+"/", "/var/lib/nats/", filepath.Join(p.out, "var")+"/")
	nodes := map[string][]string{}
	for i := range 3 {
		nodes[fmt.Sprintf("centre-%d", i+1)] = []string{fmt.Sprintf("%s1%d", net, i+1)}
	}
	nodes["hub-1"] = []string{net + "2"}
	if err := door.WriteCluster(p.dir, p.out, nodes); err != nil {
		t.Fatal(err)
	}
	accounts, err := os.ReadFile(filepath.Join(p.out, "accounts.conf"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := door.Open(p.dir)
	if err != nil || !strings.Contains(string(accounts), g.Account()) {
		t.Fatalf("accounts.conf lacks the devices' account: %v", err)
	}
	text, err := os.ReadFile("../../docs/centre.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```conf (\\S+)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("the page has %d configurations, want a node's and a hub's", len(blocks))
	}
	for _, b := range blocks {
		p.write(b[1], b[2])
	}
	node := blocks[0][2]
	for _, line := range regexp.MustCompile(`(?m)^sed 's/(\S+)/(\S+)/g; s/(\S+)/(\S+)/g' centre-1.conf > (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		p.write(line[5], strings.ReplaceAll(strings.ReplaceAll(node, line[1], line[2]), line[3], line[4]))
	}
	return p
}

func (p *page) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.out, name), []byte(p.place.Replace(text)), 0o600); err != nil {
		p.Fatal(err)
	}
}

// serve starts nats-server with a configuration of the page, in its folder as by hand.
func (p *page) serve(name string) {
	p.Helper()
	o, err := server.ProcessConfigFile(filepath.Join(p.out, name+".conf"))
	if err != nil {
		p.Fatalf("%s: %v", name, err)
	}
	o.NoLog, o.NoSigs = true, true
	if !o.SyncAlways || o.TLSConfig.ClientAuth != tls.RequireAndVerifyClientCert {
		p.Errorf("%s: sync always %v, client certificates %v", name, o.SyncAlways, o.TLSConfig.ClientAuth)
	}
	s, err := server.NewServer(o)
	if err != nil {
		p.Fatalf("%s: %v", name, err)
	}
	p.nodes[name] = s
	s.Start()
	p.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		p.Fatalf("%s does not start", name)
	}
}

// entrant is a device with what the centre gave it.
type entrant struct {
	name string
	key  *ecdsa.PrivateKey
	o    []nats.Option
}

// admit enrols a device and gets its admission.
func (p *page) admit(c *Centre, name string) entrant {
	p.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		p.Fatal(err)
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		p.Fatal(err)
	}
	public, err := user.PublicKey()
	if err != nil {
		p.Fatal(err)
	}
	(&bench{t: p}).enrol(name, key, p.dir)
	path := filepath.Join(p.dir, "registry", name+".json")
	var card map[string]any
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &card)
	}
	if err != nil {
		p.Fatal(err)
	}
	card["csr"], card["user"] = base64.StdEncoding.EncodeToString(csr), public
	if text, err = json.Marshal(card); err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		p.Fatal(err)
	}
	var a door.Admission
	p.eventually("the admission", func() bool {
		r, err := http.Get(c.HTTPURL() + "/admission?device=" + name)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK && json.NewDecoder(r.Body).Decode(&a) == nil
	})
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		p.Fatal(err)
	}
	pair, err := tls.X509KeyPair([]byte(a.Certificate), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	if err != nil {
		p.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(a.CA))
	return entrant{name, key, []nats.Option{nats.Secure(&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots}), nats.CustomInboxPrefix("_INBOX_" + name),
		nats.UserJWT(func() (string, error) { return a.JWT, nil }, user.Sign), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond)}}
}

func (p *page) connect(d entrant, urls string) (*nats.Conn, jetstream.JetStream) {
	p.Helper()
	nc, err := nats.Connect(p.place.Replace(urls), d.o...)
	if err != nil {
		p.Fatalf("%s: %v", urls, err)
	}
	p.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		p.Fatal(err)
	}
	return nc, js
}

func (p *page) eventually(what string, holds func() bool) {
	p.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.Fatal("never: " + what)
		}
	}
}

// TestPage starts what docs/centre.md says: three nodes, a hub, and the centre's program that
// joins them. A device comes in at each door, sends events while a node dies, is answered
// through the hub, and is revoked.
func TestPage(t *testing.T) {
	p := newPage(t)
	for _, name := range []string{"centre-1", "centre-2", "centre-3", "hub-1"} {
		p.serve(name)
	}
	all := p.place.Replace("tls://one.centre.example:4222,tls://two.centre.example:4222,tls://three.centre.example:4222")
	c, err := New(Options{Dir: p.dir, Secure: true, Join: all})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ended by the cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	d := p.admit(c, "g1")
	b := &bench{t: t, key: d.key}
	nc, js := p.connect(d, all)
	send := func(seq uint64) {
		t.Helper()
		batch := b.sign(d.key, 7, seq, b.event(7, seq, "passed"))
		p.eventually(fmt.Sprintf("batch %d is stored", seq), func() bool {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err := js.Publish(ctx, "ev.g1", batch, jetstream.WithMsgID(fmt.Sprint(seq)))
			return err == nil
		})
	}
	counted := func(n int) bool {
		r, err := http.Get(c.HTTPURL() + "/events?device=g1")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		return err == nil && strings.Count(string(text), "\n") == n
	}
	send(1)
	p.eventually("the sink has it", func() bool { return counted(1) })

	// The hub: its own buckets, its own marks; nothing of them at the centre.
	post := func(path string) bool {
		r, err := http.Post(c.HTTPURL()+path, "", nil)
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	}
	p.eventually("the buckets at the hub", func() bool { return post("/hub?domain=hall-1") })
	hc, hub := p.connect(d, "tls://10.30.0.2:4222")
	marks := func(js jetstream.JetStream) jetstream.KeyValue {
		t.Helper()
		kv, err := js.KeyValue(t.Context(), streams.Replay)
		if err != nil {
			t.Fatal(err)
		}
		return kv
	}
	if _, err := marks(hub).Create(t.Context(), "lw.2026-11-21-a.b", []byte("v")); err != nil {
		t.Errorf("a mark at the hub: %v", err)
	}
	if _, err := marks(hub).Create(t.Context(), "lw.2026-11-21-a.b", []byte("w")); err == nil {
		t.Error("a mark is created twice")
	}
	if v, err := marks(js).Get(t.Context(), "lw.2026-11-21-a.b"); err == nil {
		t.Errorf("the hub's mark is at the centre too: %s", v.Value())
	}
	payload, err := json.Marshal(map[string]any{"v": 1, "device": "g1", "site": "LW", "kind": "identity", "key": strings.Repeat("ab", 16), "body": struct{}{}})
	if err != nil {
		t.Fatal(err)
	}
	p.eventually("an answer through the hub", func() bool {
		_, err := hc.Request("rq.lw.identity", sealFor(t, d.key, "request", payload), 2*time.Second)
		return err == nil
	})
	if _, err := hub.Publish(t.Context(), "ev.g1", []byte("x"), jetstream.WithRetryAttempts(0)); err == nil {
		t.Error("events go over the hub as well, and would come twice")
	}
	b.js = hub
	b.checkpoint(7, 1, []byte("another event than the centre has")) // the hub is a witness, whose word the last question takes in
	for _, q := range [][2]string{{"/audit", `"faults":[]`}, {"/checkpoints?device=g1&domain=hall-1", "d284"}, {"/audit?domain=hall-1", `"kind":"edit"`}} {
		path, want := q[0], q[1]
		r, err := http.Get(c.HTTPURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %v", path, text, err)
		}
	}

	// A node dies under way.
	stream, err := p.own(c).Stream(t.Context(), streams.Events)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context())
	if err != nil || info.Cluster == nil || len(info.Cluster.Replicas) != 2 {
		t.Fatalf("the events are not kept thrice: %+v, %v", info, err)
	}
	p.nodes[info.Cluster.Leader].Shutdown()
	for seq := uint64(2); seq <= 6; seq++ {
		send(seq)
	}
	p.eventually("the sink has all, once", func() bool { return counted(6) })

	// Only 443, then out.
	web, _ := p.connect(d, "wss://one.centre.example:8443,wss://two.centre.example:8443,wss://three.centre.example:8443")
	if err := web.FlushTimeout(5 * time.Second); err != nil {
		t.Errorf("over 443: %v", err)
	}
	if plain, err := nats.Connect(strings.ReplaceAll(all, "tls:", "nats:"), nats.Timeout(2*time.Second)); err == nil {
		plain.Close()
		t.Error("a stranger came in")
	}
	if !post("/revoke?device=" + url.QueryEscape("g1")) {
		t.Error("not revoked")
	}
	p.eventually("the line is cut", func() bool { return !nc.IsConnected() })
	p.eventually("the line to the hub is cut", func() bool { return !hc.IsConnected() })
}

// own is the centre's own way in.
func (p *page) own(c *Centre) jetstream.JetStream {
	p.Helper()
	nc, err := nats.Connect(c.o.Join, c.own()...)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		p.Fatal(err)
	}
	return js
}
