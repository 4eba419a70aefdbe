package follow

import (
	"context"
	"time"

	"example.org/checkpoint/sync/enrol"
)

// renewAgain is how long after one attempt the next one follows, if it is still due.
const renewAgain = time.Hour

// stayAdmitted has the centre admit the device anew when half of its admission is over (PROTOCOL C11),
// as soon as there is a line, until ctx is done.
func (f *Follower) stayAdmitted(ctx context.Context) {
	var again time.Time // monotonic
	for tick := time.NewTicker(askEvery); ; {
		if now := time.Now(); f.renewalDue() && !now.Before(again) {
			again = now.Add(renewAgain)
			if err := f.renewAdmission(ctx); err != nil {
				f.log.Warn("the admission is not renewed, and is asked for again in an hour", "err", err)
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

// renewalDue reports whether the admission is to be renewed, and the centre can be asked.
func (f *Follower) renewalDue() bool {
	pass := f.asks.pass.Load()
	return pass != nil && pass.Due(f.device.Clock.Now()) && f.link.State().Connected && f.asks.keys.Load() != nil
}

// renewAdmission asks the centre once, keeps what it gives, and has every line come in by that from the
// next time on that it connects.
func (f *Follower) renewAdmission(ctx context.Context) error {
	dir, device := f.config.Device.State, f.config.Device.Name
	r, err := f.asks.key.Request(dir, device)
	if err != nil {
		return err
	}
	text, err := f.asks.client.Renew(ctx, r.CSR, r.User)
	if err != nil {
		return err
	}
	if err := enrol.Admit(dir, device, text); err != nil {
		return err
	}
	pass, err := enrol.LoadPass(dir, device)
	if err != nil {
		return err
	}
	f.asks.pass.Store(pass)
	f.link.Renew(pass)
	if f.meeting.hub != nil {
		f.meeting.hub.Renew(pass)
	}
	f.log.Info("the centre has renewed the admission", "until", pass.TLS.Certificates[0].Leaf.NotAfter)
	return nil
}
