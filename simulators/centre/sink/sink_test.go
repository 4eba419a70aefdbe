package sink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre/registry"
	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/veraison/go-cose"
	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

func newStore(t testing.TB) *Store {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "sink.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := NewStore(db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAGapThatWasGivenUp: a batch behind the next gap finds no event to be marked, and gets no mark.
func TestAGapThatWasGivenUp(t *testing.T) {
	s := newStore(t)
	if err := s.GiveUp("g1", 7, 5); err != nil {
		t.Fatal(err)
	}
	err := s.commit(func(se *session) error {
		seq, _, err := se.keep(batch{device: "g1", epoch: 7, first: 9, items: []item{{kind: "alarm", bytes: []byte("x")}}})
		if seq != 0 {
			t.Error(seq)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// run is a batch of g1 from event first to last.
func run(first, last uint64) batch {
	b := batch{device: "g1", epoch: 7, first: first}
	for seq := first; seq <= last; seq++ {
		b.items = append(b.items, item{hash: sha256.Sum256(fmt.Append(nil, seq)), kind: "alarm", bytes: fmt.Append(nil, seq)})
	}
	return b
}

// TestReceived: every event came when its batch came, whatever was here before and came again.
func TestReceived(t *testing.T) {
	s := newStore(t)
	for at, b := range []batch{run(2, 4), run(8, 9), run(3, 3), run(1, 10)} {
		err := s.commit(func(se *session) error {
			se.now = time.Unix(int64(at), 0)
			_, _, err := se.keep(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Events("g1", 100)
	if err != nil {
		t.Fatal(err)
	}
	var came []int64
	for _, e := range list {
		came = append(came, e.Received.Unix())
	}
	if want := []int64{3, 0, 0, 0, 3, 3, 3, 1, 1, 3}; !slices.Equal(came, want) {
		t.Errorf("%v, want %v", came, want)
	}
	if c, err := s.Counts(); err != nil || c.Events["alarm"] != 10 || c.Doubles != 6 || c.Gaps != 3 {
		t.Errorf("%+v %v", c, err)
	}
}

// TestDue: a device hears up to where its events are stored, though an old batch came after the new one.
func TestDue(t *testing.T) {
	var group []word
	for _, m := range []*mark{{"g1", 7, 200, nil}, {"g2", 7, 50, nil}, {"g1", 7, 400, nil}, {"g1", 8, 3, nil}, nil, {"g1", 7, 100, nil}, {"g3", 7, 0, nil}} {
		group = append(group, word{marked: m})
	}
	var got []string
	for _, m := range due(group) {
		got = append(got, fmt.Sprintf("%s/%d/%d", m.device, m.epoch, m.seq))
	}
	if want := []string{"g1/7/100", "g1/8/3", "g1/7/400", "g2/7/50"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// message is one of the stream, and what was said to it.
type message struct {
	jetstream.Msg
	said *string
}

func (m message) Ack() error                       { *m.said = "kept"; return nil }
func (m message) NakWithDelay(time.Duration) error { *m.said = "again"; return nil }

// idle is a stream that no mark goes to.
type idle struct{ jetstream.JetStream }

func (idle) PublishAsyncComplete() <-chan struct{} { c := make(chan struct{}); close(c); return c }

// TestOneThatCannotBeStored: what the store does not take of one device holds up no other's.
func TestOneThatCannotBeStored(t *testing.T) {
	s := Sink{Store: newStore(t), Log: slog.New(slog.DiscardHandler)}
	said := make([]string, 3)
	var group []word
	for i := range said {
		group = append(group, word{m: message{said: &said[i]}, store: func(se *session) error {
			se.count("tried", 1)
			if i == 1 {
				return berrors.ErrKeyTooLarge
			}
			_, _, err := se.keep(run(uint64(i+1), uint64(i+1)))
			return err
		}})
	}
	s.take(t.Context(), idle{}, group)
	if want := []string{"kept", "again", "kept"}; !slices.Equal(said, want) {
		t.Errorf("%v, want %v", said, want)
	}
	if list, err := s.Store.Events("g1", 9); err != nil || len(list) != 2 {
		t.Errorf("%d events are kept: %v", len(list), err)
	}
}

// TestReturnOfNoLease: a device takes nothing of a quota back that it was not given.
func TestReturnOfNoLease(t *testing.T) {
	devices, device := enrol(t)
	for serial, want := range map[int]error{0: registry.ErrForm, 1: nil} {
		text, err := cbor.Marshal([]any{1, "g1", 7, "daily", "2026-11-22", serial, 9})
		if err != nil {
			t.Fatal(err)
		}
		s := Sink{Registry: devices}
		if _, err := s.takeBack("lr.g1", device.seal(t, "lease-return", text)); !errors.Is(err, want) {
			t.Errorf("serial %d: %v", serial, err)
		}
	}
}

// signer is a device with a card, which signs whatever it is told to.
type signer struct {
	key *ecdsa.PrivateKey
	kid []byte
}

func enrol(t testing.TB) (*registry.Registry, signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	card, err := json.Marshal(map[string]any{"v": 1, "device": "g1", "site": "LW", "kid": hex.EncodeToString(sum[:8]), "spki": base64.StdEncoding.EncodeToString(der)})
	dir := t.TempDir()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "g1.json"), card, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return registry.New(dir, slog.New(slog.DiscardHandler)), signer{key, sum[:8]}
}

func (s signer) seal(t testing.TB, purpose string, payload []byte) []byte {
	t.Helper()
	m := cose.NewSign1Message()
	m.Payload = payload
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = s.kid
	by, err := cose.NewSigner(cose.AlgorithmES256, s.key)
	if err == nil {
		err = m.Sign(rand.Reader, []byte(purpose), by)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzOpenBatch: whatever a device signs, the sink's reading is bounded and does not panic.
func FuzzOpenBatch(f *testing.F) {
	devices, device := enrol(f)
	event := fmt.Appendf(nil, `{"specversion":"1.0","id":"g1/%016x/1","type":"checkpoint.started.v1","prev":"%064x","data":{}}`, 7, 0)
	good, err := cbor.Marshal([]any{1, "g1", 7, 1, []any{event, []byte("x"), []any{make([]byte, 32), 1}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, false)
	f.Fuzz(func(t *testing.T, data []byte, raw bool) {
		if !raw {
			data = device.seal(t, "batch", data)
		}
		got, err := openBatch(devices, "ev.g1", data)
		if err == nil && (len(got.items) == 0 || got.device != "g1") {
			t.Fatalf("believed %+v", got)
		}
	})
}
