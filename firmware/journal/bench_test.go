package journal

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/verdict"
)

func benchJournal(b *testing.B) *Journal {
	b.Helper()
	j, err := Open(b.TempDir(), Options{Device: "gate-07", Site: "LMC", Directions: map[string]string{"1": "out"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { j.Close() })
	return j
}

// full is a verdict as a border lane writes it.
func full(n uint64) event.Event {
	e := claimed(time.Now(), n, time.Now().Add(time.Hour), fmt.Sprint("somebody ", n))
	v := &e.Verdict
	v.Cite, v.Measured, v.Threshold, v.Format, v.Scheme, v.Confidence = "R05", "age 3 h", "≤ 48 h", "HCT1", "HK", "trusted"
	for _, name := range []string{"trust/HK.json", "policy/hk-border-departure.json", "status/HK/1.cwt", "revoked/HK.json"} {
		v.Lists = append(v.Lists, verdict.List{Name: name, Version: "124", Changed: e.At.Add(-time.Hour)})
	}
	return e
}

// put is the yardstick: one Put of an event's size in one synced transaction of bbolt, with the
// same options.
func put(b *testing.B) func() {
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bolt.db"), 0o600,
		&bolt.Options{FreelistType: bolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	value, n := make([]byte, 900), uint64(0)
	return func() {
		n++
		err := db.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("events"))
			if err != nil {
				return err
			}
			bucket.FillPercent = 0.95
			return bucket.Put(binary.BigEndian.AppendUint64(nil, n), value)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// beside runs fn and the yardstick by turns, so that both meet the same disk, and reports how many
// times as long fn took in the median.
func beside(b *testing.B, fn func()) {
	yard := put(b)
	var took, bare []time.Duration
	for b.Loop() {
		began := time.Now()
		fn()
		took = append(took, time.Since(began))
		b.StopTimer()
		began = time.Now()
		yard()
		bare = append(bare, time.Since(began))
		b.StartTimer()
	}
	slices.Sort(took)
	slices.Sort(bare)
	b.ReportMetric(float64(took[len(took)/2])/float64(bare[len(bare)/2]), "x-bolt-put")
}

func BenchmarkBolt(b *testing.B) {
	yard := put(b)
	for b.Loop() {
		yard()
	}
}

func BenchmarkAppend(b *testing.B) {
	j := benchJournal(b)
	l := j.Lane("1")
	n := uint64(0)
	beside(b, func() {
		n++
		e := full(n)
		e.Kind = event.Presented
		if err := l.Append(e); err != nil {
			b.Fatal(err)
		}
	})
	e, err := j.Entries(2, 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(e[1].Bytes)), "B/event")
	b.ReportMetric(float64(j.Stats().Bytes)/float64(n), "B-file/event")
}

// BenchmarkClaimSettle is one passage: two synced transactions.
func BenchmarkClaimSettle(b *testing.B) { passage(b, benchJournal(b)) }

// BenchmarkMovement is one of which a record is kept, sealed to the centre.
func BenchmarkMovement(b *testing.B) {
	key, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		b.Fatal(err)
	}
	rule, err := movement.Parse(fmt.Appendf(nil, `{"v":1,"movement":{"record":"sealed","days":30,"seal":%q}}`, base64.StdEncoding.EncodeToString(key.PublicKey().Bytes())))
	if err != nil {
		b.Fatal(err)
	}
	j := benchJournal(b)
	j.Movements(rule)
	passage(b, j)
}

func passage(b *testing.B, j *Journal) {
	l := j.Lane("1")
	n := uint64(0)
	beside(b, func() {
		n++
		if r, err := l.Claim(full(n)); err != nil || r != "" {
			b.Fatal(r, err)
		}
		if err := l.Settle(event.Event{At: time.Now(), Kind: event.Passed, Presentation: n}, true); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkReplayed is the answer to a code that has passed: no sync.
func BenchmarkReplayed(b *testing.B) {
	j := benchJournal(b)
	l := j.Lane("1")
	e := full(1)
	if _, err := l.Claim(e); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r, err := l.Claim(e); err != nil || r != verdict.Replayed {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkOpen opens and checks a journal of 100,000 events.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	o := Options{Device: "gate-07", Site: "LMC"}
	j, err := Open(dir, o)
	if err != nil {
		b.Fatal(err)
	}
	l := j.Lane("1")
	const events, batch = 100_000, 1000
	for n := uint64(1); n < events; {
		err := j.write(room.Append, func(tx *bolt.Tx) error {
			for range batch {
				e := full(n)
				e.Kind = event.Presented
				r, err := l.record(e)
				if err != nil {
					return err
				}
				if err := j.put(tx, r); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(j.Stats().Bytes)/1e6, "MB")
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		j, err := Open(dir, o)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.StopTimer()
	began := time.Now()
	if r, err := evidence.Verify(dir, evidence.Known{}); err != nil || r.Fault != nil {
		b.Fatal(r.Fault, err)
	}
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-verify")
}
