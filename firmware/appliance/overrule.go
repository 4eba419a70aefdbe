package appliance

import (
	"net/http"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/kiosk/screen"
)

// overrulings by their names in the configuration.
var overrulings = map[string]lane.Overruling{"keys": lane.ByKeys, "sign-in": lane.BySignIn}

// attendantPage shows the lanes. Where staff may overrule, their reason comes from it.
func (a *Appliance) attendantPage() http.Handler {
	var act func(screen.Act) error
	if a.config.Attendant.Overrule != "" {
		act = a.overrule
	}
	return screen.NewAttendant(a.status, act, screen.Options{Token: a.config.Attendant.Token, SignIn: a.signIn()})
}

func (a *Appliance) signIn() bool { return overrulings[a.config.Attendant.Overrule] == lane.BySignIn }

// overrule hands to the lane what an officer or a supervisor says, who have signed in or
// turn keys there. It never waits for the lane: one that is late hears nothing, and they
// try again.
func (a *Appliance) overrule(act screen.Act) error {
	for _, l := range a.lanes {
		now := l.controller.State()
		if l.config.Name != act.Lane || now.State != lane.Waiting || now.Asked != act.Number {
			continue
		}
		said := lane.Overruled{Number: act.Number, By: lane.Officer, Reason: act.Urgent, Papers: act.Papers}
		if a.signIn() {
			if rules := a.rules.Load(); rules != nil && rules.Stale("staff", a.clock.Now()) {
				return screen.ErrDenied // somebody on the list may have left since
			}
			var err error
			if said.Who, said.By, err = a.desk.check(act.Name, act.PIN, a.clock.Now()); err != nil {
				return err
			}
		}
		select {
		case l.reports <- said:
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
