package main

import (
	"context"
	"log/slog"
	"os"

	"example.org/checkpoint/simulators/centre"
)

// centreCmd is the centre as a process of its own, so that it can be killed.
type centreCmd struct {
	Dir      string `required:"" help:"Folder of everything durable."`
	Registry string `required:"" help:"Folder of the devices' enrolment cards."`
	NATS     int    `required:"" name:"nats" help:"Port for devices."`
	HTTP     int    `required:"" name:"http" help:"Port for the administrator."`
}

func (c *centreCmd) Run(ctx context.Context) error {
	s, err := centre.New(centre.Options{Dir: c.Dir, Registry: c.Registry, NATSPort: c.NATS, HTTPPort: c.HTTP,
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
