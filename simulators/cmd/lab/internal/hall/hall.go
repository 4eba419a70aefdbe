// Package hall opens a whole hall on one machine: the bench, the centre and the real program,
// each a process of its own. It lets people come, breaks what it is told to, and compares what
// each party knows in the end.
package hall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/page"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// Device is the name of the one device of the lab.
const Device = "gate-01"

// Options say what hall it is.
type Options struct {
	Dir     string // everything the lab writes, an absolute path
	Program string // the checkpoint binary
	Lab     string // the lab's, which is bench and centre too
	Port    int    // of the lab's own page; the screens follow it as on a real device
	Fast    bool   // short waits, so that a run ends soon
	Seed    uint64 // the same seed, the same people; 0: another one each time
	Cluster string // URLs of a NATS cluster in place of the centre's own, with commas; "": none
	Nodes   int    // nats-server of the centre's own: 3 are a cluster; 0 or 1: one, in its process
	Hub     bool   // where the lanes of the hall meet
}

// Hall is bench, centre and program, with a line between device and centre that can be cut.
type Hall struct {
	Lanes []bench.Lane
	Page  *page.Page

	o          Options
	cast       *cast.Cast
	places     []bench.Place
	centrePort int      // of the centre's status page
	servers    []string // nats-server of the centre, host:port
	hubPort    int      // 0: the hall has no hub

	link    *process.Link // to the centre
	hubLink *process.Link // to the hub; nil if there is none
	nodes   []*process.Process
	node    int              // that was killed last
	hub     *process.Process // nil if there is none
	centre  *process.Process

	pressing sync.Mutex // one press at a time
	mu       sync.Mutex // guards device, which is killed and started while people pass
	device   *process.Process

	bench      *process.Process
	benchIn    *process.Speaker
	benchLines chan bench.Line // closed when the bench ends
}

// New prepares a hall. Its folder must exist.
func New(o Options) *Hall {
	o.Seed = cmp.Or(o.Seed, rand.Uint64())
	h := &Hall{o: o}
	h.Lanes = []bench.Lane{{Name: "1", Kind: bench.Border, Screen: h.URL(1)}, {Name: "M", Kind: bench.Venue, Screen: h.URL(12)}}
	h.Page = page.New(h.Lanes, h.Attendant(), o.pressables(), h.press)
	return h
}

// URL is the address of a surface, counted from the lab's own page: the lanes' displays follow
// it, the attendant's page is 10, the venue's screen 12.
func (h *Hall) URL(offset int) string { return fmt.Sprintf("http://127.0.0.1:%d/", h.o.Port+offset) }

// Attendant is the address of the attendant's page, with what opens it for whoever overrules.
func (h *Hall) Attendant() string { return h.URL(10) + "?token=" + token }

// token is asked for by the attendant's page. Everybody knows it: this is a lab.
const token = "lab"

// path returns a path below the lab's folder.
func (h *Hall) path(parts ...string) string {
	return filepath.Join(append([]string{h.o.Dir}, parts...)...)
}

// Open starts everything in the order in which a real hall comes up, and returns
// when the lanes' devices are there and the program runs.
func (h *Hall) Open(ctx context.Context) error {
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
		{"start the servers", h.startServers},
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

// Close ends everything, the program first, and reports who did not end cleanly.
func (h *Hall) Close() error {
	var faults []error
	h.mu.Lock()
	for _, p := range slices.Concat([]*process.Process{h.device, h.centre, h.hub, h.bench}, h.nodes) {
		if p != nil {
			faults = append(faults, p.Stop(15*time.Second))
		}
	}
	h.device, h.centre, h.hub, h.bench, h.nodes = nil, nil, nil, nil, nil
	h.mu.Unlock()
	for _, l := range []*process.Link{h.link, h.hubLink} {
		if l != nil {
			l.Close()
		}
	}
	return errors.Join(faults...)
}
