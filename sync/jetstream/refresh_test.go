package jetstream

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/publish"
)

// counted is a line that counts what goes over it, in bytes, both ways, with all that NATS says of it.
type counted struct {
	port  int
	bytes atomic.Int64
}

func newCounted(t testing.TB, to int) *counted {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &counted{port: l.Addr().(*net.TCPAddr).Port}
	go func() { // ended by closing l
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
			if err != nil {
				near.Close()
				continue
			}
			go c.carry(near, far) // both ended by either end
			go c.carry(far, near)
		}
	}()
	return c
}

func (c *counted) carry(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		c.bytes.Add(int64(n))
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// repository is a signed set of 40 schemes with five files each, as in SYNC section 2, and a list
// of 100,000 withdrawn codes.
type repository struct {
	t     testing.TB
	dir   string
	keys  publish.Keys
	files fstest.MapFS
	now   time.Time
}

func newRepository(t testing.TB) *repository {
	key := func() ed25519.PrivateKey {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	r := &repository{t: t, dir: t.TempDir(), now: time.Now(), files: fstest.MapFS{},
		keys: publish.Keys{Threshold: 2, Roots: []ed25519.PrivateKey{key(), key(), key()}, Targets: key(), Snapshot: key(), Timestamp: key()}}
	for n := range 200 {
		r.files[fmt.Sprintf("trust/%02d-%d.json", n/5, n%5)] = &fstest.MapFile{Data: fmt.Appendf(nil, "%1200d", n)}
	}
	list := make([]byte, 800_000)
	if _, err := io.ReadFull(rand.Reader, list); err != nil {
		t.Fatal(err)
	}
	r.files["revoked/list.bin"] = &fstest.MapFile{Data: list}
	return r
}

// publish signs what is there, and has the centre send it out.
func (r *repository) publish(centre string) {
	r.t.Helper()
	r.now = r.now.Add(time.Second)
	if _, err := publish.Sign(r.dir, r.files, r.keys, r.now, publish.DefaultLifetimes); err != nil {
		r.t.Fatal(err)
	}
	said, err := http.Post(centre+"/publish?dir="+url.QueryEscape(r.dir), "", nil)
	if err != nil || said.StatusCode != http.StatusOK {
		r.t.Fatal(said, err)
	}
	said.Body.Close()
}

// BenchmarkRefresh brings a set to a device over its line: all of it, nothing new, and one file of it
// (docs/fleet.md).
func BenchmarkRefresh(b *testing.B) {
	port := freePort(b)
	c, _ := startCentre(b, b.TempDir(), port)
	wire := newCounted(b, port)
	l := open(b, natsURL(wire.port))
	eventually(b, "a line", func() bool { m, err := l.LastMark(b.Context()); return m == nil && err == nil })
	r := newRepository(b)
	r.publish(c.HTTPURL())
	root, err := os.ReadFile(filepath.Join(r.dir, "1.root.json"))
	if err != nil {
		b.Fatal(err)
	}
	store := func() *bundle.Store {
		s, err := bundle.Open(filepath.Join(b.TempDir(), "bundle.db"), root, l.Fetch)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		return s
	}
	take := func(s *bundle.Store, want bool) {
		set, changed, err := s.Refresh(b.Context(), bundle.Time{Now: r.now, Known: true})
		if err == nil && changed {
			err = s.Activate(set)
		}
		if err != nil || changed != want {
			b.Fatal(changed, err)
		}
	}
	measure := func(name string, prepare func() *bundle.Store, want bool) {
		b.Run(name, func(b *testing.B) {
			var sent int64
			for b.Loop() {
				b.StopTimer()
				s := prepare()
				before := wire.bytes.Load()
				b.StartTimer()
				take(s, want)
				sent += wire.bytes.Load() - before
			}
			b.ReportMetric(float64(sent)/float64(b.N), "B-wire")
		})
	}
	measure("cold", store, true)
	s := store()
	take(s, true)
	measure("no-change", func() *bundle.Store { return s }, false)
	n := 0
	measure("one-of-201", func() *bundle.Store {
		n++
		r.files["trust/07-0.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, "%1199d.", n)}
		r.publish(c.HTTPURL())
		return s
	}, true)
}
