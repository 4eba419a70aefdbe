package follow

import (
	"fmt"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
)

// TestManyScopes: a centre that has halted each of many lanes once has its orders in every set, and a
// device keeps those that speak of its own site; a time that is said to another site's lanes is not its own.
func TestManyScopes(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	for lane := range 150 {
		o.order("halt", centre.Scope{Site: "HZMB", Lane: fmt.Sprint(lane)})
	}
	o.order("halt", centre.Scope{Site: "LMC", Lane: "1"})
	o.order("halt", centre.Scope{Direction: "out"})
	for _, scope := range []centre.Scope{{Site: "HZMB"}, {Lane: "9"}} {
		var got centre.Order
		o.post("/order", centre.Order{Kind: "time", State: "open", Scope: scope, NotBefore: time.Now().AddDate(1, 0, 0).Unix(), Reason: "clock"}, &got)
	}
	o.publish()
	a, _ := o.device("gate")
	o.eventually("rules", func() bool { return a.rules.Load() != nil })
	if set := a.Status().Set; set.Rejected != "" {
		t.Fatal(set.Rejected)
	}
	if a.admits(t, "1") || !a.admits(t, "2") {
		t.Error("its own orders are not obeyed, or others' are")
	}
	words, err := a.link.Standing(t.Context())
	if err != nil || len(words) != 154 {
		t.Errorf("%d stand: %v", len(words), err)
	}
	for _, word := range words {
		a.hear(word)
	}
	for _, s := range a.device.Journal.Orders().All() {
		if !a.concerns(s.Order) {
			t.Errorf("keeps %+v", s.Order.Scope)
		}
	}
	if n := len(a.device.Journal.Orders().All()); n != 2 {
		t.Errorf("keeps %d orders", n)
	}
	if now := a.device.Clock.Now(); now.After(time.Now().Add(time.Hour)) {
		t.Error("the time of another site's lanes moves the clock to", now)
	}
}
