package controller

import (
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// TestCheckedTime: codes are judged at the time of the device's checked clock, not at that of
// the machine, which may stand anywhere.
func TestCheckedTime(t *testing.T) {
	checked := time.Date(2031, 5, 1, 8, 0, 0, 0, time.UTC)
	c := New(Devices{Clock: func() inspection.Clock { return inspection.Clock{Time: checked, Confidence: "trusted"} }})
	var at time.Time
	c.Use(func(p inspection.Presentation) verdict.Verdict {
		at = p.At
		return verdict.Verdict{}
	})
	c.judge(lane.Inspect{Number: 1, At: time.Now()})
	if !at.Equal(checked) {
		t.Errorf("judged at %v", at)
	}
}
