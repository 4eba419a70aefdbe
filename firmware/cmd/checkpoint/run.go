package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/appliance"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/order"
)

type runCmd struct {
	Config string `short:"c" default:"/etc/checkpoint/checkpoint.toml" help:"The device's configuration, strict TOML: an unknown key refuses to start."`
	Check  bool   `help:"Only check the configuration."`
	Debug  bool   `help:"Log more."`
}

func (runCmd) Help() string {
	return `Runs one device until SIGTERM or SIGINT, and then makes its barriers safe and delivers what is left.
Logs go to standard error as JSON lines. The screens listen on loopback only.`
}

func (r *runCmd) Run() error {
	began := time.Now()
	device, err := config.Read(r.Config)
	if err != nil {
		return err
	}
	if r.Check {
		fmt.Println("the configuration is sound")
		return nil
	}
	level := slog.LevelInfo
	if r.Debug {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if !order.Released(version) {
		log.Warn("this build is no release: an order of the centre for a least version halts it", "version", version)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	device.Version = version
	a, err := appliance.New(device, log)
	if err != nil {
		return err
	}
	return a.Run(ctx, func() {
		log.Info("ready", "after_ms", time.Since(began).Milliseconds())
	})
}
