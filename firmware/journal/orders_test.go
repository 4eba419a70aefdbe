package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	decoded "example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/simulators/centre/keys"
)

// ruled is a bench whose centre orders and leases.
type ruled struct {
	*bench
	key *keys.Key
}

func newRuled(t *testing.T) *ruled {
	key, err := keys.New("orders")
	if err != nil {
		t.Fatal(err)
	}
	b := &ruled{newBench(t), key}
	b.options.Directions, b.options.Version = map[string]string{"1": "out", "2": "in"}, "1.4.0"
	return b
}

func (b *ruled) order(j *Journal, number uint64, state string, scope centre.Scope) error {
	b.Helper()
	return b.orderAt(j, noon, number, state, scope)
}

func (b *ruled) orderAt(j *Journal, at time.Time, number uint64, state string, scope centre.Scope) error {
	b.Helper()
	signed, err := centre.Order{Number: number, Kind: "breaker", State: state, Scope: scope,
		NotBefore: at.Unix(), ReviewBy: noon.Add(time.Hour).Unix(), Reason: "too many"}.Sign(b.key)
	b.must(err)
	o, err := decoded.DecodeOrder(signed)
	b.must(err)
	return j.Order(o, signed, false)
}

// agree is a supervisor at a lane agreeing to what the key agrees to now.
func agree(j *Journal, p order.Place) ([]order.Standing, error) {
	next := j.Orders().Waiting(p, j.options.Now())
	if len(next) == 0 {
		next = []order.Standing{{}}
	}
	return j.Confirm(p, next[0])
}

// TestHalted: the claim obeys an order whatever the inspection thought, after a restart and in a
// new epoch too; only a newer opening with a supervisor opens again.
func TestHalted(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	out, in := j.Lane("1"), j.Lane("2")
	b.claim(out, 1, "", "a") // and stands in the lane when the order comes
	b.must(b.order(j, 41, "halt", centre.Scope{Direction: "out"}))
	b.settle(out, 1, true) // no order holds a person
	b.claim(out, 2, verdict.Halted, "b")
	b.claim(in, 1, "", "c")
	b.settle(in, 1, true)
	if err := b.order(j, 40, "open", centre.Scope{Direction: "out"}); !errors.Is(err, order.ErrOld) {
		t.Error("an older opening: ", err)
	}
	b.now = noon.Add(48 * time.Hour) // its review is long over
	b.claim(out, 3, verdict.Halted, "b")
	if n := len(j.Orders().Overdue(b.now)); n != 1 {
		t.Errorf("%d are overdue", n)
	}
	b.close(j)

	j = b.open()
	out = j.Lane("1")
	b.claim(out, 1, verdict.Halted, "b")
	if n, err := agree(j, out.Place()); len(n) != 0 || err != nil {
		t.Error("a supervisor alone opened: ", n, err)
	}
	b.must(b.order(j, 42, "open", centre.Scope{Direction: "out"}))
	b.claim(out, 2, verdict.Halted, "b")
	b.close(j)
	b.must(os.Remove(filepath.Join(b.dir, statefile.WitnessFile))) // a new epoch begins

	j = b.open()
	out = j.Lane("1")
	if j.Stats().Origin != Restored {
		t.Fatal(j.Stats().Origin)
	}
	b.claim(out, 1, verdict.Halted, "b")
	if n, err := agree(j, j.Lane("2").Place()); len(n) != 0 || err != nil {
		t.Error("a supervisor at the other lane opened: ", n, err)
	}
	if n, err := agree(j, out.Place()); len(n) != 1 || err != nil {
		t.Error(n, err)
	}
	b.claim(out, 2, "", "b")
	b.close(j)
	j = b.open()
	b.claim(j.Lane("1"), 1, "", "d")
	all, err := j.Recent(100)
	b.must(err)
	states := ""
	for _, r := range all {
		if r.Kind == event.OrderApplied {
			states = r.Note["state"] + "; " + states
		}
	}
	if states != "halt; open, waits for a supervisor; opened by a supervisor; " {
		t.Error(states)
	}
}

// TestNotShown: a supervisor agrees to what was shown, though what came meanwhile holds from an
// earlier time, also over restarts; once that is agreed to, or has been replaced, to nothing.
func TestNotShown(t *testing.T) {
	for name, reopen := range map[string]func(b *ruled){
		"running": nil, "started again": func(*ruled) {},
		"started from the copy": func(b *ruled) { b.must(os.Remove(filepath.Join(b.dir, layout.File))) },
	} {
		b := newRuled(t)
		j := b.open()
		place := j.Lane("1").Place()
		b.must(b.order(j, 1, "halt", centre.Scope{}))
		b.must(b.order(j, 2, "halt", centre.Scope{Lane: "1"}))
		b.now = noon.Add(2 * time.Second)
		b.must(b.orderAt(j, noon.Add(time.Second), 3, "open", centre.Scope{}))
		b.must(b.order(j, 4, "open", centre.Scope{Lane: "1"})) // from noon on, and so from before
		if reopen != nil {
			b.close(j)
			reopen(b)
			j = b.open()
		}
		shown := j.Orders().Waiting(place, b.now)
		if len(shown) != 2 || shown[0].Order.Number != 3 {
			t.Errorf("%s: %+v", name, shown)
			continue
		}
		if n, err := j.Confirm(place, shown[0]); err != nil || len(n) != 1 || n[0].Order.Number != 3 {
			t.Errorf("%s: agreed to %+v, %v", name, n, err)
		}
		if n, err := j.Confirm(place, shown[0]); err != nil || len(n) != 0 {
			t.Errorf("%s: the key turned twice at once agreed to %+v, %v", name, n, err)
		}
		b.must(b.order(j, 5, "open", centre.Scope{Lane: "1"}))
		if n, err := j.Confirm(place, shown[1]); err != nil || len(n) != 0 {
			t.Errorf("%s: agreed unseen to %+v, %v", name, n, err)
		}
		b.claim(j.Lane("1"), 9, verdict.Halted, "a")
		b.close(j)
	}
}

// TestAnyScheme: of the codes of two schemes one is halted.
func TestAnyScheme(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	b.must(b.order(j, 1, "halt", centre.Scope{Scheme: "GZ"}))
	e := claimed(b.now, 1, far, "a")
	e.Verdict.Scheme, e.Verdict.Schemes = "HK", []string{"HK", "GZ"}
	if r, err := j.Lane("1").Claim(e); r != verdict.Halted || err != nil {
		t.Error(r, err)
	}
	e.Verdict.Schemes = []string{"HK"}
	if r, err := j.Lane("1").Claim(e); r != "" || err != nil {
		t.Error(r, err)
	}
}

// TestBookLost: a journal that was lost may have held a halt, so that an opening waits.
func TestBookLost(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	b.close(j)
	b.must(os.Remove(filepath.Join(b.dir, layout.File)))
	j = b.open()
	b.must(b.order(j, 42, "open", centre.Scope{}))
	b.claim(j.Lane("1"), 1, verdict.Halted, "a")
	if n, err := agree(j, j.Lane("1").Place()); len(n) != 1 || err != nil {
		t.Error(n, err)
	}
	b.claim(j.Lane("1"), 2, "", "a")
}

// TestOrderNotWritten: what is not on the disk is not the last word, and comes again.
func TestOrderNotWritten(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	b.fails()
	if err := b.order(j, 1, "halt", centre.Scope{}); err == nil {
		t.Fatal("written")
	}
	j.wait()
	agree(j, j.Lane("1").Place())
	b.claim(j.Lane("1"), 1, verdict.Halted, "a") // obeyed all the same
	if halted, _ := j.Halted(j.Lane("1").Place()); !halted {
		t.Error("it does not show")
	}
	b.must(b.order(j, 2, "open", centre.Scope{})) // which knows of the halt
	b.claim(j.Lane("1"), 2, verdict.Halted, "a")
	if n, err := agree(j, j.Lane("1").Place()); len(n) != 1 || err != nil {
		t.Error(n, err)
	}
	b.claim(j.Lane("1"), 3, "", "a")
	b.fails()
	if err := b.order(j, 3, "halt", centre.Scope{}); err == nil {
		t.Fatal("written")
	}
	j.wait()
	b.must(b.order(j, 3, "halt", centre.Scope{}))
	b.close(j)
	j = b.open()
	b.claim(j.Lane("1"), 1, verdict.Halted, "a")
}

// TestHaltSurvives the journal: an older copy of it, its loss and its damage open nothing that was
// halted since, and neither does a clock that is set back.
func TestHaltSurvives(t *testing.T) {
	for name, lose := range map[string]func(b *ruled, old string){
		"restored":         func(b *ruled, old string) { b.copy(old, b.dir) },
		"journal restored": func(b *ruled, old string) { b.copyFile(old, layout.File) },
		"journal lost":     func(b *ruled, _ string) { b.must(os.Remove(filepath.Join(b.dir, layout.File))) },
		"all but it lost": func(b *ruled, _ string) {
			b.must(errors.Join(os.Remove(filepath.Join(b.dir, layout.File)), os.Remove(filepath.Join(b.dir, statefile.WitnessFile))))
		},
		"journal damaged": func(b *ruled, _ string) {
			b.must(os.WriteFile(filepath.Join(b.dir, layout.File), make([]byte, 1<<16), 0o600))
		},
		"copy lost": func(b *ruled, _ string) { b.must(os.Remove(filepath.Join(b.dir, standing.CopyFile))) },
		"copy torn": func(b *ruled, _ string) {
			b.must(os.WriteFile(filepath.Join(b.dir, standing.CopyFile), []byte("{"), 0o600))
		},
		"a clock set back":  func(b *ruled, _ string) { b.now = noon.Add(-24 * time.Hour) },
		"nothing at all":    func(*ruled, string) {},
		"copy of yesterday": func(b *ruled, old string) { b.copyFile(old, standing.CopyFile) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newRuled(t)
			j := b.open()
			b.must(b.order(j, 1, "halt", centre.Scope{}))
			b.must(b.order(j, 2, "open", centre.Scope{}))
			if n, err := agree(j, j.Lane("1").Place()); len(n) != 1 || err != nil {
				t.Fatal(n, err)
			}
			b.close(j)
			old := t.TempDir()
			b.copy(b.dir, old)
			text, err := os.ReadFile(filepath.Join(b.dir, standing.CopyFile))
			b.must(err)
			b.must(os.WriteFile(filepath.Join(old, standing.CopyFile), text, 0o600))
			j = b.open()
			b.claim(j.Lane("1"), 1, "", "a")
			b.must(b.order(j, 3, "halt", centre.Scope{Lane: "1"}))
			b.must(b.order(j, 4, "halt", centre.Scope{}))
			b.must(b.order(j, 5, "open", centre.Scope{}))
			b.close(j)
			lose(b, old)
			for range 2 {
				j = b.open()
				b.claim(j.Lane("1"), 1, verdict.Halted, "b")
				b.claim(j.Lane("2"), 1, verdict.Halted, "b")
				b.close(j)
			}
			j = b.open()
			if n, err := agree(j, j.Lane("2").Place()); err != nil || len(n) != 1 && name != "a clock set back" {
				t.Error(n, err)
			}
			b.claim(j.Lane("1"), 2, verdict.Halted, "b")
		})
	}
}

// TestDoubtfulClock: when nobody knows the time an order has begun.
func TestDoubtfulClock(t *testing.T) {
	b := newRuled(t)
	b.options.Latest = func() time.Time { return noon.Add(1000 * time.Hour) }
	b.now = noon.Add(-24 * time.Hour)
	j := b.open()
	b.must(b.order(j, 1, "halt", centre.Scope{}))
	b.claim(j.Lane("1"), 1, verdict.Halted, "a")
}

// TestScheduledHalt begins at a claim, and then stays.
func TestScheduledHalt(t *testing.T) {
	b := newRuled(t)
	b.now = noon.Add(-time.Minute)
	j := b.open()
	b.must(b.order(j, 1, "halt", centre.Scope{}))
	b.claim(j.Lane("1"), 1, "", "a")
	b.settle(j.Lane("1"), 1, true)
	b.now = noon
	b.claim(j.Lane("1"), 2, verdict.Halted, "b")
	b.close(j)
	b.now = noon.Add(-time.Minute)
	j = b.open()
	b.claim(j.Lane("1"), 1, verdict.Halted, "b")
}

// TestDisowned: what a stolen key has opened for ever gives way, also in the file.
func TestDisowned(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	b.must(b.order(j, 1<<40, "open", centre.Scope{}))
	if err := b.order(j, 2, "halt", centre.Scope{}); !errors.Is(err, order.ErrOld) {
		t.Fatal(err)
	}
	j.Disown(func(decoded.Order) bool { return false })
	b.must(b.order(j, 2, "halt", centre.Scope{}))
	b.close(j)
	j = b.open()
	b.claim(j.Lane("1"), 1, verdict.Halted, "a")
}

// copyFile puts one file back.
func (b *ruled) copyFile(from, name string) {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(from, name))
	b.must(err)
	b.must(os.WriteFile(filepath.Join(b.dir, name), text, 0o600))
}

// TestFormat1: a journal of the first format goes on.
func TestFormat1(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	b.claim(j.Lane("1"), 1, "", "a")
	b.settle(j.Lane("1"), 1, true)
	epoch := j.Stats().Epoch
	b.close(j)
	b.tamper(b.dir, func(tx *bolt.Tx) {
		for _, name := range []string{"orders", "leases", "spent", "tokens", "begun", "came"} {
			b.must(tx.DeleteBucket([]byte(name)))
		}
		b.must(tx.Bucket([]byte("meta")).Put([]byte("format"), boltfile.U64(1)))
	})
	b.intact(b.dir)
	j = b.open()
	if s := j.Stats(); s.Epoch != epoch || s.Origin != Continued || s.Aside != "" {
		t.Errorf("%+v", s)
	}
	b.claim(j.Lane("1"), 1, verdict.Replayed, "a")
	b.must(b.order(j, 1, "halt", centre.Scope{}))
}

const today = "2026-11-21"

func (b *ruled) lease(j *Journal, holder string, serial, tokens uint64) error {
	b.Helper()
	signed, err := centre.Lease{Quota: "HK-departure", Day: today, Holder: holder, Serial: serial, Tokens: tokens, Expires: noon.Add(8 * time.Hour).Unix()}.Sign(b.key)
	b.must(err)
	l, err := decoded.DecodeLease(signed)
	b.must(err)
	return j.Lease(l, signed)
}

// rationed opens a journal whose lanes outwards spend a quota.
func (b *ruled) rationed() *Journal {
	b.Helper()
	j := b.open()
	q, err := order.ParseQuotas([]byte(`{"v":1,"zone":"Asia/Hong_Kong","quotas":[{"quota":"HK-departure","scope":{"direction":"out"}}]}`))
	b.must(err)
	j.Quotas(q)
	return j
}

func (b *ruled) spent(j *Journal, want uint64) {
	b.Helper()
	all, err := j.Holdings()
	if err != nil || len(all) != 1 || all[0].Spent != want {
		b.Fatalf("%+v, %v; want %d spent", all, err, want)
	}
}

// TestQuota: each admission costs a token, which is given back where nobody passed; leases
// that are void, another's or of another epoch count for nothing.
func TestQuota(t *testing.T) {
	b := newRuled(t)
	j := b.rationed()
	l := j.Lane("1")
	b.claim(l, 1, verdict.Exhausted, "a")
	b.claim(j.Lane("2"), 1, "", "in") // the quota is for the way out
	b.settle(j.Lane("2"), 1, true)
	if err := b.lease(j, "gate-08/1", 1, 5); !errors.Is(err, ErrHolder) {
		t.Error(err)
	}
	b.must(b.lease(j, j.Holder(), 1, 2))
	b.claim(l, 2, "", "a")
	b.spent(j, 1)
	b.settle(l, 2, false) // went back
	b.spent(j, 0)
	b.claim(l, 3, "", "a")
	b.settle(l, 3, true)
	b.claim(l, 4, "", "b")
	b.claim(l, 5, verdict.Exhausted, "c")
	b.claim(l, 6, verdict.Replayed, "a") // and costs nothing
	b.close(j)

	j = b.rationed() // and b's holder was interrupted: the token is there again
	l = j.Lane("1")
	b.spent(j, 1)
	b.claim(l, 1, "", "c")
	b.settle(l, 1, true)
	b.claim(l, 2, verdict.Exhausted, "d")
	if err := b.lease(j, j.Holder(), 1, 9); !errors.Is(err, order.ErrOld) {
		t.Error("a lease again: ", err)
	}
	b.must(b.lease(j, j.Holder(), 2, 3)) // three altogether
	b.claim(l, 3, "", "d")
	b.settle(l, 3, true)
	b.claim(l, 4, verdict.Exhausted, "e")
	b.must(b.lease(j, j.Holder(), 3, 1)) // taken back: less than was spent
	b.claim(l, 5, verdict.Exhausted, "e")
	b.spent(j, 3)
	b.must(b.lease(j, j.Holder(), 4, 9))
	b.now = noon.Add(8 * time.Hour) // void
	b.claim(l, 6, verdict.Exhausted, "e")
	b.now = noon.Add(5 * time.Hour) // another day in Hong Kong
	b.claim(l, 7, verdict.Exhausted, "e")
	b.now = noon
	b.claim(l, 8, "", "e")
	old := j.Holder()
	b.close(j)

	b.must(os.Remove(filepath.Join(b.dir, statefile.WitnessFile)))
	j = b.rationed()
	if j.Holder() == old || !strings.HasPrefix(j.Holder(), "gate-07/") {
		t.Error(j.Holder())
	}
	b.claim(j.Lane("1"), 1, verdict.Exhausted, "f")
	if err := b.lease(j, old, 5, 99); !errors.Is(err, ErrHolder) {
		t.Error("the lease of the epoch before: ", err)
	}
}

// TestQuotaIsBlind: who gets the tokens of a day is who comes first, whatever number somebody registered
// under, and when (R16).
func TestQuotaIsBlind(t *testing.T) {
	people := []string{"R000000001 registered 2026-11-01", "R000000002 registered 2026-11-01", "R483920113 registered 2026-11-20", "R999999999 registered 2026-11-21"}
	for turn := range people {
		b := newRuled(t)
		j := b.rationed()
		b.must(b.lease(j, j.Holder(), 1, 2))
		for i := range people {
			want := verdict.Reason("")
			if i >= 2 {
				want = verdict.Exhausted
			}
			b.claim(j.Lane("1"), uint64(i+1), want, people[(turn+i)%len(people)])
		}
		b.close(j)
	}
}

// TestTwoQuotas: an admission that two quotas count costs both or none.
func TestTwoQuotas(t *testing.T) {
	b := newRuled(t)
	j := b.open()
	q, err := order.ParseQuotas([]byte(`{"v":1,"zone":"Asia/Hong_Kong","quotas":[{"quota":"HK-departure","scope":{"direction":"out"}},{"quota":"all","scope":{}}]}`))
	b.must(err)
	j.Quotas(q)
	b.must(b.lease(j, j.Holder(), 1, 5))
	b.claim(j.Lane("1"), 1, verdict.Exhausted, "a") // of the second there is no lease
	b.spent(j, 0)
	b.claim(j.Lane("1"), 2, verdict.Exhausted, "a") // and the code is not marked
}
