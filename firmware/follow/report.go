package follow

import (
	"context"
	"time"
)

// reportEvery is how often the device says that it is there.
const reportEvery = 30 * time.Second

// reportIn tells the centre how the device is, at once when the line comes up or other
// rules are in force, until ctx is done.
func (f *Follower) reportIn(ctx context.Context) {
	var line, said time.Time
	var version string
	for tick := time.NewTicker(time.Second); ; {
		if s := f.link.State(); s.Connected && (!s.Since.Equal(line) || f.store.Status().Version != version || time.Since(said) >= reportEvery) {
			line, said, version = s.Since, time.Now(), f.store.Status().Version
			text, err := f.device.Report()
			if err == nil {
				text, err = f.asks.sign("status", text)
			}
			if err == nil {
				err = f.link.Say("st", text)
			}
			if err != nil {
				f.log.Debug("report", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}
