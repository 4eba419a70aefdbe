package hall

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// startServers settles where the devices' lines end, and starts what is no part of the centre's
// own process: the nodes of its cluster and the hub of the hall.
func (h *Hall) startServers(ctx context.Context) (err error) {
	if h.centrePort, err = process.FreePort(); err != nil {
		return err
	}
	if h.o.Cluster != "" {
		if h.servers, err = hosts(h.o.Cluster); err != nil {
			return err
		}
	} else {
		for range max(1, h.o.Nodes) {
			port, err := process.FreePort()
			if err != nil {
				return err
			}
			h.servers = append(h.servers, fmt.Sprintf("127.0.0.1:%d", port))
		}
	}
	if err := h.configureNodes(); err != nil {
		return err
	}
	for i := range h.nodes {
		if err := h.startNode(i); err != nil {
			return err
		}
	}
	for i := range h.nodes {
		if err := h.listens(ctx, h.servers[i]); err != nil {
			return err
		}
	}
	if h.o.Hub {
		if h.hubPort, err = process.FreePort(); err != nil {
			return err
		}
		if err := h.startHub(); err != nil {
			return err
		}
	}
	return h.layLines()
}

// layLines lays the device's lines to the centre and to the hub.
func (h *Hall) layLines() (err error) {
	if h.link, err = process.NewLink(h.servers...); err != nil || h.hubPort == 0 {
		return err
	}
	h.hubLink, err = process.NewLink(fmt.Sprintf("127.0.0.1:%d", h.hubPort))
	return err
}

// hosts are those of a list of URLs, with commas.
func hosts(list string) (all []string, err error) {
	for text := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "nats" || u.Port() == "" {
			return nil, fmt.Errorf("--nats %q: use nats://host:port, several with commas", list)
		}
		all = append(all, u.Host)
	}
	return all, nil
}

// serversURL is where the centre, and whoever is on the wire, finds the servers.
func (h *Hall) serversURL() string { return "nats://" + strings.Join(h.servers, ",nats://") }

// configureNodes writes what a stock nats-server needs as a node of a cluster.
func (h *Hall) configureNodes() error {
	if h.o.Nodes < 2 || h.o.Cluster != "" {
		return nil
	}
	var routes, own []string
	for range h.servers {
		port, err := process.FreePort()
		if err != nil {
			return err
		}
		own = append(own, fmt.Sprintf("127.0.0.1:%d", port))
		routes = append(routes, fmt.Sprintf("%q", "nats://"+own[len(own)-1]))
	}
	for i, at := range h.servers {
		name := nodeName(i)
		text := fmt.Sprintf("server_name: %s\nlisten: %q\nmax_payload: 2097152\njetstream { store_dir: %q, sync_interval: always }\n"+
			"cluster { name: centre, listen: %q, no_advertise: true, routes: [ %s ] }\n", // devices know their line and nothing behind it
			name, at, h.path("nodes", name), own[i], strings.Join(routes, ", "))
		if err := h.writeFile("nodes/"+name+".conf", []byte(text)); err != nil {
			return err
		}
	}
	h.nodes = make([]*process.Process, len(h.servers))
	return nil
}

// listens waits until somebody listens at an address.
func (h *Hall) listens(ctx context.Context, at string) error {
	return process.Until(ctx, time.Minute, at+" listens", func() bool {
		c, err := net.DialTimeout("tcp", at, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func nodeName(i int) string { return "centre-" + strconv.Itoa(i+1) }

func (h *Hall) startNode(i int) (err error) {
	name := nodeName(i)
	h.nodes[i], err = process.Start(name, h.path("logs", name+".log"), nil, nil, h.o.Lab, "node", "--config", h.path("nodes", name+".conf"))
	return err
}

// killNode ends a node of the centre's cluster as a power cut would, and starts it again.
func (h *Hall) killNode(i int) error {
	h.nodes[i].Kill()
	return h.startNode(i)
}

func (h *Hall) startHub() (err error) {
	if err := os.MkdirAll(h.path("hub"), 0o755); err != nil {
		return err
	}
	h.hub, err = process.Start("hub", h.path("logs", "hub.log"), nil, nil, h.o.Lab, "hub", "--dir", h.path("hub"), "--port", strconv.Itoa(h.hubPort))
	return err
}

// killHub ends the hall's hub as a power cut would, and starts it again.
func (h *Hall) killHub() error {
	h.hub.Kill()
	return h.startHub()
}
