package outbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
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

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
