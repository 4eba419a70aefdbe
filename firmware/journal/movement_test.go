package journal

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/erasable"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/verdict"
)

// border is a bench of a border's site whose centre has a seal key.
type border struct {
	*bench
	key  hpke.PrivateKey
	rule movement.Rule
}

func newBorder(t *testing.T, days int) *border {
	key, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	b := &border{bench: newBench(t), key: key}
	b.options.Directions = map[string]string{"1": "out", "2": "none"}
	b.rule, err = movement.Parse(fmt.Appendf(nil, `{"v":1,"movement":{"record":"sealed","days":%d,"seal":%q}}`, days, base64.StdEncoding.EncodeToString(key.PublicKey().Bytes())))
	b.must(err)
	return b
}

func (b *border) open() *Journal {
	j := b.bench.open()
	j.Movements(b.rule)
	return j
}

// last is the newest event of a kind.
func (b *border) last(j *Journal, k event.Kind) event.Record {
	b.Helper()
	all, err := j.Recent(100)
	b.must(err)
	for _, r := range all {
		if r.Kind == k {
			return r
		}
	}
	b.Fatalf("no event %q", k)
	return event.Record{}
}

// kept is what a copy of the journal has beside an event.
func (b *border) kept(r event.Record) (erasable.Record, bool) {
	b.Helper()
	copied := b.TempDir()
	b.copy(b.dir, copied)
	e, there, err := evidence.Movement(copied, r.Epoch, r.Seq)
	b.must(err)
	return e, there
}

// TestMovement: what a border keeps of a passage lies beside the event, which commits to it; the
// centre alone can read it, it does not leave with the event, and at its term it is erased and
// the chain whole.
func TestMovement(t *testing.T) {
	b := newBorder(t, 2)
	j := b.open()
	l := j.Lane("1")
	b.claim(l, 1, "", "SOMEBODY")
	b.settle(l, 1, true)
	first := b.last(j, event.Claimed)
	b.now = noon.Add(time.Hour)
	b.claim(l, 2, "", "SOMEBODY ELSE")
	b.settle(l, 2, true)
	second := b.last(j, event.Claimed)
	b.claim(j.Lane("2"), 1, "", "venue") // a lane without direction is no border
	if n := b.last(j, event.Claimed).Note; n != nil {
		t.Error(n)
	}

	e, there := b.kept(first)
	if !there || e.Commitment() != first.Note[movement.Note] || first.Note[movement.Note] == second.Note[movement.Note] {
		t.Fatalf("%v %+v", there, first.Note)
	}
	other := e
	other.Value = append(bytes.Clone(e.Value), ' ')
	if other.Commitment() == first.Note[movement.Note] {
		t.Error("another value opens the commitment")
	}
	var sealed struct {
		KID    string
		Sealed []byte
	}
	b.must(json.Unmarshal(e.Value, &sealed))
	text, err := hpke.Open(b.key, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte("movement:"+sealed.KID), sealed.Sealed)
	if err != nil || !strings.Contains(string(text), base64.StdEncoding.EncodeToString([]byte("SOMEBODY"))) || !strings.Contains(string(text), `"direction":"out"`) {
		t.Errorf("%s %v", text, err)
	}
	for _, e := range b.entries(j) {
		if bytes.Contains(e.Bytes, sealed.Sealed[:32]) || strings.Contains(string(e.Bytes), sealed.KID) {
			t.Error("the record leaves with the event")
		}
	}

	b.now = noon.Add(48 * time.Hour) // the term of the first, and nothing happens at the device
	b.must(j.Tend())
	if _, there := b.kept(first); there {
		t.Error("it is there after its term")
	}
	if _, there := b.kept(second); !there {
		t.Error("another is gone before its term")
	}
	b.intact(b.dir)
	b.now = b.now.Add(time.Hour)
	b.claim(l, 3, "", "third") // so does a claim
	if n := count(t, j, "beside") + count(t, j, "terms"); n != 2 {
		t.Errorf("%d are left", n)
	}
	b.close(j)
	b.now = b.now.Add(100 * 24 * time.Hour)
	j = b.open() // and so does a start
	if n := count(t, j, "beside") + count(t, j, "terms") + count(t, j, "of"); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// TestManyTerms: where many end at once, as when the clock is set right, lanes wait for some of the
// erasing only; the rest goes the next times, or at a start.
func TestManyTerms(t *testing.T) {
	b := newBorder(t, 1)
	j := b.open()
	j.Movements(b.rule)
	for n := range 300 {
		b.claim(j.Lane("1"), uint64(n+1), "", fmt.Sprint(n))
	}
	b.now = noon.Add(48 * time.Hour)
	for _, want := range []int{44, 0} {
		b.must(j.Tend())
		if n := count(t, j, "beside"); n != want {
			t.Errorf("%d are left, want %d", n, want)
		}
	}
}

// TestTermsThatChange: a record goes at its own term, also where an older one stays longer.
func TestTermsThatChange(t *testing.T) {
	long, b := newBorder(t, 10), newBorder(t, 1)
	long.close(long.open())
	j := b.open()
	for n, rule := range []movement.Rule{long.rule, b.rule} {
		j.Movements(rule)
		b.claim(j.Lane("1"), uint64(n+1), "", fmt.Sprint(n))
		b.settle(j.Lane("1"), uint64(n+1), true)
	}
	b.now = noon.Add(24 * time.Hour)
	b.must(j.Tend())
	if n := count(t, j, "beside"); n != 1 {
		t.Errorf("%d are left", n)
	}
}

// TestNoMovement: of somebody who did not pass nothing is kept, whether they went back or a power
// cut came between, nor of one who was refused.
func TestNoMovement(t *testing.T) {
	b := newBorder(t, 2)
	j := b.open()
	l := j.Lane("1")
	b.claim(l, 1, "", "a")
	b.claim(l, 2, verdict.Replayed, "a")
	if n := count(t, j, "beside"); n != 1 {
		t.Errorf("%d records", n)
	}
	b.settle(l, 1, false)
	if n := count(t, j, "beside") + count(t, j, "terms") + count(t, j, "of"); n != 0 {
		t.Errorf("%d are left of one who went back", n)
	}
	b.claim(l, 3, "", "a")
	b.close(j)
	j = b.open()
	if n := count(t, j, "beside") + count(t, j, "terms") + count(t, j, "of"); n != 0 {
		t.Errorf("%d are left of one who was interrupted", n)
	}
	j.Movements(movement.Rule{}) // the site keeps nothing any more
	b.claim(j.Lane("1"), 1, "", "b")
	if n := count(t, j, "beside"); n != 0 {
		t.Errorf("%d records", n)
	}
}

// TestMovementOfAnEndedEpoch: where an epoch ends while somebody is let through, and where an older
// copy of the journal is put back, nothing is kept of who did not pass either.
func TestMovementOfAnEndedEpoch(t *testing.T) {
	b := newBorder(t, 2)
	j := b.open()
	b.claim(j.Lane("1"), 1, "", "passes")
	b.settle(j.Lane("1"), 1, true)
	b.claim(j.Lane("1"), 2, "", "goes back")
	copied := t.TempDir()
	b.copy(b.dir, copied)
	epoch, seq, _, err := j.Head()
	b.must(err)
	if err := j.Mark(epoch, seq, [32]byte{1}); !errors.Is(err, ErrMark) { // the centre has another event
		t.Fatal(err)
	}
	if n := count(t, j, "beside"); n != 2 {
		t.Errorf("%d records of one who passed and one who is let through", n)
	}
	b.settle(j.Lane("1"), 2, false)
	if n := count(t, j, "beside") + count(t, j, "of"); n != 1 {
		t.Errorf("%d are left after the epoch has ended", n)
	}
	b.close(j)

	old, err := os.ReadFile(filepath.Join(copied, layout.File))
	b.must(err)
	b.must(os.WriteFile(filepath.Join(b.dir, layout.File), old, 0o600))
	j = b.open()
	if j.Stats().Origin != Restored {
		t.Error(j.Stats().Origin)
	}
	if n := count(t, j, "beside") + count(t, j, "of"); n != 1 {
		t.Errorf("%d are left of an older copy", n)
	}
	b.intact(b.dir)
}

// TestMovementExchanged: a record that the event does not commit to is found.
func TestMovementExchanged(t *testing.T) {
	b := newBorder(t, 2)
	j := b.open()
	b.claim(j.Lane("1"), 1, "", "a")
	b.settle(j.Lane("1"), 1, true)
	b.close(j)
	copied := t.TempDir()
	b.copy(b.dir, copied)
	db, err := bolt.Open(filepath.Join(copied, layout.File), 0o600, nil)
	b.must(err)
	b.must(db.Update(func(tx *bolt.Tx) error {
		bucket := tx.Bucket([]byte("beside"))
		k, v := bucket.Cursor().First()
		return bucket.Put(k, append(bytes.Clone(v[:len(v)-1]), v[len(v)-1]^1))
	}))
	b.must(db.Close())
	if f := b.verify(copied).Fault; f == nil || f.Kind != chain.Edit || f.Seq != 2 {
		t.Errorf("%+v", f)
	}
}
