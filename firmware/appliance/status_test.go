package appliance

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/controller"
	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/follow"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/kiosk/screen"
)

// TestOrdersOnThePage: the attendant sees what halts here and what waits, and which of it the
// key at each lane agrees to next; after one turn the next.
func TestOrdersOnThePage(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{Device: "device", Site: "LMC", Directions: map[string]string{"1": "in", "2": "out"}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	a := &Appliance{journal: j}
	for _, name := range []string{"1", "2"} {
		a.lanes = append(a.lanes, &laneLoop{config: config.Lane{Name: name}, journal: &follow.Lane{Lane: j.Lane(name)}, controller: controller.New(controller.Devices{})})
	}
	now := time.Now()
	say := func(number uint64, k centre.Kind, halt bool, s centre.Scope, from time.Time) {
		t.Helper()
		o := centre.Order{Number: number, Kind: k, Halt: halt, Scope: s, NotBefore: from, ReviewBy: from.Add(time.Minute), Reason: "too many"}
		if err := j.Order(o, nil, !halt); err != nil {
			t.Fatal(err)
		}
	}
	say(1, centre.Breaker, true, centre.Scope{Scheme: "GD"}, now.Add(-time.Hour))
	say(2, centre.Breaker, true, centre.Scope{Site: "elsewhere"}, now.Add(-time.Hour))
	say(4, centre.Lockdown, false, centre.Scope{Site: "LMC"}, now.Add(-2*time.Minute))
	say(3, centre.Lockdown, false, centre.Scope{Lane: "2"}, now.Add(-time.Minute))

	type line struct {
		number  uint64
		held    bool
		agrees  string
		overdue bool
	}
	shown := func() (all []line) {
		for _, o := range a.orders(time.Now()) {
			all = append(all, line{o.Number, o.Held, screenNames(o), o.Overdue})
		}
		slices.SortFunc(all, func(x, y line) int { return int(x.number) - int(y.number) })
		return all
	}
	if got, want := shown(), []line{{1, false, "", true}, {3, true, "", false}, {4, true, "1 2 ", false}}; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	place := a.lanes[1].journal.Place()
	if opened, err := j.Confirm(place, j.Orders().Waiting(place, time.Now())[0]); len(opened) != 1 || err != nil {
		t.Errorf("one turn of the key agrees to %d: %v", len(opened), err)
	}
	if got, want := shown(), []line{{1, false, "", true}, {3, true, "2 ", false}}; !slices.Equal(got, want) {
		t.Errorf("after one turn %+v, want %+v", got, want)
	}
}

// TestLeastVersionIsNamed: the page, the log and the record say which version is wanted.
func TestLeastVersionIsNamed(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{Device: "device", Site: "LMC", Directions: map[string]string{"1": "in"}, Version: "1.3.2"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	a := &Appliance{journal: j, centre: &follow.Follower{}}
	lane := &laneLoop{config: config.Lane{Name: "1"}, journal: &follow.Lane{Lane: j.Lane("1")}, controller: controller.New(controller.Devices{})}
	a.lanes = []*laneLoop{lane}
	now := time.Now()
	o := centre.Order{Number: 7, Kind: centre.MinVersion, Halt: true, NotBefore: now.Add(-time.Minute), ReviewBy: now.Add(time.Hour), Reason: "1.4.0 repairs the clock"}
	if err := j.Order(o, nil, false); err != nil {
		t.Fatal(err)
	}
	if got := a.orders(now); len(got) != 1 || got[0].Reason != `1.4.0 repairs the clock ("1.3.2" < 1.4.0)` {
		t.Errorf("%+v", got)
	}
	var log strings.Builder
	var halts health.Set
	a.tell(lane.journal, slog.New(slog.NewTextHandler(&log, nil)), health.Set{}, halts.With(health.OrderHalts), j.Allows(lane.journal.Place()))
	events, err := j.Recent(1)
	if err != nil || len(events) != 1 || !strings.Contains(events[0].Note["why"], "wants version 1.4.0") || !strings.Contains(log.String(), "wants version 1.4.0") {
		t.Errorf("%+v, %v; log %q", events, err, log.String())
	}
}

// screenNames are the lanes whose key agrees to an order.
func screenNames(o screen.OrderLine) (names string) {
	for _, n := range o.Agrees {
		names += n + " "
	}
	return names
}
