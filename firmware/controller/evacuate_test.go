package controller

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/lane"
)

// TestEvacuate raises the alarm while a device never returns and the loop has
// been given all it can take, by the direct path and by the machine alone.
func TestEvacuate(t *testing.T) {
	for _, hangs := range []string{"journal", "display", "lamp", "inspection", ""} {
		for _, path := range []string{"direct", "machine"} {
			t.Run(hangs+" "+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := serve(t, &bench{hangs: hangs})
					for range 40 {
						b.present()
						b.report(lane.Entered{}, lane.Entered{}, lane.Clear{}, lane.Reset{}, lane.OpenLane{})
						time.Sleep(3 * time.Second)
					}
					if b.isOpen() {
						t.Fatal("open before the alarm")
					}
					if path == "direct" {
						b.Evacuate(b.ctx)
					} else {
						b.reports <- lane.Evacuate{}
					}
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
					if !b.isOpen() {
						t.Error("shut 100 ms after the alarm")
					}
					if !b.Alive() {
						t.Error("not alive")
					}
					b.stop()
					if err := <-b.done; hangs != "" && !errors.Is(err, errHangs) {
						t.Errorf("Run = %v, want %v", err, errHangs)
					}
					if !b.isOpen() {
						t.Error("shut at the end of the program")
					}
				})
			})
		}
	}
}

// TestReleaseRepeats has the gate fail five times during an evacuation.
func TestReleaseRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := serve(t, &bench{stuck: 5})
		b.report(lane.Evacuate{})
		time.Sleep(450 * time.Millisecond)
		if b.isOpen() {
			t.Error("open before the gate obeys")
		}
		time.Sleep(100 * time.Millisecond)
		if !b.isOpen() {
			t.Error("shut after the gate obeys again")
		}
		time.Sleep(500 * time.Millisecond)
		b.stop()
		<-b.done
		want := []string{"secure", "secure", "stuck", "stuck", "stuck", "stuck", "stuck"}
		want = append(want, slices.Repeat([]string{"release"}, 6)...)
		if !slices.Equal(b.gate, want) {
			t.Errorf("gate: %q, want %q", b.gate, want)
		}
	})
}

// TestEvacuateBeforeRun raises the alarm when no loop runs, as after a restart
// during an evacuation; Run then begins with it and only a supervisor ends it.
func TestEvacuateBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := build(t, &bench{})
		b.Evacuate(b.ctx)
		if !b.isOpen() {
			t.Error("shut after the alarm")
		}
		go func() { b.done <- b.Run(t.Context(), lane.Lane{Timing: timing, Unattended: true}) }() // ends with the test
		b.report(lane.Clear{}, b.Cleared(), lane.Reset{By: lane.Officer})
		time.Sleep(time.Minute)
		if s := b.State().State; s != lane.Evacuating || !b.isOpen() {
			t.Errorf("%v, open %v", s, b.isOpen())
		}
		b.report(lane.Reset{By: lane.Supervisor})
		if s := b.State().State; s != lane.Secured || b.isOpen() {
			t.Errorf("%v, open %v", s, b.isOpen())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s := b.State().State; s != lane.Ready {
			t.Errorf("unattended, and %v", s)
		}
	})
}

// TestEvacuateOpenLane has no barrier to open.
func TestEvacuateOpenLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := serve(t, &bench{lane: lane.Lane{Profile: lane.Open}})
		if err := b.Evacuate(b.ctx); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if got := b.shown(); got != "emergency green-both" {
			t.Errorf("shows %q", got)
		}
		b.stop()
		<-b.done
	})
}

// TestAlarmWhileShutting raises the alarm while the barrier is on its way to
// being shut, with the loop running and after it has ended.
func TestAlarmWhileShutting(t *testing.T) {
	for _, ended := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := serve(t, &bench{slow: 50 * time.Millisecond})
			time.Sleep(time.Second)
			if ended {
				b.stop()
			} else {
				b.report(lane.Failed{})
			}
			time.Sleep(20 * time.Millisecond)
			b.Evacuate(b.ctx)
			time.Sleep(80 * time.Millisecond)
			synctest.Wait()
			if !b.isOpen() {
				t.Errorf("ended %v: shut after the alarm: %q", ended, b.gate)
			}
			b.stop()
			<-b.done
		})
	}
}

// TestAlarmGoesFirst has the loop hear of an alarm and of its end at once: taken
// in the wrong order the lane could never be reset.
func TestAlarmGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := build(t, &bench{})
		r := run{Controller: b.Controller, workers: b.start(b.ctx), timer: time.NewTimer(time.Hour)}
		b.Evacuate(b.ctx)
		r.take(b.Cleared())
		if r.lane.State != lane.Evacuating || !r.lane.Normal {
			t.Errorf("lane %+v", r.lane)
		}
		r.finish()
	})
}

// TestAlarmAgain opens the alarm contact again before the loop has heard that it was
// normal: the loop hears of the newer alarm first, and what is older is stale.
func TestAlarmAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := build(t, &bench{})
		r := run{Controller: b.Controller, workers: b.start(b.ctx), timer: time.NewTimer(time.Hour)}
		b.Evacuate(b.ctx)
		cleared := b.Cleared()
		b.Evacuate(b.ctx)
		r.take(cleared)
		r.take(lane.Reset{By: lane.Supervisor})
		if r.lane.State != lane.Evacuating || r.lane.Normal {
			t.Errorf("the contact is open, and the lane is %v, contact normal: %v", r.lane, r.lane.Normal)
		}
		r.take(b.Cleared())
		r.take(lane.Reset{By: lane.Supervisor})
		if r.lane.State != lane.Secured || !r.lane.Normal {
			t.Errorf("the contact is normal and the supervisor has reset, and the lane is %v", r.lane)
		}
		r.finish()
	})
}

// TestEnded has the program end while the journal thinks: who has something to report
// meanwhile is told at once that nobody listens any more.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := serve(t, &bench{thinks: 5 * time.Second})
		b.present()
		select {
		case <-b.Ended():
			t.Error("ended while it runs")
		default:
		}
		b.stop()
		synctest.Wait()
		select {
		case <-b.Ended():
		default:
			t.Error("it waits for the journal, and who reports waits for it")
		}
		if err := <-b.done; err != errHangs {
			t.Error(err)
		}
		later(10 * time.Second)
	})
}
