package marks

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/verdict"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// file is one with the buckets and nothing else.
func file(t *testing.T) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "file.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	in(t, db, func(tx *bolt.Tx) error {
		for _, b := range Buckets {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return nil
	})
	return db
}

func in(t *testing.T, db *bolt.DB, fn func(*bolt.Tx) error) {
	t.Helper()
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func renewed(t *testing.T, tx *bolt.Tx, k Keys, now time.Time) Keys {
	t.Helper()
	again, err := k.Renew(tx, now, strings.NewReader(strings.Repeat(now.Format("2"), 32)))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// TestFarDay: while there is a key of a day far ahead, marks are made with today's; the far one's
// marks are found all the same, until the end of tomorrow.
func TestFarDay(t *testing.T) {
	db := file(t)
	in(t, db, func(tx *bolt.Tx) error {
		far := noon.AddDate(1, 0, 3)
		k := renewed(t, tx, Keys{}, far)
		if err := k.Claim(tx, Claim{1, 1, "1"}, make([]byte, VisitSize), []verdict.Count{{Identity: []byte("far"), Until: far.Add(time.Hour)}}); err != nil {
			return err
		}
		if k.Far(far) || !k.Far(noon) || k.Current(noon) {
			t.Error("the day after tomorrow is not seen as such")
		}
		if err := k.EndFar(tx, noon); err != nil {
			return err
		}
		k = renewed(t, tx, k, noon)
		if today := k.today(); len(k.list) != 2 || today.id != dayOf(noon) || today.key == k.list[1].key {
			t.Errorf("%d keys, marks are made with that of day %d", len(k.list), today.id)
		}
		if there, err := k.Marked(tx, noon, []verdict.Count{{Identity: []byte("far")}}); !there || err != nil {
			t.Error(there, err)
		}
		if k = renewed(t, tx, k, noon.Add(36*time.Hour)); len(k.list) != 1 || k.list[0].id != dayOf(noon)+2 {
			t.Errorf("%+v", k.list)
		}
		k.Erase()
		if k.Current(noon) {
			t.Error("erased, and there")
		}
		return nil
	})
}

// TestSettle: a claim that is given back leaves nothing, one that is used leaves its mark until it
// is swept, and none is settled twice.
func TestSettle(t *testing.T) {
	db := file(t)
	count := []verdict.Count{{Identity: []byte("a"), Until: noon.Add(time.Minute)}}
	in(t, db, func(tx *bolt.Tx) error {
		k := renewed(t, tx, Keys{}, noon)
		one, two, visit := Claim{1, 1, "1"}, Claim{1, 2, "lane-2"}, []byte("0123456789abcdef")
		if err := k.Claim(tx, one, visit[:3], count); !errors.Is(err, ErrVisit) {
			t.Error(err)
		}
		for _, c := range []Claim{one, two} {
			if err := k.Claim(tx, c, visit, count); err != nil {
				return err
			}
			if open, err := Open(tx, 2); err != nil || len(open) != 1 || open[0] != c {
				t.Error(open, err)
			}
			if got, err := Settle(tx, c, c == two); string(got) != string(visit) || err != nil {
				t.Errorf("%q %v", got, err)
			}
			if got, err := Settle(tx, c, false); got != nil || err != nil {
				t.Errorf("again: %q %v", got, err)
			}
			if there, err := k.Marked(tx, noon, count); there != (c == two) || err != nil {
				t.Error(there, err)
			}
		}
		if err := Sweep(tx, noon.Add(time.Minute)); err != nil {
			return err
		}
		if k, _ := tx.Bucket(marksBucket).Cursor().First(); k != nil {
			t.Error("swept, and there")
		}
		return nil
	})
}

// TestDamaged: what cannot be read is said, and does not count as free.
func TestDamaged(t *testing.T) {
	db := file(t)
	in(t, db, func(tx *bolt.Tx) error {
		k := renewed(t, tx, Keys{}, noon)
		if err := tx.Bucket(marksBucket).Put(k.today().mac([]byte("a")), []byte("short")); err != nil {
			return err
		}
		if there, err := k.Marked(tx, noon, []verdict.Count{{Identity: []byte("a")}}); !there || !errors.Is(err, boltfile.ErrDamaged) {
			t.Error(there, err)
		}
		if err := tx.Bucket(claimsBucket).Put([]byte("short"), nil); err != nil {
			return err
		}
		if _, err := Open(tx, 1); !errors.Is(err, boltfile.ErrDamaged) {
			t.Error(err)
		}
		return nil
	})
}
