package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/verdict"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a state directory with a clock that the test moves.
type bench struct {
	*testing.T
	dir     string
	now     time.Time
	options Options
}

// newBench inspects the directory at the end of the test, whatever it was about.
func newBench(t *testing.T) *bench {
	b := &bench{T: t, dir: t.TempDir(), now: noon}
	b.options = Options{Device: "gate-07", Site: "LMC", Now: func() time.Time { return b.now }}
	t.Cleanup(func() {
		if !t.Failed() {
			b.intact(b.dir)
		}
	})
	return b
}

func (b *bench) open() *Journal {
	b.Helper()
	j, err := Open(b.dir, b.options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { j.Close() })
	return j
}

func (b *bench) close(j *Journal) {
	b.Helper()
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}

// intact looks at a copy, structure and chain: the journal may be open.
func (b *bench) intact(dir string) chain.Report {
	b.Helper()
	r := b.verify(dir)
	if r.Fault != nil {
		b.Fatalf("%s in epoch %016x at %d: %s", r.Fault.Kind, r.Fault.Epoch, r.Fault.Seq, r.Fault.Text)
	}
	return r
}

func (b *bench) verify(dir string) chain.Report {
	b.Helper()
	copied := b.TempDir()
	b.copy(dir, copied)
	r, err := evidence.Verify(copied, evidence.Known{})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// copy is what a backup takes: never the day key.
func (b *bench) copy(from, to string) {
	b.Helper()
	for _, name := range []string{layout.File, statefile.WitnessFile} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// claim expects an answer.
func (b *bench) claim(l *Lane, presentation uint64, want verdict.Reason, identities ...string) {
	b.Helper()
	got, err := l.Claim(claimed(b.now, presentation, b.now.Add(time.Hour), identities...))
	if err != nil || got != want {
		b.Fatalf("claim of %v: %q, %v; want %q", identities, got, err, want)
	}
}

func claimed(now time.Time, presentation uint64, until time.Time, identities ...string) event.Event {
	v := verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Rule: "green"}
	for _, id := range identities {
		v.Counts = append(v.Counts, verdict.Count{Identity: []byte(id), Until: until})
	}
	return event.Event{At: now, Kind: event.Claimed, Presentation: presentation, Verdict: v}
}

func (b *bench) settle(l *Lane, presentation uint64, passed bool) {
	b.Helper()
	k := event.Withdrew
	if passed {
		k = event.Passed
	}
	b.must(l.Settle(event.Event{At: b.now, Kind: k, Presentation: presentation}, passed))
}

func (b *bench) alarm(l *Lane) {
	b.Helper()
	b.must(l.Append(event.Event{At: b.now, Kind: event.Alarm}))
}

// kinds of all events, oldest first.
func (b *bench) kinds(j *Journal) string {
	b.Helper()
	all, err := j.Recent(1000)
	b.must(err)
	out := ""
	for _, r := range all {
		out = string(r.Kind) + " " + out
	}
	return strings.TrimSpace(out)
}

// count of what is in a bucket.
func count(t *testing.T, j *Journal, bucket string) (n int) {
	t.Helper()
	if err := j.db.Load().View(func(tx *bolt.Tx) error { n = tx.Bucket([]byte(bucket)).Stats().KeyN; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestChain(t *testing.T) {
	b := newBench(t)
	j := b.open()
	l := j.Lane("1")
	b.claim(l, 1, "", "a")
	b.settle(l, 1, true)
	b.alarm(l)
	b.must(j.Append(event.Event{At: b.now, Kind: event.Condition, Note: map[string]string{"code": "disk-low"}}))

	all, err := j.Recent(10)
	b.must(err)
	if got := b.kinds(j); got != "started claimed passed alarm condition" {
		t.Error(got)
	}
	entries, err := j.Entries(100, 1<<20)
	b.must(err)
	var prev [32]byte
	for i, e := range entries {
		r := all[len(all)-1-i]
		if e.Seq != uint64(i+1) || r.Seq != e.Seq || e.Epoch != j.Stats().Epoch || r.Prev != prev {
			t.Errorf("entry %d: %d, %d", i, e.Seq, r.Seq)
		}
		prev = chain.Hash(e.Bytes)
	}
	claimed, passed := all[3], all[2]
	if claimed.Visit == "" || claimed.Visit != passed.Visit || claimed.Boot != 1 || claimed.Lane != "1" || all[0].Lane != "" || all[0].Visit != "" {
		t.Errorf("%+v %+v", claimed, passed)
	}
	if s := j.Stats(); s.Boot != 1 || s.Seq != 5 || s.Unsynced != 5 || !s.Oldest.Equal(noon) || s.Origin != First || s.Full || s.Fault != nil || s.Bytes == 0 {
		t.Errorf("%+v", s)
	}
	select {
	case <-j.Changed():
	default:
		t.Error("nobody was woken")
	}
	report := b.intact(b.dir)
	if e := report.Epochs[0]; e.First != 1 || e.Last != 5 || e.Counts[event.Claimed] != 1 || report.Device != "gate-07" {
		t.Errorf("%+v", report)
	}
}

func TestACodeCountsOnce(t *testing.T) {
	b := newBench(t)
	j := b.open()
	one, two := j.Lane("1"), j.Lane("2")

	b.claim(one, 1, "", "a", "b", "a") // twice in one presentation is once
	before := b.kinds(j)
	b.claim(two, 1, verdict.Replayed, "b")
	b.claim(one, 2, verdict.Replayed, "c", "a")
	if after := b.kinds(j); after != before {
		t.Errorf("a replayed claim has written: %s", after)
	}
	b.claim(two, 2, "", "c") // the refused claim has not marked it
	b.settle(one, 1, false)
	b.claim(two, 3, "", "a", "b")
	b.settle(two, 3, true)
	b.claim(one, 4, verdict.Replayed, "a")
	b.settle(two, 2, true)
	b.settle(one, 9, true) // there is no such claim

	b.now = b.now.Add(time.Hour) // their time is over
	b.claim(one, 5, "", "a")
	b.settle(one, 5, false)
	if n := count(t, j, "marks") + count(t, j, "ends") + count(t, j, "claims"); n != 0 {
		t.Errorf("%d marks and claims are left over", n)
	}
}

// A claim whose time ends before it is settled does not touch the mark of the next.
func TestALateSettleTouchesOnlyItsOwn(t *testing.T) {
	b := newBench(t)
	j := b.open()
	one, two := j.Lane("1"), j.Lane("2")
	b.claim(one, 1, "", "a")
	b.now = b.now.Add(time.Hour)
	b.claim(two, 1, "", "a")
	b.settle(one, 1, false)
	b.claim(one, 2, verdict.Replayed, "a")
	b.settle(two, 1, true)
	b.claim(one, 3, verdict.Replayed, "a")
}

func TestClaimsThatCannotBeMade(t *testing.T) {
	b := newBench(t)
	j := b.open()
	if _, err := j.Lane("1").Claim(claimed(b.now, 1, time.Time{}, "a")); !errors.Is(err, ErrNoUntil) {
		t.Error(err)
	}
	if _, err := j.Lane("1").Claim(claimed(b.now, 0, noon.Add(1), "a")); err == nil {
		t.Error("a claim without a presentation")
	}
	if _, err := j.Lane("no such/name").Claim(claimed(b.now, 1, noon.Add(time.Hour), "a")); !errors.Is(err, event.ErrName) {
		t.Error(err)
	}
	b.claim(j.Lane("1"), 2, "", "a") // none of them has marked it
}

// TestTheTimeIsOverAlready: what cannot be marked does not pass, else the same code would
// pass again and again where two clocks disagree.
func TestTheTimeIsOverAlready(t *testing.T) {
	b := newBench(t)
	j := b.open()
	for _, until := range []time.Time{b.now, b.now.Add(-time.Hour)} {
		e := claimed(b.now, 1, until, "a")
		e.Verdict.Counts = append(e.Verdict.Counts, verdict.Count{Identity: []byte("b"), Until: b.now.Add(time.Hour)})
		if got, err := j.Lane("1").Claim(e); err != nil || got != verdict.Expired {
			t.Errorf("%q %v", got, err)
		}
	}
	if got := b.kinds(j); got != "started" {
		t.Error(got)
	}
	b.claim(j.Lane("1"), 2, "", "a", "b")
}

// TestCheckedClock: events say the journal's time, whatever the machine's clock said where
// they happened, and how long they waited is taken off.
func TestCheckedClock(t *testing.T) {
	b := newBench(t)
	j := b.open()
	happened := time.Now().Add(-3 * time.Second) // far from noon, on the monotonic clock 3 s ago
	b.must(j.Lane("1").Append(event.Event{At: happened, Kind: event.Alarm}))
	b.must(j.Append(event.Event{At: happened.Round(0), Kind: event.Condition}))
	b.must(j.Append(event.Event{At: time.Now().Add(time.Hour), Kind: event.Condition}))
	all, err := j.Recent(3)
	b.must(err)
	if late := noon.Sub(all[2].At); late < 3*time.Second || late > time.Minute {
		t.Errorf("it waited 3 s, its time is %v ago", late)
	}
	if !all[1].At.Equal(noon) || !all[0].At.Equal(noon) {
		t.Errorf("%v %v", all[1].At, all[0].At)
	}
}

// TestOnlyOneLaneWins lets lanes claim the same codes at the same time.
func TestOnlyOneLaneWins(t *testing.T) {
	b := newBench(t)
	j := b.open()
	const lanes, codes = 6, 10
	var mu sync.Mutex
	won := map[int]int{}
	var all sync.WaitGroup
	for n := range lanes {
		all.Go(func() {
			l := j.Lane(fmt.Sprint(n))
			for c := range codes {
				r, err := l.Claim(claimed(noon, uint64(c+1), noon.Add(time.Hour), fmt.Sprint("code", c)))
				if err != nil {
					t.Error(err)
				} else if r == "" {
					mu.Lock()
					won[c]++
					mu.Unlock()
					if err := l.Settle(event.Event{At: noon, Kind: event.Passed, Presentation: uint64(c + 1)}, true); err != nil {
						t.Error(err)
					}
				}
				j.Stats()
				if _, err := j.Entries(5, 1<<20); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for c := range codes {
		if won[c] != 1 {
			t.Errorf("code %d passed %d times", c, won[c])
		}
	}
}

func TestEvacuated(t *testing.T) {
	b := newBench(t)
	j := b.open()
	one := j.Lane("1")
	b.must(one.Append(event.Event{At: b.now, Kind: event.Evacuated}))
	b.alarm(one)
	b.close(j)
	j = b.open()
	one = j.Lane("1")
	if two := j.Lane("2"); !one.Evacuated() || two.Evacuated() {
		t.Errorf("%v %v", one.Evacuated(), two.Evacuated())
	}
	b.must(one.Append(event.Event{At: b.now, Kind: event.Secured}))
	if one.Evacuated() {
		t.Error("still evacuated")
	}
	b.must(one.Settle(event.Event{At: b.now, Kind: event.Evacuated}, false))
	if !one.Evacuated() {
		t.Error("not evacuated")
	}
}

// TestNothingPersonalIsStored looks for an identity in every file.
func TestNothingPersonalIsStored(t *testing.T) {
	b := newBench(t)
	j := b.open()
	const secret = "SECRET-PERSON-0123456789"
	b.claim(j.Lane("1"), 1, "", secret)
	e := claimed(b.now, 2, b.now.Add(time.Hour), secret+"2")
	e.Verdict.Language = secret
	if _, err := j.Lane("1").Claim(e); err != nil {
		t.Fatal(err)
	}
	b.close(j)
	files, err := os.ReadDir(b.dir)
	b.must(err)
	list := b.keys()
	if len(list) != 1 {
		t.Fatal(list)
	}
	key := list[0].Key
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(b.dir, f.Name()))
		b.must(err)
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds an identity", f.Name())
		}
		if bytes.Contains(data, key) {
			t.Errorf("%s holds the day key", f.Name())
		}
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestOneProgramAtATime(t *testing.T) {
	b := newBench(t)
	j := b.open()
	if _, err := Open(b.dir, b.options); !errors.Is(err, layout.ErrHeld) {
		t.Error(err)
	}
	if _, err := evidence.List(b.dir, 1, func(event.Record) bool { return true }); !errors.Is(err, layout.ErrHeld) {
		t.Error(err)
	}
	if _, err := evidence.Verify(b.dir, evidence.Known{}); !errors.Is(err, layout.ErrHeld) {
		t.Error(err)
	}
	b.alarm(j.Lane("1"))
	b.close(j)
	list, err := evidence.List(b.dir, 1, func(r event.Record) bool { return r.Kind != event.Started })
	if err != nil || len(list) != 1 || list[0].Kind != event.Alarm {
		t.Error(list, err)
	}
	if err := j.Append(event.Event{At: b.now, Kind: event.Condition}); err == nil {
		t.Error("written after Close")
	}
	if s := j.Stats(); s.Seq != 0 {
		t.Errorf("%+v", s)
	}
}

func TestOtherDevice(t *testing.T) {
	b := newBench(t)
	b.close(b.open())
	o := b.options
	o.Device = "gate-08"
	if _, err := Open(b.dir, o); !errors.Is(err, ErrOther) {
		t.Error(err)
	}
	for _, o := range []Options{{Device: "a/b", Site: "s"}, {Device: "a"}, {Device: "a", Site: "s", MaxSize: 1}} {
		if _, err := Open(b.dir, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
