package orders

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"github.com/veraison/go-cose"
	bolt "go.etcd.io/bbolt"
)

// gate is what a device makes of leases (PROTOCOL C6), in a few lines: the one of the highest serial
// says how many it may spend altogether; one of another epoch is nothing to it.
type gate struct {
	name          string
	epoch         int
	lease         Lease
	spent, before uint64 // in this epoch, and in those that have ended
}

func (g *gate) holder() string { return fmt.Sprintf("%s/%d", g.name, g.epoch) }

// TestQuotaNeverExceeded: leases and returns are lost, doubled, late and out of order, devices are
// re-imaged, tokens given back and recalled; never do more people pass than the day's quota.
func TestQuotaNeverExceeded(t *testing.T) {
	const quota = 60
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		db, err := bolt.Open(filepath.Join(t.TempDir(), "sink.db"), 0o600, &bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		key, err := keys.New("orders")
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(db, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(Quota{Quota: "q", Day: "d", Tokens: quota}); err != nil {
			t.Fatal(err)
		}
		gates := []*gate{{name: "a"}, {name: "b"}, {name: "c"}}
		type word struct {
			to     *gate
			holder string
			lease  Lease
		}
		var down []word // leases under way
		var up []func() // returns under way
		passed := uint64(0)
		take := func(w word) {
			g := w.to
			if w.holder != g.holder() || w.lease.Serial <= g.lease.Serial {
				return
			}
			g.lease = w.lease
			if g.spent >= g.lease.Tokens {
				holder, serial, spent := g.holder(), g.lease.Serial, g.spent
				up = append(up, func() {
					if err := db.Update(func(tx *bolt.Tx) error { return Returned(tx, holder, "q", "d", serial, spent) }); err != nil {
						t.Fatal(err)
					}
				})
			}
		}
		for range 400 {
			g := gates[r.IntN(len(gates))]
			switch r.IntN(8) {
			case 0: // asks for some, or has some taken back
				l, _, err := s.grant(Lease{Quota: "q", Day: "d", Holder: g.holder(), Tokens: uint64(r.IntN(30)), Expires: 1})
				if err == nil {
					down = append(down, word{g, g.holder(), l})
				} else if !errors.Is(err, ErrQuota) {
					t.Fatal(err)
				}
			case 1, 2: // some word arrives, and may arrive again
				if len(down) > 0 {
					take(down[r.IntN(len(down))])
				}
			case 3:
				if len(up) > 0 {
					up[r.IntN(len(up))]()
				}
			case 4: // re-imaged
				if r.IntN(10) == 0 {
					g.before, g.spent, g.lease = g.before+g.spent, 0, Lease{}
					g.epoch++
				}
			case 5: // somebody went back
				if g.spent > 0 && r.IntN(4) == 0 {
					g.spent--
					passed--
				}
			default:
				if g.spent < g.lease.Tokens {
					g.spent++
					passed++
				}
			}
			if passed > quota {
				t.Fatalf("seed %d: %d passed of %d", seed, passed, quota)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// newBook is an empty book, and the file that it is in.
func newBook(t *testing.T) (*Book, *bolt.DB) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "sink.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	key, err := keys.New("orders")
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(db, key)
	if err != nil {
		t.Fatal(err)
	}
	return b, db
}

// TestLiesAboutSpending: a device that says it has spent more than it was given neither uses up the
// quota nor makes room in it for others.
func TestLiesAboutSpending(t *testing.T) {
	b, db := newBook(t)
	if _, err := b.Open(Quota{Quota: "q", Day: "d", Tokens: 100}); err != nil {
		t.Fatal(err)
	}
	l, _, err := b.grant(Lease{Quota: "q", Day: "d", Holder: "g1/7", Tokens: 40, Expires: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, spent := range []uint64{90, math.MaxUint64 - 20} {
		if err := db.Update(func(tx *bolt.Tx) error { return Returned(tx, "g1/7", "q", "d", l.Serial, spent) }); err != nil {
			t.Fatal(err)
		}
		if left, _, err := b.Left(Lease{Quota: "q", Day: "d", Holder: "g2/1"}); err != nil || left != 60 {
			t.Errorf("it says %d: %d are left, %v", spent, left, err)
		}
	}
}

// TestLeaseIsGivenAgain to a holder whom it has not reached, as it was; one that has ended is not.
func TestLeaseIsGivenAgain(t *testing.T) {
	b, _ := newBook(t)
	day := time.Now().UTC().Format(time.DateOnly)
	if _, err := b.Open(Quota{Quota: "q", Day: day, Tokens: 100}); err != nil {
		t.Fatal(err)
	}
	l, signed, err := b.grant(Lease{Quota: "q", Day: day, Holder: "g1/7", Tokens: 40})
	if err != nil || l.Expires < time.Now().Add(12*time.Hour).Unix() {
		t.Fatal(l, err)
	}
	statement := func(signed []byte) string {
		var m cose.Sign1Message
		if err := m.UnmarshalCBOR(signed); err != nil {
			t.Fatal(err)
		}
		return string(m.Payload)
	}
	again, err := b.Again(l)
	if err != nil || statement(again) != statement(signed) {
		t.Errorf("%x, %v", again, err)
	}
	if again, err := b.Again(Lease{Quota: "q", Day: day, Holder: "g2/7"}); again != nil || err != nil {
		t.Errorf("to another: %x, %v", again, err)
	}
	if _, _, err := b.grant(Lease{Quota: "q", Day: day, Holder: "g1/7", Tokens: 40, Expires: 1}); err != nil {
		t.Fatal(err)
	}
	if again, err := b.Again(l); again != nil || err != nil {
		t.Errorf("one that has ended: %x, %v", again, err)
	}
	if _, _, err := b.grant(Lease{Quota: "q", Day: "tomorrow", Holder: "g1/7"}); !errors.Is(err, ErrDay) {
		t.Error(err)
	}
}
