package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/doctor"
)

type doctorCmd struct {
	Config string `short:"c" default:"/etc/checkpoint/checkpoint.toml" help:"The device's configuration."`
	JSON   bool   `help:"One JSON line for each finding: area, what, state (ok, note, wrong), says, do."`
	Print  bool   `help:"Print a page on the printer: is its frame whole, and can its code be read?"`
}

func (doctorCmd) Help() string {
	return `Looks at machine, keys, centre, what is plugged in and every device that the configuration names, and says
what is wrong and what to do. Run it as the user that runs the program: sudo -u checkpoint checkpoint doctor.
It moves no barrier; a printer is only asked how it is. While the program runs it holds the devices: then it is asked at health.listen.

Exit code 0: fit to serve, 2: something is wrong, 1: it could not look.`
}

func (d *doctorCmd) Run() error {
	device, err := config.Read(d.Config)
	if err != nil {
		return err
	}
	device.Version = version
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wrong, area, out := 0, "", json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	doctor.Examine(ctx, device, doctor.Options{Print: d.Print}, func(f doctor.Finding) {
		if f.State == doctor.Wrong {
			wrong++
		}
		if d.JSON {
			err = out.Encode(f)
			return
		}
		if f.Area != area {
			area = f.Area
			fmt.Println(area)
		}
		fmt.Printf("  %-5s  %s: %s\n", f.State, f.What, f.Says)
		if f.Do != "" {
			fmt.Printf("         → %s\n", f.Do)
		}
	})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("doctor: interrupted before everything was looked at")
	case err != nil:
		return err
	case wrong > 0:
		if !d.JSON {
			fmt.Printf("%d wrong\n", wrong)
		}
		return exit.ErrNo
	}
	return nil
}
