package appliance

import (
	"context"
	"log/slog"
	"os"
	"testing"

	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/simulators/centre"
)

// TestStickAlone: a device that has no line to any centre takes lists and rules from a stick, obeys
// the order in them, keeps both over a restart, and a supervisor at the lane opens what a later
// stick allows.
func TestStickAlone(t *testing.T) {
	o := newOffice(t)
	c := o.configured("gate")
	c.Centre.URL, c.Centre.Stick = "", t.TempDir()
	o.sign() // the first root
	run := func() (a *Appliance, stop func()) {
		t.Helper()
		a, err := New(c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx, func() {}) }() // ends with stop
		return a, func() {
			end()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	carry := func() {
		t.Helper()
		o.sign()
		next := t.TempDir()
		if err := os.CopyFS(next, os.DirFS(o.repo)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(c.Centre.Stick); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, c.Centre.Stick); err != nil {
			t.Fatal(err)
		}
	}
	says := func(a *Appliance, c health.Code) func() bool {
		return func() bool { device, lanes := a.troubles.get(); return device.Union(lanes["1"]).Has(c) }
	}

	a, stop := run()
	o.eventually("nothing is installed", says(a, health.TrustMissing))
	o.order("halt")
	carry()
	o.eventually("rules", func() bool { return a.rules.Load() != nil && !says(a, health.TrustMissing)() })
	o.eventually("halted", says(a, health.OrderHalts))
	if s := a.status(); s.Bundle.Version == "" || s.Sync.Online || says(a, health.CentreOffline)() || len(s.Lists) == 0 {
		t.Errorf("%+v", s)
	}
	stop()

	a, stop = run()
	if a.rules.Load() == nil {
		t.Error("the set is forgotten")
	}
	o.eventually("halted after a restart", says(a, health.OrderHalts))
	o.order("open")
	carry()
	o.eventually("waits for a supervisor", says(a, health.OrderWaits))
	a.supervised(a.lanes[0])
	o.eventually("open", func() bool { return !says(a, health.OrderWaits)() && !says(a, health.OrderHalts)() })
	stop()
}

// order has the centre order all lanes to halt, or to open.
func (o *office) order(state string) {
	o.Helper()
	o.post("/order", centre.Order{Kind: "breaker", State: state, Reason: "too many"})
}
