package request

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
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
	"example.org/checkpoint/simulators/centre/desk"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/sign1"
)

// bench is a centre with two gates of HZMB and one of another site.
type bench struct {
	*testing.T
	*centre.Centre
	dir  string
	keys sign1.Keys
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, dir: t.TempDir()}
	c, err := centre.New(centre.Options{Dir: b.dir})
	if err != nil {
		t.Fatal(err)
	}
	b.Centre = c
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ended by the cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	dated, err := sign1.ReadKeys(b.get("/keys"), "reply")
	if err != nil {
		t.Fatal(err)
	}
	b.keys = dated.At(time.Now())
	b.file("persons.json", []desk.Person{
		{Type: "HKID", Number: "A123456(3)", Issued: "2019-05-01", Code: "HCT1:READY"},
		{Type: "HKID", Number: "B000000(0)", Issued: "2001-01-01", Refusal: "a test is missing"},
	})
	return b
}

func (b *bench) get(path string) []byte {
	b.Helper()
	r, err := http.Get(b.HTTPURL() + path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s %s %v", path, r.Status, body, err)
	}
	return body
}

func (b *bench) post(path string, form url.Values) {
	b.Helper()
	r, err := http.PostForm(b.HTTPURL()+path, form)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(r.Body)
		b.Fatalf("%s: %s", path, why)
	}
}

func (b *bench) file(name string, v any) {
	b.Helper()
	data, raw := v.([]byte)
	if !raw {
		var err error
		if data, err = json.Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
}

// device enrols a device and gives a client of it.
func (b *bench) device(name, site string) (*Client, *enrol.Key) {
	b.Helper()
	key, _, err := enrol.Load(filepath.Join(b.dir, "devices", name))
	if err != nil {
		b.Fatal(err)
	}
	card, err := key.Card(name, site)
	if err != nil {
		b.Fatal(err)
	}
	b.file("registry/"+name+".json", card)
	link, err := jetstream.Open(jetstream.Options{URL: b.NATSURL(), Device: name, Log: slog.New(slog.DiscardHandler), Pause: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(link.Close)
	o := b.options(name, site, key)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c := New(link, o)
		if _, err := c.Identity(b.Context(), Document{Type: "none"}); err == nil {
			return c, key
		}
	}
	b.Fatal("the centre does not answer")
	return nil, nil
}

func (b *bench) options(name, site string, key *enrol.Key) Options {
	return Options{Device: name, Site: site, Sign: key.Sign, Keys: func() sign1.Keys { return b.keys }, Now: time.Now, Rand: rand.Reader,
		Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		}}
}

func TestIdentity(t *testing.T) {
	b := newBench(t)
	c, _ := b.device("g1", "HZMB")
	for _, want := range []struct {
		Document
		match Match
	}{
		{Document{"HKID", "A123456(3)", "2019-05-01"}, Matches},
		{Document{"HKID", "A123456(3)", "2019-05-02"}, Differs},
		{Document{"HKID", "Z999999(9)", "2019-05-01"}, Differs},
		{Document{"passport", "A123456(3)", "2019-05-01"}, Unknown}, // there is no such register
	} {
		if got, err := c.Identity(t.Context(), want.Document); err != nil || got != want.match {
			t.Errorf("%v: %v, %v, want %v", want.Document.Number, got, err, want.match)
		}
	}
}

func TestOneTimeCode(t *testing.T) {
	b := newBench(t)
	c, _ := b.device("g1", "HZMB")
	if _, err := c.SendCode(t.Context(), "call me"); !errors.Is(err, ErrRefused) {
		t.Errorf("a number that is none: %v", err)
	}
	ticket, err := c.SendCode(t.Context(), "+85291234567")
	if err != nil {
		t.Fatal(err)
	}
	var sms struct{ Phone, Code string }
	text, err := os.ReadFile(filepath.Join(b.dir, "sms.jsonl"))
	if err != nil || json.Unmarshal(text, &sms) != nil || sms.Phone != "+85291234567" {
		t.Fatalf("message: %s, %v", text, err)
	}
	other, _ := b.device("g2", "HZMB")
	if m, err := other.CheckCode(t.Context(), ticket, sms.Code); m != Unknown || err != nil {
		t.Errorf("at another device: %v, %v", m, err)
	}
	if m, err := c.CheckCode(t.Context(), ticket, "x"); m != Differs || err != nil {
		t.Errorf("a wrong code: %v, %v", m, err)
	}
	if m, err := c.CheckCode(t.Context(), ticket, sms.Code); m != Matches || err != nil {
		t.Errorf("the code: %v, %v", m, err)
	}
	if m, err := c.CheckCode(t.Context(), ticket, sms.Code); m != Unknown || err != nil {
		t.Errorf("the code once more: %v, %v", m, err)
	}
}

func TestSiteKeys(t *testing.T) {
	b := newBench(t)
	c, _ := b.device("g1", "HZMB")
	site := issuer.NewSite("HZMB")
	b.file("site-keys/HZMB/1.json", site.PrivateFile())
	b.file("site-keys/LMC/1.json", issuer.NewSite("LMC").PrivateFile())
	files, err := c.SiteKeys(t.Context())
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var file struct{ KID, Site string }
	if err := json.Unmarshal(files[0], &file); err != nil || file.Site != "HZMB" || file.KID != hex.EncodeToString(site.KID) {
		t.Errorf("a key of %q, %v", file.Site, err)
	}
	if !bytes.Equal(files[0], site.PrivateFile()) {
		t.Error("it is not the file that the centre has")
	}
}

// TestLeases: whatever devices ask for, no more is out than the day has.
func TestLeases(t *testing.T) {
	b := newBench(t)
	one, _ := b.device("g1", "HZMB")
	two, _ := b.device("g2", "HZMB")
	b.post("/quota", url.Values{"quota": {"HK"}, "day": {"2026-11-21"}, "tokens": {"100"}})
	if signed, err := one.Lease(t.Context(), "HK", "2026-11-21", "g1/7", 60); err != nil || len(signed) == 0 {
		t.Fatal(err)
	}
	if _, err := one.Lease(t.Context(), "HK", "2026-11-21", "g2/7", 10); !errors.Is(err, ErrRefused) {
		t.Errorf("in another's name: %v", err)
	}
	if _, err := two.Lease(t.Context(), "HK", "2026-11-21", "g2/9", 60); err != nil {
		t.Fatalf("what is left: %v", err)
	}
	if signed, err := one.Lease(t.Context(), "HK", "2026-11-21", "g1/7", 61); err != nil || len(signed) == 0 { // in case it did not get it
		t.Errorf("more than there is: not what it was given, once more: %v", err)
	}
	if _, err := one.Lease(t.Context(), "HK", "2026-11-21", "g1/8", 1); !errors.Is(err, ErrRefused) {
		t.Errorf("one in another epoch, of nothing: %v", err)
	}
	var q struct{ Tokens, Out uint64 }
	if err := json.Unmarshal(b.get("/quota"), &q); err != nil || q.Out != 100 {
		t.Errorf("%+v, %v: want 60 and the 40 that were left", q, err)
	}
}

func TestIssue(t *testing.T) {
	b := newBench(t)
	c, _ := b.device("g1", "HZMB")
	text, _, err := c.Issue(t.Context(), "form-1", Document{"HKID", "A123456(3)", "2019-05-01"})
	if err != nil || text != "HCT1:READY" {
		t.Errorf("%q, %v", text, err)
	}
	text, reason, err := c.Issue(t.Context(), "form-2", Document{"HKID", "B000000(0)", "2001-01-01"})
	if err != nil || text != "" || reason != "a test is missing" {
		t.Errorf("%q, %q, %v", text, reason, err)
	}
	if _, _, err = c.Issue(t.Context(), "form-1", Document{"HKID", "B000000(0)", "2001-01-01"}); !errors.Is(err, ErrRefused) {
		t.Errorf("another application under the same id: %v", err)
	}
}

// cutting lets so many requests through and then none.
type cutting struct {
	Line
	left int
	sent int // bytes
}

var errCut = errors.New("cut")

func (c *cutting) Ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if c.left--; c.left < 0 {
		return nil, errCut
	}
	c.sent += len(data)
	return c.Line.Ask(ctx, subject, data)
}

// TestPacket: a packet whose line is cut in the middle goes on where it was.
func TestPacket(t *testing.T) {
	b := newBench(t)
	c, key := b.device("g1", "HZMB")
	sealed := make([]byte, maxPacket)
	rand.Read(sealed)
	line := &cutting{Line: c.line, left: 4}
	half := New(line, b.options("g1", "HZMB", key))
	if _, err := half.Packet(t.Context(), "p1", sealed); !errors.Is(err, ErrUnknown) {
		t.Fatalf("cut: %v", err)
	}
	line.left, line.sent = 1000, 0
	r, err := half.Packet(t.Context(), "p1", sealed)
	if err != nil || len(r.Signed) == 0 {
		t.Fatal(err)
	}
	if most := (maxPacket - 3*chunkSize) * 3 / 2; line.sent > most {
		t.Errorf("%d bytes after the cut, want at most %d: three chunks were there", line.sent, most)
	}
	sum := sha256.Sum256(sealed)
	kept, err := os.ReadFile(filepath.Join(b.dir, "packets", "g1-"+hex.EncodeToString(sum[:])))
	if err != nil || !bytes.Equal(kept, sealed) {
		t.Errorf("the centre has something else: %v", err)
	}
	line.sent = 0
	if _, err := half.Packet(t.Context(), "p1", sealed); err != nil || line.sent > 4096 {
		t.Errorf("a packet that is there is sent again: %d bytes, %v", line.sent, err)
	}
	for _, bad := range [][]byte{nil, make([]byte, maxPacket+1)} {
		if _, err := c.Packet(t.Context(), "p2", bad); !errors.Is(err, ErrPacket) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

// TestOthers: requests that are signed by another device, for another site or of another
// kind than their subject get no answer, and a key that is used twice nothing new.
func TestOthers(t *testing.T) {
	b := newBench(t)
	c, key := b.device("g1", "HZMB")
	stranger, strange := b.device("x1", "LMC")
	silent := func(name, subject string, o Options, body question) {
		t.Helper()
		payload, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := o.Sign("request", payload)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if data, err := c.line.Ask(ctx, subject, signed); err == nil {
			t.Errorf("%s: answered, %d bytes", name, len(data))
		}
	}
	id := strings.Repeat("ab", 16)
	o, s := b.options("g1", "HZMB", key), b.options("x1", "LMC", strange)
	good := question{1, "g1", "HZMB", "identity", id, 1, Document{}}
	silent("signed by another", "rq.hzmb.identity", s, good)
	silent("of another kind", "rq.hzmb.sitekey", o, good)
	silent("another's site", "rq.hzmb.sitekey", s, question{1, "x1", "HZMB", "sitekey", id, 1, nil})
	silent("signed as a batch", "rq.hzmb.identity", Options{Sign: func(_ string, p []byte) ([]byte, error) { return key.Sign("batch", p) }}, good)
	bad := good
	bad.Key = "short"
	silent("without a key", "rq.hzmb.identity", o, bad)

	if _, err := c.ask(t.Context(), soon, "otp.send", id, map[string]string{"phone": "+85291234567"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ask(t.Context(), soon, "otp.send", id, map[string]string{"phone": "+85290000000"}, nil); !errors.Is(err, ErrRefused) {
		t.Errorf("another request under the same key: %v", err)
	}
	if _, err := stranger.ask(t.Context(), soon, "otp.send", id, map[string]string{"phone": "+85390000000"}, nil); err != nil {
		t.Errorf("another device's key is its own: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "sms.jsonl"))
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("messages: %s, %v", text, err)
	}
}

// TestSameAnswer sends the very same request twice: one message goes out, one answer comes.
func TestSameAnswer(t *testing.T) {
	b := newBench(t)
	c, key := b.device("g1", "HZMB")
	payload, err := json.Marshal(question{1, "g1", "HZMB", "otp.send", strings.Repeat("cd", 16), 1, map[string]string{"phone": "+85291234567"}})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := key.Sign("request", payload)
	if err != nil {
		t.Fatal(err)
	}
	var answers [2][]byte
	for i := range answers {
		data, err := c.line.Ask(t.Context(), "rq.hzmb.otp.send", signed)
		if err == nil {
			answers[i], err = sign1.Open(b.keys, "reply", data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(answers[0], answers[1]) {
		t.Errorf("two answers: %s and %s", answers[0], answers[1])
	}
	if text, err := os.ReadFile(filepath.Join(b.dir, "sms.jsonl")); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("messages: %s, %v", text, err)
	}
}
