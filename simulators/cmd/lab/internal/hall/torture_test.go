package hall

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
	"example.org/checkpoint/simulators/device"
)

// Environment of the torture: how long the load lasts, as a Go duration, at least until
// everything has been killed and cut once; and whose turn it is, as a number.
const (
	tortureEnv = "CHECKPOINT_TORTURE"
	seedEnv    = "CHECKPOINT_SEED"
)

// torture is a hall of two devices with a hub, at a centre of three servers, and whoever means
// it ill.
type torture struct {
	*session          // the first device
	other    *session // the second
	t        *testing.T
	rand     *rand.Rand
	line     *device.Line // of somebody on the wire
	lie      string       // file that says how wrong the clock of both is
	ledger   ledger
	began    time.Time
	done     map[string]int // what was done, and what became of people

	mu      sync.Mutex
	batches map[string][][]byte // of the devices, as they were overheard
}

// victims is what is killed and cut under load, each once in a round of another order; so many
// times where the load is to last.
var victims = []string{"program", "program", "program", "other program", "other program", "hub", "hub", "centre", "server 0", "server 1", "server 2",
	"cut", "other cut", "hub cut", "replay", "replay"}

// TestTorture kills, cuts, restores, tears, fills, clones and lies. At the end the centre has
// every event that the devices have written once and no other, every chain is whole, no more
// passed than the quota lets, and everybody whom it all interrupted has passed.
func TestTorture(t *testing.T) {
	long, seed := time.Duration(0), uint64(5)
	var err error
	if text := os.Getenv(tortureEnv); text != "" {
		long, err = time.ParseDuration(text)
	}
	if text := os.Getenv(seedEnv); text != "" && err == nil {
		seed, err = strconv.ParseUint(text, 10, 64)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s=%d", seedEnv, seed)
	x := &torture{t: t, rand: rand.New(rand.NewPCG(seed, 99)), ledger: ledger{}, began: time.Now(), done: map[string]int{}, batches: map[string][][]byte{}}
	x.lie = filepath.Join(t.TempDir(), "lie")
	x.lies(0)
	t.Setenv(lieEnv, x.lie)
	x.session = openWith(t, Options{Seed: seed, Nodes: 3, Hub: true, Program: lyingProgram(t)}, 1)
	x.other = join(t, x.session, "gate-02")
	for name, s := range x.both() {
		s.relax(t)
		s.follows(t, name)
	}
	x.listen()
	x.allow("day", 1000)
	x.quotas("day")
	old := x.veteran()
	for name, s := range x.both() {
		x.through(s, s.traveller(), "at first, at "+name)
		x.must(s.drain())
	}
	yesterday := x.copyJournal()
	x.phase("set up")

	x.load(long)
	x.phase("load")
	x.interrupt()
	x.loseBoard()
	x.phase("interrupted")
	x.lieAboutTime()
	x.phase("lies about the time")
	x.contradict()
	x.replayOld(old)
	x.phase("clone and old batches")
	x.proveQuota()
	x.phase("quota")
	x.restore(yesterday)
	x.tearJournal()
	x.tearFiles()
	x.phase("restored and torn files")
	x.fillDisk()
	x.phase("full disk")
	x.reimage()
	x.phase("new image")

	for _, s := range x.both() {
		x.must(s.drain())
		x.keep(s)
	}
	x.compare()
	x.whole(t)
	x.t.Logf("done: %v", x.done)
}

// both are the devices by their names.
func (x *torture) both() map[string]*session {
	return map[string]*session{Device: x.session, "gate-02": x.other}
}

func (x *torture) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// phase says how long the test has been going.
func (x *torture) phase(what string) {
	x.t.Logf("%5.1f s  %s", time.Since(x.began).Seconds(), what)
}

// quotas publishes which quotas a departure costs a token of, and waits until both devices know.
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
	before, err := x.ofDevices()
	x.must(err)
	x.must(x.publish(x.t.Context()))
	x.must(process.Until(x.t.Context(), 90*time.Second, "the devices know the quotas", func() bool {
		now, err := x.ofDevices()
		for name := range x.both() {
			if err != nil || now[name]["bundle-activated"] <= before[name]["bundle-activated"] {
				return false
			}
		}
		return true
	}))
}

// ofDevices is what the centre has of each device, by kind.
func (x *torture) ofDevices() (map[string]map[string]int, error) {
	var c struct{ Devices map[string]map[string]int }
	text, err := x.ask("/counts")
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	return c.Devices, err
}

// allow lets so many pass on a quota today; the devices ask for their share.
func (x *torture) allow(quota string, tokens int) {
	x.t.Helper()
	_, err := x.tell("/quota?"+url.Values{"quota": {quota}, "day": {hongKongDay()}, "tokens": {fmt.Sprint(tokens)}}.Encode(), nil)
	x.must(err)
}

func hongKongDay() string { return time.Now().In(time.FixedZone("HKT", 8*3600)).Format(time.DateOnly) }

// health is what the program says of itself.
func (s *session) health() (h struct {
	Conditions []string
	Unsynced   int
	Epoch, Seq uint64
}, err error) {
	client := http.Client{Timeout: 2 * time.Second}
	r, err := client.Get(s.URL(11) + "healthz")
	if err != nil {
		return h, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	return h, err
}

// says waits until the program says a condition, or does so no more.
func (s *session) says(t *testing.T, condition string, holds bool) {
	t.Helper()
	var now []string
	if err := process.Until(t.Context(), 45*time.Second, fmt.Sprintf("%s is %v", condition, holds), func() bool {
		h, err := s.health()
		now = h.Conditions
		return err == nil && slices.Contains(now, condition) == holds
	}); err != nil {
		t.Fatalf("%v; conditions %q", err, now)
	}
}

// listen overhears the devices.
func (x *torture) listen() {
	x.t.Helper()
	var err error
	x.line, err = device.Dial(x.serversURL(), "stranger")
	x.must(err)
	x.t.Cleanup(x.line.Close)
	for name := range x.both() {
		x.must(x.line.Listen(func(_ string, data []byte) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.batches[name] = append(x.batches[name], data)
		}, "ev."+name))
	}
}

// replay says again what a device said before.
func (x *torture) replay() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	name := []string{Device, "gate-02"}[x.rand.IntN(2)]
	if len(x.batches[name]) == 0 {
		return errors.New("nothing was overheard yet")
	}
	return x.line.Say("ev."+name, x.batches[name][x.rand.IntN(len(x.batches[name]))])
}

// torment kills or cuts one of victims.
func (x *torture) torment(what string) {
	x.t.Helper()
	x.done[what]++
	switch what {
	case "program":
		x.cutPower(x.session, x.done[what])
	case "other program":
		x.cutPower(x.other, x.done[what])
	case "hub":
		x.must(x.killHub())
	case "centre":
		x.must(x.killCentre(x.t.Context()))
	case "server 0", "server 1", "server 2":
		x.must(x.killNode(int(what[7] - '0')))
	case "cut":
		x.toggle(x.link)
	case "other cut":
		x.toggle(x.other.link)
	case "hub cut":
		x.toggle(x.hubLink)
	case "replay":
		if x.replay() != nil { // nobody hears it, or nobody has said anything
			x.done["replay to nobody"]++
		}
	}
}

// cutPower kills a program, and starts it again a little later: in the moment in which it lets
// somebody, or, every third time, before it has answered one who is there and for longer than
// they wait.
func (x *torture) cutPower(s *session, nth int) {
	x.t.Helper()
	lamp, wait, away := "green", time.Duration(x.rand.IntN(300))*time.Millisecond, time.Duration(200+x.rand.IntN(1000))*time.Millisecond
	if nth%3 == 1 {
		lamp, wait, away = "white", 100*time.Millisecond, 7*time.Second
	}
	for end := time.Now().Add(5 * time.Second); s.Page.Now("1").Lamp != lamp && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(wait)
	s.device.Kill()
	time.Sleep(away)
	x.must(s.startDevice())
}

// toggle cuts a line and has it join by itself a little later.
func (x *torture) toggle(l *process.Link) {
	l.Set(true)
	time.AfterFunc(time.Duration(1000+x.rand.IntN(4000))*time.Millisecond, func() { l.Set(false) })
}

// join joins all lines, and waits until both devices and the centre are together again.
func (x *torture) join() {
	x.t.Helper()
	time.Sleep(5 * time.Second) // no line is cut longer
	for _, s := range x.both() {
		x.must(s.ready(x.t.Context()))
		s.says(x.t, "centre-offline", false)
	}
	x.must(process.Until(x.t.Context(), 60*time.Second, "an old batch is heard", func() bool { return x.replay() == nil }))
}

// contradict has a device and a copy of its disk write different events under the same numbers.
func (x *torture) contradict() {
	x.t.Helper()
	one := x.pretended("cloned")
	other := one.Fork()
	one.Record(20, time.Now())
	other.Record(20, time.Now())
	before, err := x.counts()
	x.must(err)
	x.must(one.Send(x.t.Context(), 20*time.Second))
	x.must(x.line.Say("ev.cloned", other.Batch()))
	var now figures.Counts
	x.must(process.Until(x.t.Context(), 20*time.Second, "20 events in conflict", func() bool {
		now, err = x.counts()
		return err == nil && now.Conflicts == before.Conflicts+20
	}))
	x.done["events in conflict"] += 20
}

// pretended is a light device at the centre.
func (x *torture) pretended(name string) *device.Device {
	x.t.Helper()
	d, err := device.New(name, cast.Site)
	x.must(err)
	x.must(os.WriteFile(x.path("registry", name+".json"), d.Card(), 0o644))
	time.Sleep(1100 * time.Millisecond) // the centre reads its registry once a second
	text, err := x.ask("/keys")
	x.must(err)
	keys, err := device.ReadKeys(text)
	x.must(err)
	x.must(d.Connect(x.serversURL(), keys, nil))
	x.t.Cleanup(d.Close)
	return d
}

// veteran has a light device bring what it wrote a week ago, and returns that batch.
func (x *torture) veteran() []byte {
	x.t.Helper()
	d := x.pretended("veteran")
	d.Record(50, time.Now().AddDate(0, 0, -7))
	batch := d.Batch()
	x.must(d.Send(x.t.Context(), 20*time.Second))
	return batch
}

// replayOld says again what was written a week ago, and every batch that was overheard: the
// centre counts each event as one that came again, and stores none.
func (x *torture) replayOld(old []byte) {
	x.t.Helper()
	for _, s := range x.both() {
		x.must(s.drain())
		x.must(s.stopDevice()) // so that nothing new comes meanwhile
	}
	before, err := x.counts()
	x.must(err)
	x.mu.Lock()
	said := maps.Clone(x.batches)
	x.mu.Unlock()
	said["veteran"] = [][]byte{old}
	for name, batches := range said {
		for _, batch := range batches {
			x.must(x.line.Say("ev."+name, batch))
			x.done["old batches"]++
		}
	}
	var now figures.Counts
	x.must(process.Until(x.t.Context(), 60*time.Second, "the old events have come again", func() bool {
		now, err = x.counts()
		return err == nil && now.Doubles >= before.Doubles+50+x.done["old batches"]-1
	}))
	if !maps.Equal(now.Events, before.Events) || now.Conflicts != before.Conflicts || now.Quarantined != before.Quarantined {
		x.t.Errorf("after old batches the centre has %+v, before %+v", now, before)
	}
	for _, s := range x.both() {
		x.start(s)
	}
}

// proveQuota has three tokens left in a quota and travellers at two devices, while the programs
// die now and then and the lines are cut: at most three pass.
func (x *torture) proveQuota() {
	x.t.Helper()
	const tokens = 3
	x.allow("few", tokens)
	x.quotas("day", "few")
	passed, end := 0, time.Now().Add(60*time.Second)
	for n, left := 0, 6; left > 0; n++ { // the first only once the devices have their share
		s := []*session{x.session, x.other}[n%2]
		s.shows(x.t, "white")
		if s.visit(x.t, s.traveller()).End == "passed" {
			passed++
		}
		if passed == 0 && time.Now().Before(end) {
			continue
		}
		left--
		x.link.Set(left == 4)
		x.other.link.Set(left == 3)
		if left%3 == 1 {
			x.must(s.killDevice())
			x.done["killed short of tokens"]++
		}
	}
	if x.done["passed on 3 tokens"] = passed; passed > tokens || passed == 0 {
		x.t.Errorf("%d passed on %d tokens", passed, tokens)
	}
	x.link.Set(false)
	x.other.link.Set(false)
	page, err := x.ask("/quota")
	x.must(err)
	for text := range figures.Lines(page) {
		var q struct {
			Quota       string
			Tokens, Out int
		}
		x.must(json.Unmarshal(text, &q))
		if q.Out > q.Tokens {
			x.t.Errorf("of quota %s %d are out, of %d", q.Quota, q.Out, q.Tokens)
		}
	}
	x.quotas("day")
}

func (x *torture) start(s *session) {
	x.t.Helper()
	x.must(errors.Join(s.startDevice(), s.ready(x.t.Context())))
}
