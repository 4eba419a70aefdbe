package inspection_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// TestOrders: what would be admitted is halted for the reason; what would not keeps its own.
func TestOrders(t *testing.T) {
	w := newWorld(t)
	var asked []order.Place
	s := w.load(t).WithOrders(func(p order.Place) error {
		asked = append(asked, p)
		if p.Scheme == "HK" {
			return errors.New("halted")
		}
		return nil
	})
	green, red := w.hk.HealthCode(today(issuer.Green)), today(issuer.Red)
	red.Reasons = []int{3}
	show := func(code string) verdict.Verdict {
		lane := border
		lane.Name, lane.Site = "1", "LMC"
		return s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: lane, Codes: [][]byte{[]byte(code)}})
	}
	v := show(green)
	if v.Outcome != verdict.Refuse || v.Reason != verdict.Halted || len(v.Counts) != 0 || len(v.Urgent) != 0 || !slices.Equal(v.Schemes, []string{"HK"}) {
		t.Errorf("%+v", v)
	}
	if want := (order.Place{Site: "LMC", Direction: "out", Lane: "1", Scheme: "HK"}); !slices.Contains(asked, want) {
		t.Errorf("asked of %+v", asked)
	}
	if v := show(w.hk.HealthCode(red)); v.Reason != "red-close-contact" {
		t.Errorf("%+v", v)
	}
}

// TestOrdersGetStale: a device that has long heard nothing does not know whether it was halted.
func TestOrdersGetStale(t *testing.T) {
	w := newWorld(t)
	w.add("freshness.json", []byte(`{"v":1,"orders":{"max_stale":3600,"fail":"refer"}}`))
	green := w.hk.HealthCode(today(issuer.Green))
	for age, want := range map[time.Duration]verdict.Reason{time.Hour: verdict.Satisfied, time.Hour + time.Second: verdict.Stale} {
		s, err := inspection.Load(w.files, "7", now.Add(-age))
		if err != nil {
			t.Fatal(err)
		}
		show := func(s *inspection.Snapshot) verdict.Reason {
			return s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte(green)}}).Reason
		}
		if got := show(s.WithOrders(func(order.Place) error { return nil })); got != want {
			t.Errorf("after %v: %s", age, got)
		}
		if got := show(s); got != verdict.Satisfied {
			t.Errorf("by hand, after %v: %s", age, got)
		}
	}
}
