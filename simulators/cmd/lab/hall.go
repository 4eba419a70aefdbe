package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/simulators/issuer"
)

// device and site are the names of the one device of the lab.
const (
	deviceName = "gate-01"
	siteName   = "HZMB-DEP"
)

// hall is the bench, the centre and the real program, each a process of its own,
// with a line between device and centre that can be cut.
type hall struct {
	dir        string // everything the lab writes
	program    string // the checkpoint binary
	lab        string // this one, which is bench and centre too
	port       int    // of the lab's own page; the screens follow it as on a real device
	fast       bool   // short waits, so that a run ends soon
	seed       uint64
	cast       *cast
	lanes      []laneLink
	places     []place
	centrePort int // of the centre's status page
	natsPort   int
	cluster    string // URL of the NATS cluster in place of the centre's own server; "" = none

	link   *link
	centre *process

	pressing sync.Mutex // one press at a time
	mu       sync.Mutex // guards device, which is killed and started while people pass
	device   *process

	bench      *process
	benchIn    *speaker
	benchLines chan line  // closed when the bench ends
	seen       func(seen) // told what can be seen at a lane; nil: nobody looks
}

// path returns a path below the lab's folder.
func (h *hall) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// open starts everything in the order in which a real hall comes up, and returns
// when the lanes' devices are there and the program runs.
func (h *hall) open(ctx context.Context) error {
	for _, d := range []string{"centre", "device", "logs", "registry", "source"} {
		if err := os.MkdirAll(h.path(d), 0o755); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"issue keys", h.writeSource},
		{"start the centre", h.startCentre},
		{"enrol the device", h.enrol},
		{"publish the first bundle", h.publish},
		{"set up the bench", h.startBench},
		{"configure the device", func(context.Context) error { return h.configure() }},
		{"start the program", func(context.Context) error { return h.startDevice() }},
		{"wait for the program", h.ready},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// checkpoint runs the product with arguments and returns what it printed.
func (h *hall) checkpoint(ctx context.Context, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, h.program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("checkpoint %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

func (h *hall) startCentre(ctx context.Context) (err error) {
	if h.natsPort == 0 {
		if h.natsPort, err = freePort(); err != nil {
			return err
		}
		if h.centrePort, err = freePort(); err != nil {
			return err
		}
		to, err := h.lineTo()
		if err != nil {
			return err
		}
		if h.link, err = newLink(to); err != nil {
			return err
		}
	}
	h.centre, err = start("centre", h.path("logs", "centre.log"), nil, nil, h.lab, "centre",
		"--dir", h.path("centre"), "--registry", h.path("registry"),
		"--nats", cmp.Or(h.cluster, strconv.Itoa(h.natsPort)), "--http", strconv.Itoa(h.centrePort))
	if err != nil {
		return err
	}
	return until(ctx, 20*time.Second, "the centre answers", func() bool {
		_, err := h.ask("/counts")
		return err == nil
	})
}

// lineTo is where the device's line ends.
func (h *hall) lineTo() (string, error) {
	if h.cluster == "" {
		return fmt.Sprintf("127.0.0.1:%d", h.natsPort), nil
	}
	u, err := url.Parse(h.cluster)
	if err != nil || u.Scheme != "nats" || u.Port() == "" {
		return "", fmt.Errorf("--nats %q: use one nats://host:port", h.cluster)
	}
	return u.Host, nil
}

// ask reads one page of the centre.
func (h *hall) ask(page string) ([]byte, error) {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", h.centrePort, page))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("centre: %s: %s", r.Status, bytes.TrimSpace(body))
	}
	return body, err
}

// enrol has the device make its key and hands the centre its card.
func (h *hall) enrol(ctx context.Context) error {
	card, err := h.checkpoint(ctx, "enroll", "--state", h.path("device"), "--device", deviceName, "--site", siteName)
	if err != nil {
		return err
	}
	return os.WriteFile(h.path("registry", deviceName+".json"), card, 0o644)
}

// publish checks and signs what lies in the source folder and hands it to the centre.
func (h *hall) publish(ctx context.Context) error {
	keys, err := h.ask("/keys")
	if err != nil {
		return err
	}
	if keys, err = joined(keys, issuer.KeysFile(nil, []*issuer.Site{h.cast.site})); err != nil {
		return err
	}
	if err := os.WriteFile(h.path("source", "keys.json"), keys, 0o644); err != nil {
		return err
	}
	if err := h.writeOrders(); err != nil {
		return err
	}
	if err := os.RemoveAll(h.path("targets")); err != nil {
		return err
	}
	if _, err := h.checkpoint(ctx, "bundle", "build", h.path("source"), "-o", h.path("targets")); err != nil {
		return err
	}
	sign := []string{"bundle", "sign", "--keys", h.path("keys"), h.path("targets"), "-o", h.path("repository")}
	if _, err := os.Stat(h.path("repository", "timestamp.json")); errors.Is(err, os.ErrNotExist) {
		sign = append(sign, "--init")
	}
	if _, err := h.checkpoint(ctx, sign...); err != nil {
		return err
	}
	return h.send()
}

// joined is two files of public keys in one.
func joined(a, b []byte) ([]byte, error) {
	var one, other map[string]any
	if err := errors.Join(json.Unmarshal(a, &one), json.Unmarshal(b, &other)); err != nil {
		return nil, err
	}
	for name, more := range other {
		if list, ok := more.([]any); ok {
			had, _ := one[name].([]any)
			one[name] = append(had, list...)
		}
	}
	return json.Marshal(one)
}

// send hands the signed repository to the centre as it is.
func (h *hall) send() error {
	client := http.Client{Timeout: 30 * time.Second}
	r, err := client.PostForm(fmt.Sprintf("http://127.0.0.1:%d/publish", h.centrePort), map[string][]string{"dir": {h.path("repository")}})
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode/100 != 2 {
		why, _ := io.ReadAll(r.Body)
		return fmt.Errorf("the centre refuses the bundle: %s", bytes.TrimSpace(why))
	}
	return nil
}

func (h *hall) startBench(ctx context.Context) error {
	in, feed, err := os.Pipe()
	if err != nil {
		return err
	}
	said, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close() // the bench has its own copies
	defer out.Close()
	args := []string{"bench", "--dir", h.dir, "--seed", strconv.FormatUint(h.seed, 10)}
	for _, l := range h.lanes {
		args = append(args, "--lane", l.Name+"="+l.Kind)
	}
	if h.fast {
		args = append(args, "--fast")
	}
	if h.bench, err = start("bench", h.path("logs", "bench.log"), in, out, h.lab, args...); err != nil {
		return err
	}
	h.benchIn, h.benchLines = &speaker{out: json.NewEncoder(feed)}, make(chan line, 64)
	go h.listen(said) // ends with the bench
	select {
	case l, ok := <-h.benchLines:
		if !ok || len(l.Ready) != len(h.lanes) {
			return errors.New("the bench did not come up: see logs/bench.log")
		}
		h.places = make([]place, len(h.lanes))
		for i := range h.lanes {
			at := slices.IndexFunc(l.Ready, func(p place) bool { return p.Lane == h.lanes[i].Name })
			if at < 0 {
				return fmt.Errorf("the bench has no lane %s", h.lanes[i].Name)
			}
			h.places[i], h.lanes[i].Camera = l.Ready[at], l.Ready[at].Camera
		}
		return nil
	case <-time.After(20 * time.Second):
		return errors.New("the bench did not come up within 20 s: see logs/bench.log")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hall) listen(said io.Reader) {
	defer close(h.benchLines)
	s := bufio.NewScanner(said)
	for s.Scan() {
		var l line
		switch {
		case json.Unmarshal(s.Bytes(), &l) != nil:
		case l.Seen == nil:
			h.benchLines <- l
		case h.seen != nil:
			h.seen(*l.Seen)
		}
	}
}

func (h *hall) startDevice() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var err error
	h.device, err = start("checkpoint", h.path("logs", "checkpoint.log"), nil, nil, h.program, "run", "--config", h.path("checkpoint.toml"))
	return err
}

// ready waits until the program serves its pages.
func (h *hall) ready(ctx context.Context) error {
	client := http.Client{Timeout: time.Second}
	return until(ctx, 15*time.Second, "the attendant's page answers", func() bool {
		r, err := client.Get(h.url(10))
		if err == nil {
			r.Body.Close()
		}
		return err == nil
	})
}

// killDevice ends the program as a power cut would, and starts it again.
func (h *hall) killDevice() error {
	h.mu.Lock()
	h.device.kill()
	h.mu.Unlock()
	return h.startDevice()
}

// killCentre ends the centre as a power cut would, and starts it again.
func (h *hall) killCentre(ctx context.Context) error {
	h.centre.kill()
	return h.startCentre(ctx)
}

// close ends everything, the program first, and reports who did not end cleanly.
func (h *hall) close() error {
	var faults []error
	h.mu.Lock()
	for _, p := range []*process{h.device, h.centre, h.bench} {
		if p != nil {
			faults = append(faults, p.stop(15*time.Second))
		}
	}
	h.device, h.centre, h.bench = nil, nil, nil
	h.mu.Unlock()
	if h.link != nil {
		h.link.close()
	}
	return errors.Join(faults...)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
