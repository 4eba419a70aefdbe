package hall

import (
	"context"
	"fmt"
	"slices"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
)

// everywhere is what can be pressed in every hall that is no lane's.
var everywhere = []bench.Pressable{
	{Name: "link", Title: "Cut the line to the centre", Stays: true},
	{Name: "program", Title: "Kill the program"},
	{Name: "centre", Title: "Kill the centre"},
	{Name: "halt", Title: "Breaker: halt everything"},
	{Name: "open", Title: "Breaker: open"},
}

// aroundHub and aroundNodes are what can be pressed where the hall has a hub, and where the centre has several servers.
var (
	aroundHub   = []bench.Pressable{{Name: "hub-link", Title: "Cut the line to the hub", Stays: true}, {Name: "hub", Title: "Kill the hub"}}
	aroundNodes = []bench.Pressable{{Name: "node", Title: "Kill a server of the centre"}}
)

// pressables is everything that can be pressed in the hall.
func (o Options) pressables() []bench.Pressable {
	all := slices.Clone(everywhere)
	if o.Hub {
		all = append(all, aroundHub...)
	}
	if o.Nodes > 1 {
		all = append(all, aroundNodes...)
	}
	return all
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
	case !slices.ContainsFunc(h.o.pressables(), func(p bench.Pressable) bool { return p.Name == f.Name }):
	case f.Name == "hub-link":
		h.hubLink.Set(f.On)
		return nil
	case f.Name == "hub":
		return h.killHub()
	case f.Name == "node":
		h.node = (h.node + 1) % len(h.nodes)
		return h.killNode(h.node)
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
