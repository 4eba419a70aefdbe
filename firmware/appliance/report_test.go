package appliance

import (
	"context"
	"encoding/json"
	"testing"

	"example.org/checkpoint/simulators/centre"
)

// TestReport: the centre's page of all devices shows a device at once when it is there, with
// its rules, its clock and what is wrong.
func TestReport(t *testing.T) {
	o := newOffice(t)
	o.publish()
	a := o.device("gate")
	a.config.Version = "1.4.0"
	a.watch() // its camera and its board are not there
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.centre.Run(ctx) }() // ended by the cleanup
	t.Cleanup(func() { cancel(); <-done })
	o.eventually("rules", func() bool { return a.rules.Load() != nil })
	var list []centre.Seen
	o.eventually("the centre has heard it, and of its rules", func() bool {
		return json.Unmarshal(o.get("/fleet.json"), &list) == nil && len(list) == 1 && list[0].State != "missing" && list[0].Bundle != ""
	})
	s := list[0]
	if s.Device != "gate" || s.Site != "LMC" || s.Version != "1.4.0" || s.Bundle == "" || s.Changed == 0 || s.Clock != "trusted" || s.Paper != "" {
		t.Errorf("%+v", s)
	}
	if s.State != "trouble" || len(s.Conditions) == 0 {
		t.Errorf("without a camera and a board: %+v", s)
	}
}
