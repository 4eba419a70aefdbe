package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// keepAlive tells systemd's watchdog (WatchdogSec= of the unit, sd_watchdog_enabled(3)) that the device
// works, for as long as alive says so, until ctx is done. Without a watchdog it does nothing.
func keepAlive(ctx context.Context, alive func() bool, log *slog.Logger) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("watchdog", "err", err)
	}
	if interval <= 0 {
		return
	}
	tick := time.NewTicker(max(interval/3, time.Millisecond)) // two may be missed
	defer tick.Stop()
	for well := true; ; {
		if now := alive(); now != well {
			well = now
			log.Warn("watchdog", "fed", well)
		}
		if well {
			if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
				log.Warn("watchdog", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
