// Command lab is a whole hall on one machine: the bench (cameras, gate boards and
// people), the centre and the real checkpoint binary, each a process of its own,
// which meet only on the wire.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Start everything and let people come, until Ctrl-C or, with --people, until all have been."`
	Bench   benchCmd   `cmd:"" hidden:"" help:"The bench as a process of its own; started by run."`
	Centre  centreCmd  `cmd:"" help:"The centre as a process of its own; run starts one, or it joins a NATS cluster."`
	Node    nodeCmd    `cmd:"" hidden:"" help:"A nats-server as a process of its own; started by run."`
	Hub     hubCmd     `cmd:"" hidden:"" help:"The hub of a hall as a process of its own; started by run."`
	Cluster clusterCmd `cmd:"" help:"Write certificates and accounts for the nodes of a NATS cluster (docs/centre.md)."`
	Fleet   fleetCmd   `cmd:"" help:"Measure a centre with many pretended devices."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, kong.Name("lab"), kong.Description("A hall on one machine: simulated cameras, boards, people and centre around the real program."),
		kong.UsageOnError())
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}
