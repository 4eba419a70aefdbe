package evidence_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/firmware/journal/statefile"
)

var buckets = []string{"meta", "epochs", "events", "marks", "ends", "claims", "keys", "lanes", "orders", "begun", "leases", "spent", "tokens", "beside", "terms", "of", "came"}

// FuzzStored: whatever somebody puts into a sound file under any key, looking at it ends without a
// panic, and a device starts: with it, or with a new one where it was set aside.
func FuzzStored(f *testing.F) {
	dir := f.TempDir()
	j, err := journal.Open(dir, journal.Options{Device: "gate-07", Site: "LMC"})
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(j.Append(event.Event{At: time.Now(), Kind: event.Condition}), j.Close()); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, layout.File))
	if err != nil {
		f.Fatal(err)
	}
	boot, err := os.ReadFile(filepath.Join(dir, statefile.WitnessFile))
	if err != nil {
		f.Fatal(err)
	}
	data = data[:32*boltfile.PageSize] // without what the disk gave ahead
	whole := filepath.Join(f.TempDir(), layout.File)
	if err := os.WriteFile(whole, data, 0o600); err != nil {
		f.Fatal(err)
	}
	if r, err := evidence.Verify(whole, evidence.Known{}); err != nil || r.Fault != nil || len(r.Epochs) != 1 {
		f.Fatal(r.Fault, err)
	}
	event1 := append([]byte{0, 0, 0, 1}, boltfile.U64(1)...)
	f.Add(uint8(0), []byte("format"), boltfile.U64(9))
	f.Add(uint8(1), []byte{0, 0, 0, 2}, make([]byte, 88))
	f.Add(uint8(2), event1, []byte(`{"specversion":"1.0"}`))
	f.Add(uint8(8), []byte("breaker\x00\x00\x00\x00"), []byte{1, 0xd2})
	f.Add(uint8(10), []byte("q/2026-01-01"), []byte{0xd2})
	f.Add(uint8(13), event1, make([]byte, 30))
	f.Add(uint8(16), []byte("breaker\x00\x00\x00\x00"), []byte{1})
	f.Add(uint8(5), []byte("short"), []byte{1})
	f.Add(uint8(5), []byte("0123456701234567lane/"), make([]byte, 16))
	f.Add(uint8(5), []byte("0123456701234567lane"), make([]byte, 17))
	f.Add(uint8(2), []byte("key"), []byte{1})
	f.Fuzz(func(t *testing.T, bucket uint8, key, value []byte) {
		path := filepath.Join(t.TempDir(), layout.File)
		if err := errors.Join(os.WriteFile(path, data, 0o600), os.WriteFile(filepath.Join(filepath.Dir(path), statefile.WitnessFile), boot, 0o600)); err != nil {
			t.Fatal(err)
		}
		db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, PageSize: boltfile.PageSize})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte(buckets[int(bucket)%len(buckets)])).Put(key, value)
		})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			return // no key, or too large a one
		}
		r, err := evidence.Verify(path, evidence.Known{})
		if err == nil && r.Fault != nil && r.Fault.Text == "" {
			t.Errorf("%+v", r.Fault)
		}
		damaged := err == nil && r.Fault != nil && r.Fault.Kind == chain.Structure
		_, _ = evidence.List(path, 3, func(event.Record) bool { return true }) // what is not readable is an error
		_, _, _ = evidence.Movement(path, 1, 1)
		j, err := journal.Open(filepath.Dir(path), journal.Options{Device: "gate-07", Site: "LMC"})
		if errors.Is(err, layout.ErrNewer) || errors.Is(err, journal.ErrOther) {
			return
		} else if err != nil {
			t.Fatalf("no start: %v", err)
		}
		if aside := j.Stats().Aside != ""; aside != damaged {
			t.Errorf("set aside: %v, %+v", aside, r.Fault)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzBeside: whatever stands in the small files beside the journal, a device starts.
func FuzzBeside(f *testing.F) {
	names := []string{statefile.WitnessFile, marks.KeyFile, standing.CopyFile}
	dir := f.TempDir()
	open := func(dir string) error {
		j, err := journal.Open(dir, journal.Options{Device: "gate-07", Site: "LMC"})
		if err != nil {
			return err
		}
		return j.Close()
	}
	if err := open(dir); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, layout.File))
	if err != nil {
		f.Fatal(err)
	}
	data = data[:32*boltfile.PageSize]
	for i, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), text)
		f.Add(uint8(i), text[:len(text)/2])
	}
	f.Add(uint8(0), []byte(`{"v":1,"boot":18446744073709551615,"epoch":"1"}`))
	f.Add(uint8(1), []byte(`{"v":1,"keys":[{"day":18446744073709551615,"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`))
	f.Add(uint8(2), []byte(`{"v":1,"orders":[{"held":true,"signed":"0oRDoQEmoEBA"}]}`))
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		dir := t.TempDir()
		err := errors.Join(os.WriteFile(filepath.Join(dir, layout.File), data, 0o600), os.WriteFile(filepath.Join(dir, names[int(which)%len(names)]), text, 0o600))
		for range 2 { // also with what the first start has made of it
			if err = errors.Join(err, open(dir)); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := evidence.Verify(dir, evidence.Known{}); err != nil || r.Fault != nil {
			t.Errorf("%+v %v", r.Fault, err)
		}
	})
}
