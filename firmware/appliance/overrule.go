package appliance

import (
	"net/http"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/kiosk/screen"
)

// attendantPage shows the lanes. Where staff may overrule, their reason comes from it.
func (a *Appliance) attendantPage() http.Handler {
	var act func(screen.Act) error
	if a.config.Attendant.Overrule != "" {
		act = a.overrule
	}
	return screen.NewAttendant(a.status, act, screen.Options{Token: a.config.Attendant.Token})
}

// overrule hands the reason that an officer gives to the lane, which waits for the keys.
// It never blocks: a lane that is late hears nothing, and the officer tries again.
func (a *Appliance) overrule(act screen.Act) error {
	for _, l := range a.lanes {
		now := l.controller.State()
		if l.config.Name != act.Lane || now.State != lane.Waiting || now.Asked != act.Number {
			continue
		}
		select {
		case l.reports <- lane.Overruled{Number: act.Number, By: lane.Officer, Reason: act.Urgent}:
			return nil
		default:
		}
	}
	return screen.ErrGone
}

// referral is somebody who waits for staff at a lane; nil for nobody.
func referral(l lane.Lane) *screen.Referral {
	if l.State != lane.Waiting {
		return nil
	}
	return &screen.Referral{Number: l.Asked, Consent: l.Consent}
}
