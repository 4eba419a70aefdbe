package follow

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	decoded "example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/bundle/publish"
)

// TestOrdersReachEveryDevice: a breaker halts the devices that are there at once, those that are
// away when they are back, by line or by bundle; a restart keeps it; nothing but a newer order
// and a supervisor opens.
func TestOrdersReachEveryDevice(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	o.publish()
	here, _ := o.device("here")
	away, leave := o.device("away")
	for _, a := range []*device{here, away} {
		o.eventually("rules and line", func() bool { return a.rules.Load() != nil && a.link.State().Connected })
	}
	if !here.admits(t, "1") || !away.admits(t, "1") {
		t.Fatal("nobody is admitted")
	}
	leave()
	out := centre.Scope{Direction: "out"}
	o.order("halt", out)
	o.eventually("halted at once", func() bool { return !here.admits(t, "1") })
	if !here.admits(t, "2") {
		t.Error("the other direction is halted too")
	}
	if !here.says("1", health.OrderHalts) || here.says("2", health.OrderHalts) {
		t.Error("the conditions are not those of the lanes")
	}

	away, leave = o.device("away")
	o.eventually("halted when back", func() bool { return !away.admits(t, "1") })
	leave()
	o.stop() // cut off
	away, leave = o.device("away")
	if away.admits(t, "1") {
		t.Error("a restart without a line opens")
	}
	leave()

	o.open()
	o.eventually("line", func() bool { return here.link.State().Connected })
	old, err := o.oldWords()
	if err != nil {
		t.Fatal(err)
	}
	o.order("open", out)
	o.eventually("opening heard", func() bool { return here.says("1", health.OrderWaits) })
	if here.admits(t, "1") {
		t.Error("opened without a supervisor")
	}
	here.Agreed(here.lanes["2"].Place()) // the supervisor of the other lane
	here.Agreed(here.lanes["1"].Place())
	o.eventually("opened", func() bool { return here.admits(t, "1") })
	o.order("halt", out)
	o.eventually("halted again", func() bool { return !here.admits(t, "1") })
	for _, word := range old {
		here.hear(word) // the first halt and nothing newer
	}
	here.Agreed(here.lanes["1"].Place())
	time.Sleep(50 * time.Millisecond)
	if here.admits(t, "1") {
		t.Error("a supervisor alone opens")
	}

	o.publish() // a new device hears of it by the bundle alone
	fresh, stop := o.device("fresh")
	o.eventually("rules", func() bool { return fresh.rules.Load() != nil })
	if fresh.admits(t, "1") || !fresh.admits(t, "2") {
		t.Error("the bundle's orders are not obeyed with its rules")
	}
	stop()
}

// oldWords are the orders that stand now.
func (o *office) oldWords() ([][]byte, error) {
	a, stop := o.device("listener")
	defer stop()
	o.eventually("line", func() bool { return a.link.State().Connected })
	return a.link.Standing(o.Context())
}

// TestQuotaOfASite: leases come over the line and are spent; taken back, they count at the centre
// for what was spent once the device has said so.
func TestQuotaOfASite(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	o.files["sites/LMC.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"zone":"UTC","quotas":[{"quota":"q","scope":{"direction":"out"}}]}`)}
	o.publish()
	a, _ := o.device("gate")
	o.eventually("rules and line", func() bool { return a.rules.Load() != nil && a.link.State().Connected })
	if a.admits(t, "1") || !a.admits(t, "2") {
		t.Error("a quota without a lease admits, or more than its direction is counted")
	}
	day := time.Now().UTC().Format(time.DateOnly)
	var q centre.Quota
	var l centre.Lease
	lease := func(tokens int) {
		o.post(fmt.Sprintf("/lease?quota=q&day=%s&holder=%s&tokens=%d", day, url.QueryEscape(a.device.Journal.Holder()), tokens), nil, &l)
	}
	o.post("/quota?quota=q&day="+day+"&tokens=5", nil, &q)
	lease(4)
	o.eventually("admits", func() bool { return a.admits(t, "1") })
	a.admits(t, "1")
	lease(0)
	o.eventually("exhausted", func() bool { all, err := a.device.Journal.Holdings(); return err == nil && all[0].Serial == 2 })
	if a.admits(t, "1") {
		t.Error("admitted on a lease that was taken back")
	}
	o.eventually("given back", func() bool { return strings.Contains(string(o.get("/quota")), `"out":2`) })
}

// TestTimeOrder: a signed time raises the floor of the clock at once, and takes it back only with
// a supervisor, also over a restart; an older one moves nothing.
func TestTimeOrder(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	o.publish()
	a, stop := o.device("gate")
	o.eventually("rules and line", func() bool { return a.rules.Load() != nil && a.link.State().Connected })
	says := func(at time.Time) {
		var got centre.Order
		o.post("/order", centre.Order{Kind: "time", State: "open", NotBefore: at.Unix(), Reason: "clock"}, &got)
	}
	right := time.Now().Truncate(time.Second)
	wrong := right.Add(48 * time.Hour)
	says(wrong)
	o.eventually("raised", func() bool { return a.device.Clock.Now().Equal(wrong) })
	old, err := a.link.Standing(t.Context())
	if err != nil || len(old) != 1 {
		t.Fatal(len(old), err)
	}
	says(right)
	o.eventually("heard", func() bool { return a.says("1", health.OrderWaits) })
	if !a.device.Clock.Now().Equal(wrong) {
		t.Error("lowered without a supervisor")
	}
	a.Agreed(a.lanes["1"].Place())
	o.eventually("lowered", func() bool { return a.device.Clock.Now().Before(right.Add(time.Hour)) })
	a.hear(old[0])
	if !a.device.Clock.Now().Before(right.Add(time.Hour)) {
		t.Error("an older order moves the clock")
	}
	var later time.Time
	o.eventually("a later set", func() bool {
		o.publish()
		set, _ := a.store.Current()
		later = set.Published
		return later.After(right)
	})
	stop()
	a, _ = o.device("gate")
	if floor := a.device.Clock.Floor(); floor.After(right.Add(time.Hour)) || floor.Before(later) {
		t.Errorf("floor %v after a restart, %v was signed since", floor, later)
	}
	for _, s := range a.device.Journal.Orders().All() {
		if s.Disowned {
			t.Errorf("order %d: its key is still believed", s.Order.Number)
		}
	}
}

// TestStick: a running device that is cut off takes a newer set from a stick, once, and an older one never.
func TestStick(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	o.publish()
	a, stop := o.device("gate")
	o.eventually("rules", func() bool { return a.rules.Load() != nil })
	stop()
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(o.repo)); err != nil {
		t.Fatal(err)
	}
	o.order("halt", centre.Scope{})
	o.files["cohort/first/texts/x.toml"] = &fstest.MapFile{Data: []byte("x")}
	o.files["rollout.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"cohorts":[{"name":"first","devices":["gate"]}]}`)}
	o.files[ordersFile] = &fstest.MapFile{Data: o.get("/orders")}
	if _, err := publish.Sign(o.repo, o.files, o.keys, time.Now(), publish.DefaultLifetimes); err != nil {
		t.Fatal(err)
	}
	o.stop()

	o.stick = t.TempDir() // empty as yet
	a, stop = o.device("gate")
	if !a.admits(t, "1") {
		t.Fatal("halted before anybody said so")
	}
	events := func() (n int) {
		all, err := a.device.Journal.Recent(100_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if e.Kind == event.BundleRejected {
				n++
			}
		}
		return n
	}
	half := t.TempDir()
	if err := errors.Join(os.CopyFS(half, os.DirFS(o.repo)), os.Rename(filepath.Join(half, "targets"), filepath.Join(half, "later")), os.CopyFS(o.stick, os.DirFS(half))); err != nil {
		t.Fatal(err)
	}
	o.eventually("a stick that is still being written is not taken", func() bool { return events() == 1 })
	if err := os.Rename(filepath.Join(o.stick, "later"), filepath.Join(o.stick, "targets")); err != nil {
		t.Fatal(err)
	}
	o.eventually("the stick's order is obeyed", func() bool { return !a.admits(t, "1") })
	o.eventually("the set is in force", func() bool { s := a.store.Status(); return s.Version == "2" })
	o.eventually("the cohort's file is seen", func() bool {
		return slices.ContainsFunc(*a.lists.Load(), func(l List) bool { return l.Name == "texts/x.toml" })
	})
	stop()
	o.stick = old
	a, _ = o.device("gate")
	o.eventually("the old stick is refused", func() bool { return events() == 2 })
	time.Sleep(2500 * time.Millisecond) // two looks more
	if n := events(); n != 2 || a.admits(t, "1") {
		t.Errorf("%d refusals of sticks", n)
	}
}

// TestOrderNotWritten: what the journal could not take is not forgotten.
func TestOrderNotWritten(t *testing.T) {
	a := newDevice(t)
	halt := order.Signed{Order: decoded.Order{Number: 1, Kind: decoded.Breaker, Halt: true}}
	if a.obey(halt); a.missed.Load() {
		t.Error("missed what was written")
	}
	if err := a.device.Journal.Close(); err != nil {
		t.Fatal(err)
	}
	halt.Order.Number = 2
	if a.obey(halt); !a.missed.Load() {
		t.Error("an order that was not written is forgotten")
	}
}
