package appliance

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/gateboard"
)

// TestSensedFaultCloses short-circuits the alarm loop of an unattended door. Its leaf
// obeys all the same, and so the lane must not take it for mended: it stays closed until
// the loop is whole.
func TestSensedFaultCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, err := journal.Open(t.TempDir(), journal.Options{Device: "device", Site: "site"})
		if err != nil {
			t.Fatal(err)
		}
		sim := gateboard.NewDoor(20*time.Millisecond, 20*time.Millisecond)
		wire := gateboard.NewI2C(sim, 0x20)
		board := gate.NewI2C(wire, 0x20, wire.INT)
		if err := board.Wire(gate.Wiring{Door: true}); err != nil {
			t.Fatal(err)
		}
		c := config.Config{Lanes: []config.Lane{{Name: "1", Profile: "single", Kind: "border", Unattended: true}}}
		c.Defaults()
		c.Lanes[0].Screen.Listen = ""
		l, err := laneAt(board, c.Lanes[0], "site", &follow.Lane{Lane: j.Lane("1")}, time.Now, func() inspection.Clock { return inspection.Clock{} }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		l.devices = []bench.Device{{Reads: true, Fault: func() error { return nil }, Run: func(ctx context.Context) error { <-ctx.Done(); return nil }}}
		serving, end := context.WithCancel(t.Context())
		bench, stopBench := context.WithCancel(t.Context())
		var devices sync.WaitGroup
		done := make(chan error, 1)
		go func() { done <- l.serve(serving, bench, &devices) }() // ends with end
		state := func() lane.State { return l.controller.State().State }

		time.Sleep(10 * time.Second)
		if s := state(); s != lane.Ready {
			t.Errorf("in order: %v", l.controller.State())
		}
		sim.ShortLoops(true)
		time.Sleep(time.Second)
		for range 100 {
			if s := state(); s != lane.Secured {
				t.Errorf("no alarm would be heard, and the lane is %v", s)
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		sim.ShortLoops(false)
		time.Sleep(10 * time.Second)
		if s := state(); s != lane.Ready {
			t.Errorf("mended: %v", l.controller.State())
		}
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
		stopBench()
		devices.Wait()
		board.Close()
		j.Close()
	})
}

// TestDeviceHangs: the end of the program does not wait for a device that never returns.
func TestDeviceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var devices sync.WaitGroup
		back := make(chan struct{})
		devices.Go(func() { <-back })
		if within(&devices, ending) {
			t.Error("it has ended")
		}
		close(back)
		if !within(&devices, ending) {
			t.Error("it has not ended")
		}
	})
}
