package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/hall"
)

// runCmd is the lab as a newcomer starts it.
type runCmd struct {
	People     int           `help:"How many people come; 0: without end."`
	Fast       bool          `help:"Everybody hurries, waits are short."`
	Seed       uint64        `help:"Same seed, same people. 0: another one each time."`
	Dir        string        `help:"Folder for everything the lab writes, kept afterwards. Default: a temporary one, removed."`
	Port       int           `default:"8080" help:"Port of the lab's page; lane displays follow (+1, …), the attendant's page is +10, the venue's screen +12."`
	Checkpoint string        `help:"The program. Default: beside this one."`
	NATS       string        `name:"nats" help:"URL of a NATS cluster that the centre joins and the device uses, nats://host:port, in place of the centre's own server."`
	Nodes      int           `default:"1" enum:"1,3" help:"How many nats-server the centre has: 1, or a cluster of 3 that goes on without one of them."`
	Hub        bool          `help:"The hall has a hub, where its lanes meet while the centre is cut off."`
	Cut        bool          `help:"Cut the link to the centre for the middle third of the people."`
	Kill       time.Duration `help:"Kill the program about that often, and now and then the centre, as a power cut would."`
}

func (c *runCmd) Run(ctx context.Context) (err error) {
	o, err := c.options()
	if err != nil {
		return err
	}
	if c.Dir == "" {
		defer os.RemoveAll(o.Dir)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if err != nil {
		return fmt.Errorf("the lab's page: %w: is another lab running? Use --port", err)
	}
	began := time.Now()
	h := hall.New(o)
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.Open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%w (logs in %s)", err, filepath.Join(o.Dir, "logs"))
	}
	server := http.Server{Handler: h.Page.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener) // ends with the deferred close
	defer server.Close()
	fmt.Printf("the hall is open after %.1f s\n\n  look at   %s\n  attendant %s\n", time.Since(began).Seconds(), h.URL(0), h.Attendant())
	for _, l := range h.Lanes {
		fmt.Printf("  lane %-4s %s\n", l.Name, l.Screen)
	}
	fmt.Print("  Ctrl-C ends it\n\n")
	return h.Receive(ctx, hall.Visitors{People: c.People, Cut: c.Cut, Kill: c.Kill})
}

// options are those of the hall that the flags describe.
func (c *runCmd) options() (o hall.Options, err error) {
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	o = hall.Options{Dir: c.Dir, Program: c.Checkpoint, Lab: self, Port: c.Port, Fast: c.Fast, Seed: c.Seed, Cluster: c.NATS, Nodes: c.Nodes, Hub: c.Hub}
	if o.Program == "" {
		o.Program = filepath.Join(filepath.Dir(self), "checkpoint")
	}
	if _, err := os.Stat(o.Program); err != nil {
		return o, fmt.Errorf("%w: run 'make build', or say --checkpoint FILE", err)
	}
	if o.Dir == "" {
		o.Dir, err = os.MkdirTemp("", "checkpoint-lab-")
	} else if o.Dir, err = filepath.Abs(o.Dir); err == nil {
		err = os.MkdirAll(o.Dir, 0o755)
	}
	return o, err
}
