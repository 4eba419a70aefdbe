package main

import (
	"context"
	"os"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/fleet"
)

// benchCmd is the bench as a process of its own: cameras, boards and people.
type benchCmd struct {
	Lane map[string]string `help:"NAME=border or NAME=venue, one for each lane." required:""`
	Dir  string            `help:"Folder for the boards' terminals." required:""`
	Seed uint64            `help:"Makes the same people hold their codes in the same ways."`
	Fast bool              `help:"Everybody hurries and the leaf is light."`
}

// Run ends when standard input does and everybody has left, or at a signal.
func (c *benchCmd) Run(ctx context.Context) error {
	return bench.Run(ctx, os.Stdin, os.Stdout, bench.Options{Lanes: c.Lane, Dir: c.Dir, Seed: c.Seed, Fast: c.Fast})
}

// fleetCmd measures a centre.
type fleetCmd struct{ fleet.Options }

func (c *fleetCmd) Run(ctx context.Context) error { return fleet.Run(ctx, c.Options) }
