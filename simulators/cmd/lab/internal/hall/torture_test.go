package hall

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
	"example.org/checkpoint/simulators/device"
	"example.org/checkpoint/simulators/phone"
)

// tortureEnv is how long the load lasts, as a Go duration; what follows it takes about a minute.
const tortureEnv = "CHECKPOINT_TORTURE"

// torture is one device at one centre, and whoever means it ill.
type torture struct {
	*session
	t       *testing.T
	rand    *rand.Rand
	line    *device.Line // of somebody on the wire
	mu      sync.Mutex
	batches [][]byte       // of the real device, as they were overheard
	later   []bench.Person // whom something interrupted
}

// TestTorture kills, cuts, restores, tears and lies. At the end the centre has every event
// that the device has written once, every chain is whole, no more passed than the quota lets, and
// everybody whom it all interrupted has passed.
func TestTorture(t *testing.T) {
	long := 10 * time.Second
	if text := os.Getenv(tortureEnv); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t)
	s.relax(t)
	s.follows(t, Device)
	s.rand = rand.New(rand.NewPCG(s.o.Seed, 99))
	x := &torture{session: s, t: t, rand: s.rand}
	x.allow("day", 1000)
	x.quotas("day")
	x.listen()
	x.through(x.traveller(), "at first")
	x.must(x.drain())
	yesterday := x.copyJournal()

	x.load(long)
	x.comeAgain()
	x.lieAboutTime()
	x.contradict()
	x.must(x.drain())
	x.proveQuota()
	x.restore(yesterday)
	x.tearJournal()
	x.reimage()

	x.must(x.drain())
	x.must(x.stopDevice())
	if _, err := x.checkpoint(t.Context(), "journal", "verify", "--state", x.path("device")); err != nil {
		t.Error(err)
	}
	s.whole(t)
}

func (x *torture) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// quotas publishes which quotas a departure costs a token of, and waits until the device knows.
func (x *torture) quotas(names ...string) {
	x.t.Helper()
	type quota struct {
		Quota string            `json:"quota"`
		Scope map[string]string `json:"scope"`
	}
	all := []quota{}
	for _, name := range names {
		all = append(all, quota{name, map[string]string{"direction": "out"}})
	}
	text, err := json.Marshal(map[string]any{"v": 1, "zone": "Asia/Hong_Kong", "quotas": all})
	x.must(err)
	x.must(x.writeFile(filepath.Join("source", "sites", cast.Site+".json"), text))
	before, err := x.counts()
	x.must(err)
	x.must(x.publish(x.t.Context()))
	x.must(process.Until(x.t.Context(), 45*time.Second, "the device knows the quotas", func() bool {
		now, err := x.counts()
		return err == nil && now.Events["bundle-activated"] > before.Events["bundle-activated"]
	}))
}

// allow lets so many pass on a quota today; the devices ask for their share.
func (x *torture) allow(quota string, tokens int) {
	x.t.Helper()
	_, err := x.tell("/quota?"+url.Values{"quota": {quota}, "day": {hongKongDay()}, "tokens": {fmt.Sprint(tokens)}}.Encode(), nil)
	x.must(err)
}

func hongKongDay() string { return time.Now().In(time.FixedZone("HKT", 8*3600)).Format(time.DateOnly) }

// health is what the program says of itself.
func (x *torture) health() (h struct {
	Conditions []string
	Unsynced   int
	Epoch, Seq uint64
}, err error) {
	text, err := get(x.URL(11) + "healthz")
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	return h, err
}

func get(address string) ([]byte, error) {
	client := http.Client{Timeout: 2 * time.Second}
	r, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

// listen overhears the device.
func (x *torture) listen() {
	x.t.Helper()
	var err error
	x.line, err = device.Dial(x.serversURL(), "stranger")
	x.must(err)
	x.t.Cleanup(x.line.Close)
	x.must(x.line.Listen(func(_ string, data []byte) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.batches = append(x.batches, data)
	}, "ev."+Device))
}

// replay says again what the device said long ago.
func (x *torture) replay() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.batches) == 0 {
		return nil
	}
	return x.line.Say("ev."+Device, x.batches[x.rand.IntN(len(x.batches))])
}

// load has people come to the border while things break at random.
func (x *torture) load(long time.Duration) {
	x.t.Helper()
	people, ended := map[int]bench.Person{}, time.After(long)
	next := func() {
		x.sent++
		p := x.traveller()
		p.ID = x.sent
		people[p.ID] = p
		x.benchIn.Say(bench.Order{Person: &p})
	}
	done := map[string]int{}
	next()
	for going, again := true, time.After(time.Second); going || len(people) > 0; {
		select {
		case <-ended:
			going = false
			x.link.Set(false)
		case <-again:
			again = time.After(time.Duration(500+x.rand.IntN(2000)) * time.Millisecond)
			if !going {
				continue
			}
			what := []string{"program", "program", "program", "centre", "cut", "join", "join", "replay"}[x.rand.IntN(8)]
			done[what]++
			switch what {
			case "program":
				x.must(x.killDevice())
			case "centre":
				x.must(x.killCentre(x.t.Context()))
			case "cut", "join":
				x.link.Set(what == "cut")
			case "replay":
				if x.replay() != nil { // the centre is away: nobody hears it
					done["replay to nobody"]++
				}
			}
		case l, ok := <-x.benchLines:
			if !ok {
				x.t.Fatal("the bench has ended")
			}
			if l.Passage == nil {
				continue
			}
			if done[l.Passage.End]++; l.Passage.End != "passed" {
				x.later = append(x.later, people[l.Passage.ID])
			}
			if delete(people, l.Passage.ID); going {
				next()
			}
		case <-time.After(90 * time.Second):
			x.t.Fatal("somebody does not come back")
		}
	}
	x.t.Logf("load: %v", done)
	x.must(process.Until(x.t.Context(), 60*time.Second, "an old batch is heard", func() bool { return x.replay() == nil }))
}

// comeAgain has everybody come again whom something interrupted, with the same code.
func (x *torture) comeAgain() {
	x.t.Helper()
	for _, p := range x.later {
		x.through(p, "interrupted, and come again")
	}
}

// through has one person come until they are through, at most six times.
func (x *torture) through(p bench.Person, when string) {
	x.t.Helper()
	var got bench.Passage
	for range 6 {
		x.shows(x.t, "white")
		if got = x.visit(x.t, p); got.End == "passed" {
			return
		}
	}
	x.t.Errorf("%s: does not pass: %+v", when, got)
}

// lieAboutTime has a phone say that it is another year, and a stranger order another time.
func (x *torture) lieAboutTime() {
	x.t.Helper()
	at := bench.Lane{Name: "1", Kind: "border"}
	for _, off := range []time.Duration{10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour} {
		x.shows(x.t, "white")
		then := time.Now().Add(off)
		code := x.cast.Handset(at, time.Now()).Show(phone.Showing{Audience: cast.Site, At: then})
		if got := x.visit(x.t, bench.Person{Lane: "1", Who: "phone of another year", Act: bench.Walks, Codes: []string{code}}); got.End == "passed" {
			x.t.Errorf("a phone that says %v: %+v", then, got)
		}
	}
	x.must(x.line.Say("cmd.all", []byte("\xd2\x84\x43\xa1\x01\x26\xa0\x40\x40"))) // a COSE_Sign1 that nobody signed
	x.through(x.traveller(), "after lies about the time")
	if h, err := x.health(); err != nil || len(h.Conditions) > 0 {
		x.t.Errorf("conditions %v, %v", h.Conditions, err)
	}
}

// contradict has a device and a copy of its disk write different events under the same numbers.
func (x *torture) contradict() {
	x.t.Helper()
	one, err := device.New("cloned", cast.Site)
	x.must(err)
	x.must(os.WriteFile(x.path("registry", "cloned.json"), one.Card(), 0o644))
	time.Sleep(1100 * time.Millisecond) // the centre reads its registry once a second
	text, err := x.ask("/keys")
	x.must(err)
	keys, err := device.ReadKeys(text)
	x.must(err)
	other := one.Fork()
	x.must(one.Connect(x.serversURL(), keys, nil))
	defer one.Close()
	one.Record(20, time.Now())
	other.Record(20, time.Now())
	x.must(one.Send(x.t.Context(), 20*time.Second))
	x.must(x.line.Say("ev.cloned", other.Batch()))
	var c figures.Counts
	x.must(process.Until(x.t.Context(), 20*time.Second, "20 events in conflict", func() bool {
		c, err = x.counts()
		return err == nil && c.Conflicts == 20
	}))
}

// proveQuota has two tokens left in a quota and six travellers, while the program dies now and
// then and the line is cut: two pass.
func (x *torture) proveQuota() {
	x.t.Helper()
	x.allow("two", 2)
	x.quotas("day", "two")
	passed := 0
	for n := range 6 {
		x.shows(x.t, "white")
		if x.visit(x.t, x.traveller()).End == "passed" {
			passed++
		}
		x.link.Set(n == 2)
		if n%2 == 1 {
			x.must(x.killDevice())
		}
	}
	x.t.Logf("%d of 6 passed on two tokens", passed)
	if passed > 2 {
		x.t.Errorf("%d passed on two tokens", passed)
	}
	x.link.Set(false)
	x.quotas("day")
}

// copyJournal is what somebody keeps of the device's disk.
func (x *torture) copyJournal() []byte {
	x.t.Helper()
	x.must(x.stopDevice())
	data, err := os.ReadFile(x.path("device", "journal.db"))
	x.must(err)
	x.start()
	return data
}

func (x *torture) start() {
	x.t.Helper()
	x.must(errors.Join(x.startDevice(), x.ready(x.t.Context())))
}

// renewed checks that the device has another epoch, which has no tokens until the centre has
// given it some, and that people pass then.
func (x *torture) renewed(when string, before uint64) {
	x.t.Helper()
	x.must(process.Until(x.t.Context(), 30*time.Second, "another epoch "+when, func() bool {
		h, err := x.health()
		return err == nil && h.Epoch != 0 && h.Epoch != before
	}))
	x.through(x.traveller(), when)
	x.must(x.drain())
}

func (x *torture) epoch() uint64 {
	x.t.Helper()
	var epoch uint64
	x.must(process.Until(x.t.Context(), 30*time.Second, "the program names its epoch", func() bool {
		h, err := x.health()
		epoch = h.Epoch
		return err == nil && epoch != 0
	}))
	return epoch
}

// restore puts yesterday's journal back.
func (x *torture) restore(yesterday []byte) {
	x.t.Helper()
	before := x.epoch()
	x.must(x.stopDevice())
	x.must(os.WriteFile(x.path("device", "journal.db"), yesterday, 0o600))
	x.start()
	x.renewed("after yesterday's journal was put back", before)
}

// tearJournal cuts the journal's file off behind its fifth page.
func (x *torture) tearJournal() {
	x.t.Helper()
	before := x.epoch()
	x.must(x.stopDevice())
	x.must(os.Truncate(x.path("device", "journal.db"), 20<<10))
	x.start()
	x.renewed("after the journal's file was torn", before)
}

// reimage sets the machine up anew under the same name: the centre takes nothing from it until
// somebody approves its new key.
func (x *torture) reimage() {
	x.t.Helper()
	before := x.epoch()
	x.must(x.stopDevice())
	x.must(os.RemoveAll(x.path("device")))
	card, err := x.checkpoint(x.t.Context(), "enroll", "--state", x.path("device"), "--device", Device, "--site", cast.Site)
	x.must(err)
	c, err := x.counts()
	x.must(err)
	x.start()
	x.must(process.Until(x.t.Context(), 30*time.Second, "the centre refuses what a new key signs", func() bool {
		now, err := x.counts()
		return err == nil && now.Quarantined > c.Quarantined
	}))
	x.must(os.WriteFile(x.path("registry", Device+".json"), card, 0o644))
	x.renewed("after the machine was set up anew", before)
}
