package centre

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats-server/v2/server"
)

// Serve is a stock nats-server with a configuration file, as a node of a cluster (docs/centre.md),
// until ctx ends.
func Serve(ctx context.Context, config string) error {
	o, err := server.ProcessConfigFile(config)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	o.NoLog, o.NoSigs = true, true
	s, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	s.Start()
	context.AfterFunc(ctx, s.Shutdown)
	s.WaitForShutdown()
	if ctx.Err() == nil {
		return errors.New("node: nats-server has ended: is its port taken?")
	}
	return nil
}
