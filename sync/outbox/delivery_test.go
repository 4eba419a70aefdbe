package outbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/jetstream"
	"example.org/checkpoint/sync/outbox"
	"example.org/checkpoint/sync/sign1"
)

// A centre in a process of its own, so that it can be killed.
const childDir, childNATS, childHTTP = "CHECKPOINT_TEST_CENTRE", "CHECKPOINT_TEST_CENTRE_NATS", "CHECKPOINT_TEST_CENTRE_HTTP"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	natsPort, err := strconv.Atoi(os.Getenv(childNATS))
	httpPort, err2 := strconv.Atoi(os.Getenv(childHTTP))
	if err := errors.Join(err, err2); err != nil {
		panic(err)
	}
	c, err := centre.New(centre.Options{Dir: dir, NATSPort: natsPort, HTTPPort: httpPort})
	if err != nil {
		panic(err)
	}
	panic(c.Run(context.Background()))
}

type world struct {
	t                  testing.TB
	dir                string // the centre's
	natsPort, httpPort int
	child              *exec.Cmd
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir(), natsPort: freePort(t), httpPort: freePort(t)}
	w.start()
	t.Cleanup(w.kill)
	return w
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (w *world) start() {
	w.t.Helper()
	w.child = exec.Command(os.Args[0], "-test.run=^$")
	w.child.Env = append(os.Environ(), childDir+"="+w.dir, childNATS+"="+strconv.Itoa(w.natsPort), childHTTP+"="+strconv.Itoa(w.httpPort))
	w.child.Stderr = os.Stderr
	w.child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := w.child.Start(); err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, "a centre", func() bool { _, err := w.get("/counts"); return err == nil })
}

// kill ends the centre as a power cut of its process would.
func (w *world) kill() {
	if w.child != nil {
		_ = w.child.Process.Kill()
		_ = w.child.Wait()
		w.child = nil
	}
}

func (w *world) get(path string) (io.Reader, error) {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", w.httpPort, path))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return bytes.NewReader(body), err
}

func (w *world) counts() (c centre.Counts) {
	w.t.Helper()
	body, err := w.get("/counts")
	if err == nil {
		err = json.NewDecoder(body).Decode(&c)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// exactly checks that the centre holds the device's events from 1 to n, each once, in a whole chain.
func (w *world) exactly(n uint64) {
	w.t.Helper()
	body, err := w.get("/events?device=g1&limit=1000000")
	if err != nil {
		w.t.Fatal(err)
	}
	want := uint64(1)
	lines := bufio.NewScanner(body)
	for lines.Buffer(nil, 1<<20); lines.Scan(); want++ {
		var e centre.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Seq != want || len(e.Event) < 100 {
			w.t.Fatalf("event %d is %s, %v", want, lines.Text(), err)
		}
	}
	if want != n+1 {
		w.t.Fatalf("the centre holds %d events of %d", want-1, n)
	}
	if c := w.counts(); c.Conflicts+c.Broken+c.Gaps != 0 {
		w.t.Errorf("%+v", c)
	}
}

// tap is a link that remembers what went through.
type tap struct {
	*jetstream.Link
	mu   sync.Mutex
	sent [][]byte
}

func (l *tap) Publish(ctx context.Context, id string, batch []byte) error {
	l.mu.Lock()
	l.sent = append(l.sent, batch)
	l.mu.Unlock()
	return l.Link.Publish(ctx, id, batch)
}

type device struct {
	t    testing.TB
	w    *world
	dir  string
	j    *journal.Journal
	key  *enrol.Key
	link *tap
	out  *outbox.Outbox
	stop func()
}

// newDevice makes a device that is not enrolled yet.
func newDevice(t testing.TB, w *world) *device {
	d := &device{t: t, w: w, dir: t.TempDir()}
	var err error
	if d.key, _, err = enrol.Load(d.dir); err != nil {
		t.Fatal(err)
	}
	if d.j, err = journal.Open(d.dir, journal.Options{Device: "g1", Site: "LW"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.j.Close() })
	return d
}

func (d *device) enrol() {
	card, err := d.key.Card("g1", "LW")
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := json.Marshal(card)
	if err == nil {
		err = os.WriteFile(filepath.Join(d.w.dir, "registry", "g1.json"), text, 0o600)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// run starts the outbox on a line to the given port.
func (d *device) run(port int) {
	body, err := d.w.get("/keys")
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		d.t.Fatal(err)
	}
	dated, err := sign1.ReadKeys(text, "mark")
	if err != nil {
		d.t.Fatal(err)
	}
	keys := dated.At(time.Now())
	log := slog.New(slog.DiscardHandler)
	link, err := jetstream.Open(jetstream.Options{URL: fmt.Sprintf("nats://127.0.0.1:%d", port), Device: "g1", Log: log, Pause: 60 * time.Millisecond})
	if err != nil {
		d.t.Fatal(err)
	}
	d.link = &tap{Link: link}
	d.out = outbox.New(d.j, d.link, outbox.Options{Device: "g1", Sign: d.key.Sign, MarkKeys: func() sign1.Keys { return keys }, Patience: 300 * time.Millisecond, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.out.Run(ctx) }() // ended by stop
	stopped := false
	d.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			d.t.Errorf("Run: %v", err)
		}
		link.Close()
	}
	d.t.Cleanup(d.stop)
}

func (d *device) append(n int) {
	d.t.Helper()
	for range n {
		if err := d.j.Append(event.Event{At: time.Now(), Kind: event.Condition, Note: map[string]string{"code": "test"}}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *device) delivered() {
	d.t.Helper()
	eventually(d.t, "delivered", func() bool { return d.j.Stats().Unsynced == 0 })
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// TestCentreKilled: kill -9 again and again while events come; nothing is lost, nothing doubled,
// and what was overheard can be sent again without effect.
func TestCentreKilled(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	d.run(w.natsPort)
	for range 3 {
		d.append(40)
		w.kill()
		d.append(40)
		w.start()
	}
	d.stop() // the device too: cursors in memory are gone
	d.append(40)
	d.run(w.natsPort)
	d.delivered()
	n := d.j.Stats().Seq
	w.exactly(n)
	if s := d.out.State(); s.Fault != nil || s.Seq != n || s.Accepted.IsZero() {
		t.Errorf("%+v", s)
	}

	before := w.counts()
	for i, batch := range d.link.sent {
		if err := d.link.Link.Publish(t.Context(), fmt.Sprintf("replay/%d", i), batch); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "doubles", func() bool { return w.counts().Doubles > before.Doubles })
	w.exactly(n)
}

// backup copies what a backup takes of a stopped device, and putBack puts it back.
func (d *device) backup() string {
	d.t.Helper()
	to := d.t.TempDir()
	copyFiles(d.t, d.dir, to)
	return to
}

func (d *device) putBack(from string, names ...string) {
	d.t.Helper()
	if err := d.j.Close(); err != nil {
		d.t.Fatal(err)
	}
	copyFiles(d.t, from, d.dir, names...)
	d.reopen()
}

func (d *device) reopen() {
	d.t.Helper()
	j, err := journal.Open(d.dir, journal.Options{Device: "g1", Site: "LW"})
	if err != nil {
		d.t.Fatal(err)
	}
	d.j = j
	d.t.Cleanup(func() { j.Close() })
}

func copyFiles(t testing.TB, from, to string, names ...string) {
	t.Helper()
	if len(names) == 0 {
		names = []string{"journal.db", "boot.json"}
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRestoredCopy: an old copy of the journal is put back. The centre holds more of its epoch,
// and names the event up to which it has been sent again: only by that it is confirmed.
func TestRestoredCopy(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	d.append(5)
	if err := d.j.Close(); err != nil {
		t.Fatal(err)
	}
	old := d.backup() // nothing of it is confirmed
	d.reopen()
	d.append(20)
	d.run(w.natsPort)
	d.delivered()
	d.stop()
	d.putBack(old, "journal.db")
	if s := d.j.Stats(); s.Origin != journal.Restored || s.Unsynced < 7 {
		t.Fatalf("%+v", s)
	}
	d.run(w.natsPort)
	d.delivered()
	if c := w.counts(); c.Conflicts+c.Broken+c.Gaps != 0 || c.Doubles < 6 || d.out.State().Fault != nil || d.j.Stats().Disputed != 0 {
		t.Errorf("%+v, %+v, %+v", c, d.out.State(), d.j.Stats())
	}
}

// TestDivergedCopy: the whole state directory is put back, and the device goes on under the same
// numbers with other events. They are not taken for delivered, and the centre's first word on
// them ends the epoch, so that they hold nothing up.
func TestDivergedCopy(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	d.append(5)
	if err := d.j.Close(); err != nil {
		t.Fatal(err)
	}
	old := d.backup()
	d.reopen()
	d.append(20)
	d.run(w.natsPort)
	d.delivered()
	d.stop()
	d.putBack(old)
	d.append(3)
	ours := d.j.Stats()
	if ours.Origin != journal.Continued {
		t.Fatalf("%+v", ours)
	}
	d.run(w.natsPort)
	eventually(t, "the conflict is seen", func() bool { return d.j.Stats().Disputed > 0 })
	d.append(3)
	d.delivered()
	if s := d.j.Stats(); s.Origin != journal.Restored || s.Disputed != ours.Seq {
		t.Errorf("%+v; %d were other than the centre's", s, ours.Seq)
	}
	if c := w.counts(); c.Conflicts == 0 {
		t.Errorf("%+v", c)
	}
}

// TestNotEnrolled: until the administrator approves the device nothing is stored as its, and nothing is deleted.
func TestNotEnrolled(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.append(3)
	d.run(w.natsPort)
	eventually(t, "not confirmed", func() bool { return errors.Is(d.out.State().Fault, outbox.ErrNoMark) })
	if s := d.j.Stats(); s.Unsynced != 4 || len(w.counts().Events) != 0 {
		t.Fatalf("%+v, %+v", s, w.counts())
	}
	d.enrol()
	d.delivered()
	w.exactly(4)
}

// TestBadLine: a line that swallows answers and breaks.
func TestBadLine(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	p := newProxy(t, w.natsPort)
	d.run(p.port)
	for range 4 {
		d.append(10)
		p.swallow(true) // the centre stores, and neither acknowledgement nor mark comes through
		d.append(10)
		eventually(t, "stored behind our back", func() bool { return w.counts().Events["condition"] > 0 })
		p.cut()
		p.swallow(false)
	}
	d.delivered()
	w.exactly(d.j.Stats().Seq)
}

// proxy is a line that can be made bad.
type proxy struct {
	port  int
	to    int
	mu    sync.Mutex
	deaf  bool
	conns []net.Conn
}

func newProxy(t testing.TB, to int) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{port: l.Addr().(*net.TCPAddr).Port, to: to}
	t.Cleanup(func() { l.Close(); p.cut() })
	go p.accept(l) // ended by closing l
	return p
}

func (p *proxy) accept(l net.Listener) {
	for {
		a, err := l.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.to))
		if err != nil {
			a.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, a, b)
		p.mu.Unlock()
		go p.copy(b, a, false) // both ended by cut
		go p.copy(a, b, true)
	}
}

func (p *proxy) copy(to, from net.Conn, down bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		drop := down && p.deaf
		p.mu.Unlock()
		if drop {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) swallow(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = on
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// BenchmarkDelivery is a backlog going to the centre: journal, batches of 200, signature, stream, sink, mark.
func BenchmarkDelivery(b *testing.B) {
	w := newWorld(b)
	d := newDevice(b, w)
	d.enrol()
	d.append(2000)
	n := d.j.Stats().Unsynced
	b.ResetTimer()
	d.run(w.natsPort)
	for b.Loop() {
		d.delivered()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
