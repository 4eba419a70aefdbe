package hall

import (
	"context"
	"fmt"
	"slices"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
)

// pressables is what can be pressed that is no lane's.
var pressables = []bench.Pressable{
	{Name: "link", Title: "Cut the line to the centre", Stays: true},
	{Name: "program", Title: "Kill the program"},
	{Name: "centre", Title: "Kill the centre"},
	{Name: "halt", Title: "Breaker: halt everything"},
	{Name: "open", Title: "Breaker: open"},
}

// press carries out a fault: of the hall here, of a lane at the bench.
func (h *Hall) press(f bench.Fault) error {
	h.pressing.Lock()
	defer h.pressing.Unlock()
	switch {
	case f.Lane != "":
		if !slices.ContainsFunc(h.Lanes, func(l bench.Lane) bool { return l.Name == f.Lane && l.Has(f.Name) }) {
			return fmt.Errorf("no fault %q at lane %q", f.Name, f.Lane)
		}
		return h.benchIn.Say(bench.Order{Fault: &f})
	case f.Name == "link":
		h.link.Set(f.On)
		return nil
	case f.Name == "program":
		return h.killDevice()
	case f.Name == "centre":
		return h.killCentre(context.Background())
	case f.Name == "halt", f.Name == "open":
		return h.breaker(f.Name)
	}
	return fmt.Errorf("no fault %q in the hall", f.Name)
}
