package centre

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre/streams"
	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/veraison/go-cose"
)

// bench is a centre and one enrolled device, spoken to by hand.
type bench struct {
	t    testing.TB
	c    *Centre
	stop func()
	js   jetstream.JetStream
	key  *ecdsa.PrivateKey
	prev [32]byte
}

func start(t testing.TB, dir string) *bench {
	b := &bench{t: t}
	var err error
	b.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.enrol("g1", b.key, dir)
	b.open(dir)
	return b
}

func (b *bench) open(dir string) {
	c, err := New(Options{Dir: dir})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }() // ended by stop
	nc, err := nats.Connect(c.NATSURL())
	if err != nil {
		b.t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		b.t.Fatal(err)
	}
	stopped := false
	b.c, b.js, b.stop = c, js, func() {
		if stopped {
			return
		}
		stopped = true
		nc.Close()
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("Run: %v", err)
		}
	}
	b.t.Cleanup(b.stop)
	b.eventually("the stream", func() bool { _, err := js.Stream(ctx, streams.Events); return err == nil })
}

func (b *bench) enrol(name string, key *ecdsa.PrivateKey, dir string) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		b.t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	card, err := json.Marshal(map[string]any{"v": 1, "device": name, "site": "LW", "kid": hex.EncodeToString(sum[:8]), "spki": base64.StdEncoding.EncodeToString(der)})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "registry"), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "registry", name+".json"), card, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// event makes the next good event of a chain.
func (b *bench) event(epoch, seq uint64, kind string) []byte {
	e := fmt.Appendf(nil, `{"specversion":"1.0","id":"g1/%016x/%d","source":"/site/LW/device/g1","type":"checkpoint.%s.v1","time":"2026-11-21T08:00:00Z","prev":"%x","data":{}}`,
		epoch, seq, kind, b.prev)
	b.prev = sha256.Sum256(e)
	return e
}

func (b *bench) sign(key *ecdsa.PrivateKey, epoch, first uint64, events ...any) []byte {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		b.t.Fatal(err)
	}
	payload, err := enc.Marshal([]any{1, "g1", epoch, first, events})
	if err != nil {
		b.t.Fatal(err)
	}
	return seal(b.t, key, payload)
}

func seal(t testing.TB, key *ecdsa.PrivateKey, payload []byte) []byte {
	return sealFor(t, key, "batch", payload)
}

func sealFor(t testing.TB, key *ecdsa.PrivateKey, purpose string, payload []byte) []byte {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	m := cose.NewSign1Message()
	m.Payload = payload
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = sum[:8]
	s, err := cose.NewSigner(cose.AlgorithmES256, key)
	if err == nil {
		err = m.Sign(rand.Reader, []byte(purpose), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (b *bench) publish(data []byte) {
	if _, err := b.js.Publish(b.t.Context(), "ev.g1", data); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) counts() Counts {
	c, err := b.c.store.Counts()
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// markKey is the centre's public one, of keys.json.
func (b *bench) markKey() any {
	var file struct {
		Keys []struct {
			Purpose string
			SPKI    []byte
		}
	}
	if err := json.Unmarshal(b.c.public, &file); err != nil || file.Keys[0].Purpose != "mark" {
		b.t.Fatal(err, file)
	}
	key, err := x509.ParsePKIXPublicKey(file.Keys[0].SPKI)
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

// marked gives the seq of the newest mark of g1, verified.
func (b *bench) marked() (seq uint64, hash []byte) {
	s, err := b.js.Stream(b.t.Context(), streams.Marks)
	if err != nil {
		return 0, nil
	}
	raw, err := s.GetLastMsgForSubject(b.t.Context(), "mark.g1")
	if err != nil {
		return 0, nil
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(raw.Data); err != nil {
		b.t.Fatal(err)
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, b.markKey())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := m.Verify([]byte("mark"), v); err != nil {
		b.t.Fatal(err)
	}
	var p struct {
		_          struct{} `cbor:",toarray"`
		V          int
		Device     string
		Epoch, Seq uint64
		Hash       []byte
	}
	if err := cbor.Unmarshal(m.Payload, &p); err != nil || p.Device != "g1" {
		b.t.Fatal(err, p.Device)
	}
	return p.Seq, p.Hash
}

func (b *bench) marks(want uint64) {
	b.t.Helper()
	b.eventually(fmt.Sprintf("mark %d", want), func() bool { seq, _ := b.marked(); return seq == want })
}

func (b *bench) eventually(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("no %s; counts %+v", what, b.counts())
		}
	}
}

func TestStoresOnceAndMarks(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	one, two, three := b.event(7, 1, "started"), b.event(7, 2, "presented"), b.event(7, 3, "presented")
	old := b.sign(b.key, 7, 1, one, two)
	b.publish(old)
	b.marks(2)
	b.publish(b.sign(b.key, 7, 2, two, three))
	b.marks(3)
	if _, hash := b.marked(); hex.EncodeToString(hash) != fmt.Sprintf("%x", sha256.Sum256(three)) {
		t.Errorf("the mark has another hash")
	}
	b.publish(old) // replayed by whoever saw it
	b.eventually("doubles", func() bool { return b.counts().Doubles == 3 })

	b.stop()
	b.open(dir)
	b.publish(old)
	b.eventually("doubles after a restart", func() bool { return b.counts().Doubles == 5 })
	b.marks(2) // of what was sent just now, which adds nothing
	c := b.counts()
	if c.Events["started"] != 1 || c.Events["presented"] != 2 || c.Devices["g1"]["presented"] != 2 || c.Conflicts+c.Broken+c.Gaps+c.Quarantined != 0 {
		t.Errorf("counts %+v", c)
	}
}

func TestAlarmsAndPoison(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	one := b.event(7, 1, "started")
	hash := sha256.Sum256([]byte("huge"))
	b.publish(b.sign(b.key, 7, 1, one, []byte("not JSON"), []byte(strings.Repeat("x", 16<<10+1)), []any{hash[:], 5 << 20}, b.event(7, 9, "presented"), 42))
	b.marks(6) // poison is kept apart and holds nothing up
	if c := b.counts(); c.Quarantined != 5 || c.Events["started"] != 1 || len(c.Events) != 1 {
		t.Fatalf("poison: %+v", c)
	}
	other := append([]byte(nil), one...)
	other[len(other)-2] = ' '
	b.prev = [32]byte{1} // does not follow
	b.publish(b.sign(b.key, 7, 1, other))
	b.publish(b.sign(b.key, 7, 7, b.event(7, 7, "passed")))
	b.marks(7)
	if c := b.counts(); c.Conflicts != 1 || c.Broken != 1 {
		t.Fatalf("alarms: %+v", c)
	}
	b.publish(b.sign(b.key, 7, 9, b.event(7, 9, "passed")))
	b.eventually("gap", func() bool { return b.counts().Gaps == 1 })
	if seq, _ := b.marked(); seq != 7 {
		t.Fatalf("a mark at %d over a gap", seq)
	}
	b.publish(b.sign(b.key, 7, 8, b.event(7, 8, "passed")))
	b.marks(9)

	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	before := b.counts().Quarantined
	b.publish(b.sign(stranger, 7, 10, b.event(7, 10, "passed")))
	b.publish([]byte("noise"))
	if _, err := b.js.Publish(t.Context(), "ev.g2", b.sign(stranger, 1, 1, one)); err != nil { // not enrolled
		t.Fatal(err)
	}
	b.eventually("refusals", func() bool { return b.counts().Quarantined == before+3 })
	list, err := b.c.store.Quarantine()
	if err != nil || len(list) != 9 {
		t.Fatalf("quarantine holds %d, %v", len(list), err)
	}
}

func TestAdministratorsSide(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	b.publish(b.sign(b.key, 7, 1, b.event(7, 1, "started")))
	b.marks(1)
	get := func(path string, into any) {
		t.Helper()
		r, err := http.Get(b.c.HTTPURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if err := json.NewDecoder(r.Body).Decode(into); err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, r.Status, err)
		}
	}
	var c Counts
	if get("/counts", &c); c.Events["started"] != 1 {
		t.Errorf("counts %+v", c)
	}
	var e Event
	if get("/events?device=g1", &e); e.Device != "g1" || e.Seq != 1 || e.Epoch != "0000000000000007" || !json.Valid(e.Event) || time.Since(e.Received) > time.Minute {
		t.Errorf("event %+v", e)
	}
	var keys struct {
		V    int
		Keys []struct{ KID, Purpose, SPKI string }
	}
	if get("/keys", &keys); keys.V != 1 || len(keys.Keys) != 4 || keys.Keys[0].Purpose != "mark" || keys.Keys[1].Purpose != "orders" || keys.Keys[2].Purpose != "reply" || keys.Keys[3].Purpose != "device" {
		t.Errorf("keys %+v", keys)
	}

	repo := t.TempDir()
	for name, text := range map[string]string{"timestamp.json": `{"signed":{"version":4}}`, "1.root.json": "{}", "targets/policy/a.json": "x"} {
		if err := os.MkdirAll(filepath.Join(repo, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hints, err := b.js.Conn().SubscribeSync(streams.Push)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.js.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Published{{3, 4}, {0, 4}} { // the second time nothing is new
		r, err := http.Post(b.c.HTTPURL()+"/publish?dir="+url.QueryEscape(repo), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		var p Published
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil || p != want {
			t.Errorf("published %+v, %v", p, err)
		}
		r.Body.Close()
		if m, err := hints.NextMsg(5 * time.Second); err != nil || string(m.Data) != `{"hint":"bundle","v":1,"version":4}` {
			t.Fatalf("hint %v, %v", m, err)
		}
	}
	bucket, err := b.js.ObjectStore(t.Context(), streams.Files)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := bucket.GetString(t.Context(), "targets/policy/a.json"); err != nil || text != "x" {
		t.Errorf("object %q, %v", text, err)
	}
}

// TestOwnLine: the centre's own line to a cluster comes back however long that was away, and after
// a wrong push of accounts.
func TestOwnLine(t *testing.T) {
	ours, defaults := nats.GetDefaultOptions(), nats.GetDefaultOptions()
	for _, set := range (&Centre{}).own() {
		if err := set(&ours); err != nil {
			t.Fatal(err)
		}
	}
	if ours.MaxReconnect != -1 || !ours.IgnoreAuthErrorAbort || defaults.MaxReconnect == -1 || defaults.IgnoreAuthErrorAbort {
		t.Errorf("%d %v", ours.MaxReconnect, ours.IgnoreAuthErrorAbort)
	}
}

// TestOwnServer: the server stores before it acknowledges, and takes no more in than it has soon stored:
// not minutes of synced writes before its first answer, but four of the largest files at once.
func TestOwnServer(t *testing.T) {
	o := (&Centre{o: Options{Dir: t.TempDir()}}).options()
	if !o.SyncAlways || o.StreamMaxBufferedMsgs != 1000 || o.StreamMaxBufferedSize != 32<<20 {
		t.Errorf("sync always %v, %d messages, %d bytes", o.SyncAlways, o.StreamMaxBufferedMsgs, o.StreamMaxBufferedSize)
	}
}
