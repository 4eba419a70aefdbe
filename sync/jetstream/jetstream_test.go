package jetstream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestOptions: with the client's defaults a device would give up, forget or crowd (SYNC section 1).
// Each of these is what the default is not, so that leaving one out shows.
func TestOptions(t *testing.T) {
	l := &Link{o: Options{Device: "g1", Pause: 6 * time.Second}}
	ours, defaults := nats.GetDefaultOptions(), nats.GetDefaultOptions()
	for _, set := range l.options() {
		if err := set(&ours); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		of   func(nats.Options) any
		want any
	}{
		{"RetryOnFailedConnect", func(o nats.Options) any { return o.RetryOnFailedConnect }, true},
		{"MaxReconnects", func(o nats.Options) any { return o.MaxReconnect }, -1},
		{"ReconnectBufSize", func(o nats.Options) any { return o.ReconnectBufSize }, -1},
		{"IgnoreAuthErrorAbort", func(o nats.Options) any { return o.IgnoreAuthErrorAbort }, true},
		{"ReconnectWait", func(o nats.Options) any { return o.ReconnectWait }, time.Second},
		{"ReconnectJitter", func(o nats.Options) any { return o.ReconnectJitter }, 5 * time.Second},
		{"ReconnectJitter with TLS", func(o nats.Options) any { return o.ReconnectJitterTLS }, 10 * time.Second},
		{"CustomInboxPrefix", func(o nats.Options) any { return o.InboxPrefix }, "_INBOX_g1"},
		{"PingInterval", func(o nats.Options) any { return o.PingInterval }, 20 * time.Second},
		{"Timeout", func(o nats.Options) any { return o.Timeout }, 5 * time.Second},
		{"Name", func(o nats.Options) any { return o.Name }, "g1"},
	} {
		if c.of(ours) != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.of(ours), c.want)
		}
		if c.of(defaults) == c.want {
			t.Errorf("%s: the client does so by itself: take the option out", c.name)
		}
	}
	for name, set := range map[string]bool{"ConnectHandler": ours.ConnectedCB != nil, "ReconnectHandler": ours.ReconnectedCB != nil,
		"DisconnectErrHandler": ours.DisconnectedErrCB != nil, "ReconnectErrHandler": ours.ReconnectErrCB != nil, "ErrorHandler": ours.AsyncErrorCB != nil} {
		if !set {
			t.Errorf("%s is not set: health would not know of the line", name)
		}
	}
}

func TestDeviceNames(t *testing.T) {
	for _, name := range []string{"", ">", "g1.x", "g 1"} {
		if l, err := Open(Options{URL: "nats://127.0.0.1:1", Device: name}); err == nil {
			l.Close()
			t.Errorf("device %q accepted", name)
		}
	}
}

func open(t testing.TB, url string) *Link {
	l, err := Open(Options{URL: url, Device: "g1", Log: slog.New(slog.DiscardHandler), Pause: 60 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func startCentre(t testing.TB, dir string, port int) (c *centre.Centre, stop func()) {
	c, err := centre.New(centre.Options{Dir: dir, NATSPort: port})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ended by stop
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return c, stop
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// TestLine goes through a device's day: booted offline, centre comes, goes, comes again.
func TestLine(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	l := open(t, natsURL(port))
	if err := l.Publish(t.Context(), "1", []byte("x")); err == nil || l.State().Connected {
		t.Fatalf("published into the void: %v", err)
	}
	if _, err := l.Fetch(t.Context(), "timestamp.json", 10); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("offline is not the same as not there: %v", err)
	}

	c, stop := startCentre(t, dir, port)
	eventually(t, "connected", func() bool { return l.State().Connected })
	eventually(t, "stored", func() bool { return l.Publish(t.Context(), "1", []byte("x")) == nil })
	eventually(t, "no mark yet", func() bool { // the centre may still be making its streams
		m, err := l.LastMark(t.Context())
		if m != nil {
			t.Fatalf("a mark from nowhere: %x", m)
		}
		return err == nil
	})

	repo := t.TempDir()
	for name, text := range map[string]string{"timestamp.json": `{"signed":{"version":1}}`, "targets/a.txt": "0123456789"} {
		if err := os.MkdirAll(filepath.Join(repo, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.Post(c.HTTPURL()+"/publish?dir="+url.QueryEscape(repo), "", nil)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	r.Body.Close()
	select {
	case <-l.Hints():
	case <-time.After(10 * time.Second):
		t.Fatal("no hint")
	}
	if b, err := l.Fetch(t.Context(), "targets/a.txt", 10); err != nil || string(b) != "0123456789" {
		t.Errorf("fetched %q, %v", b, err)
	}
	if _, err := l.Fetch(t.Context(), "targets/a.txt", 9); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := l.Fetch(t.Context(), "2.root.json", 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}

	info, err := func() (*jetstream.ObjectInfo, error) {
		bucket, err := l.js.ObjectStore(t.Context(), bucketName)
		if err != nil {
			return nil, err
		}
		return bucket.GetInfo(t.Context(), "targets/a.txt")
	}()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.Publish(t.Context(), chunkSubject+info.NUID, []byte("9876543210")); err != nil { // whoever writes there
		t.Fatal(err)
	}
	if b, err := l.Fetch(t.Context(), "targets/a.txt", 10); !errors.Is(err, jetstream.ErrDigestMismatch) {
		t.Errorf("other bytes than the ones that were stored: %q, %v", b, err)
	}

	for i, o := range []string{`{"kind":"breaker","state":"halt"}`, `{"kind":"breaker","state":"open"}`, `{"kind":"lockdown","state":"halt","scope":{"lane":"1"}}`} {
		r, err := http.Post(c.HTTPURL()+"/order", "application/json", strings.NewReader(o))
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatal(r, err)
		}
		r.Body.Close()
		select {
		case word := <-l.Words():
			if len(word) < 100 || word[0] != 0xd2 {
				t.Errorf("order %d: %x", i, word)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no order")
		}
	}
	post := func(path string, want int) {
		t.Helper()
		r, err := http.Post(c.HTTPURL()+path, "", nil)
		if err != nil || r.StatusCode != want {
			t.Fatal(path, r, err)
		}
		r.Body.Close()
	}
	post("/quota?quota=q&day=2026-11-21&tokens=9", http.StatusOK)
	post("/lease?quota=q&day=2026-11-21&holder=g2/7&tokens=5", http.StatusOK)
	post("/lease?quota=q&day=2026-11-21&holder=g1/7&tokens=5", http.StatusUnprocessableEntity) // 10 of 9
	post("/lease?quota=q&day=2026-11-21&holder=g1/7&tokens=4", http.StatusOK)
	select {
	case <-l.Words():
	case <-time.After(10 * time.Second):
		t.Fatal("no lease")
	}
	if all, err := l.Standing(t.Context()); err != nil || len(all) != 3 { // two orders that stand, and its own lease
		t.Errorf("%d stand, %v", len(all), err)
	}
	for i := range pageOfWords + 10 { // more than come at once
		if _, err := l.js.Publish(t.Context(), fmt.Sprintf("order.x%d", i), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := l.Standing(t.Context()); err != nil || len(all) != 3+pageOfWords+10 {
		t.Errorf("%d stand, %v", len(all), err)
	}
	if err := errors.Join(l.Tell(t.Context(), "cp", []byte("x")), l.Tell(t.Context(), "lr", []byte("x"))); err != nil {
		t.Error(err)
	}

	stop()
	eventually(t, "down", func() bool { return !l.State().Connected })
	if err := l.Publish(t.Context(), "2", []byte("y")); err == nil {
		t.Error("published while the centre is down")
	}
	startCentre(t, dir, port)
	eventually(t, "connected again", func() bool { return l.State().Connected })
	eventually(t, "stored again", func() bool { return l.Publish(t.Context(), "2", []byte("y")) == nil })
}

func natsURL(port int) string {
	return (&url.URL{Scheme: "nats", Host: (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String()}).String()
}

func TestHintsHaveNoContent(t *testing.T) {
	l := &Link{hints: make(chan struct{}, 1)}
	for _, other := range []string{``, `{`, `{"hint":"open"}`} {
		if l.pushed([]byte(other)); len(l.hints) != 0 {
			t.Errorf("%q wakes", other)
		}
	}
	l.pushed([]byte(`{"v":1,"hint":"bundle","version":3}`))
	l.pushed([]byte(`{"v":1,"hint":"bundle","version":4}`))
	if len(l.hints) != 1 {
		t.Error("hints do not fold into one")
	}
}

func TestNewestMarksStay(t *testing.T) {
	c := make(chan []byte, 2)
	for n := range byte(5) {
		keepNewest(c, []byte{n})
	}
	if a, b := <-c, <-c; a[0] != 3 || b[0] != 4 {
		t.Errorf("kept %d and %d", a[0], b[0])
	}
}

// TestFloodOfWords: of words that come faster than they are read the newest stay, and it is known
// that there were more.
func TestFloodOfWords(t *testing.T) {
	l := &Link{words: make(chan []byte, 2)}
	for i := range 2 {
		l.pushed([]byte{0xd2, byte(i)})
	}
	if l.Missed() {
		t.Error("nothing was dropped")
	}
	l.pushed([]byte{0xd2, 2})
	if !l.Missed() || l.Missed() || (<-l.words)[1] != 1 || (<-l.words)[1] != 2 {
		t.Error("not the newest, or nobody is told")
	}
}
