package controller

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/lane"
)

// TestScan has two people scan at once, and one of them hold their phone up to the camera
// too: each is judged once, one after the other, and frames without a code take nothing away.
func TestScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := serve(t, &bench{lane: lane.Lane{Profile: lane.Open, Unattended: true}})
		b.Scan([]byte("HCT1:one"))
		b.Scan([]byte("HCT1:two"))
		b.See(nil, time.Now())
		later(100 * time.Millisecond)
		for range 20 {
			b.view("HCT1:one")
			later(50 * time.Millisecond)
		}
		if want := []string{"1 [HCT1:one]", "2 [HCT1:two]"}; !slices.Equal(b.inspected, want) {
			t.Errorf("inspected %q, want %q", b.inspected, want)
		}
		later(3 * time.Second)
		b.Scan([]byte("HCT1:one"))
		later(time.Second)
		if len(b.inspected) != 3 {
			t.Errorf("the code that comes again later: inspected %q", b.inspected)
		}
		b.stop()
		<-b.done
	})
}

// TestScanWaits scans while somebody is at the barrier: what the lane cannot take within a
// second is forgotten, and nobody finds it there when it can.
func TestScanWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "")
		b.present()
		b.expect(t, lane.Released, 0)
		b.Scan([]byte("HCT1:next"))
		later(2 * time.Second)
		b.report(lane.Entered{}, lane.Reached{}, lane.EntryWhole{}, lane.Left{}, lane.Clear{})
		later(time.Second)
		if len(b.inspected) != 1 {
			t.Errorf("inspected %q", b.inspected)
		}
		b.Scan([]byte("HCT1:next"))
		later(time.Second)
		b.expect(t, lane.Released, 0)
		b.stop()
		<-b.done
	})
}
