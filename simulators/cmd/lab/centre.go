package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/simulators/centre/door"
)

// centreCmd is the centre as a process of its own, so that it can be killed.
type centreCmd struct {
	Dir      string `required:"" help:"Folder of everything durable."`
	Registry string `required:"" help:"Folder of the devices' enrolment cards."`
	NATS     string `required:"" name:"nats" help:"Port for devices, or the URLs of a cluster to join, with commas (docs/centre.md)."`
	HTTP     int    `required:"" name:"http" help:"Port for the administrator."`
	Secure   bool   `help:"Devices come in by mutual TLS, and each may do what is its own."`
}

func (c *centreCmd) Run(ctx context.Context) error {
	o := centre.Options{Dir: c.Dir, Registry: c.Registry, HTTPPort: c.HTTP, Secure: c.Secure, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))}
	var err error
	if o.NATSPort, err = strconv.Atoi(c.NATS); err != nil {
		o.Join = c.NATS
	}
	s, err := centre.New(o)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// nodeCmd is one node of the centre's cluster.
type nodeCmd struct {
	Config string `required:"" help:"Its configuration."`
}

func (c *nodeCmd) Run(ctx context.Context) error { return centre.Serve(ctx, c.Config) }

// hubCmd is the hub of a hall.
type hubCmd struct {
	Dir  string `required:"" help:"Folder of what it keeps."`
	Port int    `required:"" help:"Port for devices."`
}

func (c *hubCmd) Run(ctx context.Context) error {
	h, err := centre.NewHub(c.Dir, c.Port)
	if err != nil {
		return err
	}
	defer h.Close()
	<-ctx.Done()
	return nil
}

// clusterCmd writes what nodes and hubs need to let in the devices of a centre.
type clusterCmd struct {
	Dir  string   `required:"" help:"Folder of the centre, with its keys; they are made if there are none."`
	Out  string   `required:"" help:"Folder for the files."`
	Node []string `required:"" sep:"none" placeholder:"NAME=HOST,…" help:"A node or hub, with its names and addresses. May be repeated."`
}

func (c *clusterCmd) Run() error {
	nodes := map[string][]string{}
	for _, n := range c.Node {
		name, hosts, ok := strings.Cut(n, "=")
		if !ok {
			return fmt.Errorf("--node %q: use NAME=HOST,…", n)
		}
		nodes[name] = strings.Split(hosts, ",")
	}
	return door.WriteCluster(c.Dir, c.Out, nodes)
}
