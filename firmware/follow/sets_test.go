package follow

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/mapped"
	"example.org/checkpoint/sync/bundle/publish"
	"example.org/checkpoint/sync/sign1"
)

// TestLongReasonIsJournalled: the faults of a set of rules may fill pages.
func TestLongReasonIsJournalled(t *testing.T) {
	a := newDevice(t)
	a.note(event.Event{Kind: event.BundleRejected, Note: map[string]string{"version": "7", "why": strings.Repeat("rule 1: 規則 ", 3000)}})
	events, err := a.device.Journal.Recent(1)
	if err != nil || events[0].Kind != event.BundleRejected || events[0].Note["version"] != "7" || len(events[0].Note["why"]) < 1000 {
		t.Errorf("%+v, %v", events, err)
	}
}

// TestListOnAFailingDisk: a file that is mapped and can be read no more makes a set that is not used,
// and does not end the program.
func TestListOnAFailingDisk(t *testing.T) {
	a, dir := newDevice(t), t.TempDir()
	folder, err := mapped.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte(" "), 1<<16)
	file, err := folder.Put(data)
	if err != nil {
		t.Fatal(err)
	}
	sum, files := sha256.Sum256(data), fileset.New()
	files.Add("policy/border.json", fileset.File{Data: file.Bytes(), Held: file})
	if err := os.Truncate(filepath.Join(dir, hex.EncodeToString(sum[:])), 0); err != nil {
		t.Fatal(err)
	}
	if err := a.use(bundle.Set{Version: "7", FS: files}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
}

// TestEarlierTimestamp: a newer timestamp with an earlier time does not lower the clock's floor. A
// supervisor who agrees to an order of the time does, and what was signed wrongly raises it no more.
func TestEarlierTimestamp(t *testing.T) {
	a := newDevice(t)
	now := time.Now()
	wrong, right := bundle.Set{Published: now.AddDate(1, 0, 0)}, bundle.Set{Published: now.Add(-time.Minute)}
	a.vouched(bundle.Set{}, wrong)
	a.vouched(wrong, right)
	if err := a.device.Clock.Trust(now, time.Second); !errors.Is(err, clock.ErrBelowFloor) || !a.device.Clock.Floor().Equal(wrong.Published) {
		t.Errorf("%v, floor %v", err, a.device.Clock.Floor())
	}
	if err := a.device.Journal.Overrule(a.device.Clock.Floor()); err != nil {
		t.Fatal(err)
	}
	a.device.Clock.Lower(now.Add(-time.Hour))
	for _, said := range []bundle.Set{wrong, right, {}} {
		a.vouched(right, said)
	}
	if err := a.device.Clock.Trust(now, time.Second); err != nil || !a.device.Clock.Floor().Equal(right.Published) {
		t.Errorf("%v, floor %v", err, a.device.Clock.Floor())
	}
	if r := a.device.Clock.Read(); r.Confidence != clock.Trusted || r.Time.Sub(now).Abs() > time.Minute {
		t.Errorf("%+v", r)
	}
}

// TestMarkKeyEnds: past its end a key confirms nothing any more, though the bundle that names
// it stays in force.
func TestMarkKeyEnds(t *testing.T) {
	a := newDevice(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(spki)
	for until, want := range map[int64]int{time.Now().Add(time.Hour).Unix(): 1, time.Now().Add(-time.Hour).Unix(): 0} {
		text, err := json.Marshal(map[string]any{"v": 1, "keys": []any{map[string]any{
			"kid": hex.EncodeToString(sum[:8]), "purpose": "mark", "alg": -7, "spki": spki, "until": until}}})
		if err != nil {
			t.Fatal(err)
		}
		dated, err := sign1.ReadKeys(text, "mark")
		if err != nil {
			t.Fatal(err)
		}
		a.markKeys.Store(&dated)
		if got := a.marks(); len(got) != want {
			t.Errorf("%d keys, want %d", len(got), want)
		}
	}
}

// TestListsThatNobodyVouchesFor: a set in force whose timestamp has expired is a condition, and so is
// a new one that waits for the clock.
func TestListsThatNobodyVouchesFor(t *testing.T) {
	a := newDevice(t)
	repository, files, keys := t.TempDir(), fstest.MapFS{"facts.json": {Data: []byte("{}")}}, filepath.Join(t.TempDir(), "keys")
	if err := publish.MakeKeys(keys, 1); err != nil {
		t.Fatal(err)
	}
	k, err := publish.LoadKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(at time.Time) {
		t.Helper()
		if _, err := publish.Sign(repository, files, k, at, publish.DefaultLifetimes); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-publish.DefaultLifetimes.Timestamp - time.Hour)
	sign(old)
	a.config.Device.State, a.config.Device.Name = t.TempDir(), "device"
	a.config.Centre.URL, a.config.Centre.Root = "nats://127.0.0.1:1", filepath.Join(repository, "root.json")
	f, err := Open(a.config, a.log)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = join(f, a.config.Device.State); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.close() })
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(a.config.Centre.Root)
	if err != nil {
		t.Fatal(err)
	}
	if a.store, err = bundle.Open(filepath.Join(t.TempDir(), "bundle.db"), root, bundle.Dir(repository)); err != nil {
		t.Fatal(err)
	}
	refresh := func(now bundle.Time, want error, stale bool) {
		t.Helper()
		set, changed, err := a.store.Refresh(t.Context(), now)
		if changed {
			err = a.store.Activate(set)
		}
		if !errors.Is(err, want) || a.Troubles().Has(health.BundleStale) != stale {
			t.Errorf("%v, stale %v", err, !stale)
		}
	}
	refresh(bundle.Time{Now: old, Known: true}, nil, true) // it was right then
	sign(time.Now())
	refresh(bundle.Time{Now: time.Now(), Known: true}, nil, false)
	files["facts.json"].Data = []byte(`{"v":1}`)
	sign(time.Now())
	refresh(bundle.Time{Now: time.Unix(40, 0)}, bundle.ErrClock, true)
	refresh(bundle.Time{Now: time.Now(), Known: true}, nil, false)
}
