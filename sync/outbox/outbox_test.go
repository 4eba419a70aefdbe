package outbox

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/sync/sign1"
	"github.com/fxamacker/cbor/v2"
)

var errDisk = errors.New("no room")

// memory is a journal in memory.
type memory struct {
	mu      sync.Mutex
	entries []journal.Entry
	changed chan struct{}
	marks   int
	full    bool // the disk
}

// fill has the disk be full, or not.
func (m *memory) fill(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = on
}

func newMemory() *memory { return &memory{changed: make(chan struct{}, 1)} }

func (m *memory) add(epoch uint64, texts ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seq := uint64(0)
	for _, e := range m.entries {
		if e.Epoch == epoch {
			seq = e.Seq
		}
	}
	for n, text := range texts {
		m.entries = append(m.entries, journal.Entry{Epoch: epoch, Seq: seq + uint64(n) + 1, Bytes: []byte(text)})
	}
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

func (m *memory) left() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}

func (m *memory) Entries(max, maxBytes int) ([]journal.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := 0
	for n, e := range m.entries {
		size += len(e.Bytes)
		if n == max || size > maxBytes && n > 0 || e.Epoch != m.entries[0].Epoch {
			return m.entries[:n], nil
		}
	}
	return m.entries, nil
}

func (m *memory) Mark(epoch, seq uint64, hash [32]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n, e := range m.entries {
		if e.Epoch == epoch && e.Seq == seq {
			if sha256.Sum256(e.Bytes) != hash {
				return journal.ErrMark
			}
			if m.full {
				return errDisk
			}
			m.entries = m.entries[n+1:]
			m.marks++
			return nil
		}
	}
	return nil
}

func (m *memory) Changed() <-chan struct{} { return m.changed }

// wire is a link whose far end the test plays.
type wire struct {
	mu      sync.Mutex
	down    error
	ids     []string
	sent    chan []byte // payloads
	marks   chan []byte
	last    []byte
	t       *testing.T
	trusted sign1.Keys
	stuck   bool
}

// slow makes a line that carries nothing, and says so only when the patience is over.
func (w *wire) slow(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stuck = on
}

func (w *wire) Publish(ctx context.Context, id string, data []byte) error {
	w.mu.Lock()
	stuck := w.stuck
	w.mu.Unlock()
	if stuck {
		<-ctx.Done()
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down != nil {
		return w.down
	}
	payload, err := sign1.Open(w.trusted, "batch", data)
	if err != nil || len(data) > maxBatch {
		w.t.Errorf("%d bytes, %v", len(data), err)
	}
	w.ids = append(w.ids, id)
	w.sent <- payload
	return nil
}

func (w *wire) Marks() <-chan []byte { return w.marks }

func (w *wire) LastMark(context.Context) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.down
}

func (w *wire) set(last []byte, down error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.down = last, down
}

type fixture struct {
	*memory
	*wire
	out    *Outbox
	centre *ecdsa.PrivateKey
}

func newKey(t testing.TB) (*ecdsa.PrivateKey, sign1.Keys) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := sign1.KeyIDOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, sign1.Keys{id: &key.PublicKey}
}

// run starts an outbox inside a synctest bubble.
func run(t *testing.T) *fixture {
	device, deviceKeys := newKey(t)
	centre, centreKeys := newKey(t)
	f := &fixture{memory: newMemory(), centre: centre,
		wire: &wire{sent: make(chan []byte, 100), marks: make(chan []byte, 10), t: t, trusted: deviceKeys}}
	f.out = New(f.memory, f.wire, Options{Device: "g1", Log: slog.New(slog.DiscardHandler), MarkKeys: func() sign1.Keys { return centreKeys },
		Sign: func(purpose string, payload []byte) ([]byte, error) { return sign1.Sign(device, purpose, payload) }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.out.Run(ctx) }() // ended by the cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	return f
}

type sent struct {
	_            struct{} `cbor:",toarray"`
	V            int
	Device       string
	Epoch, First uint64
	Events       []cbor.RawMessage
}

func (f *fixture) next(t *testing.T) sent {
	t.Helper()
	var s sent
	select {
	case payload := <-f.wire.sent:
		if err := cbor.Unmarshal(payload, &s); err != nil || s.V != 1 || s.Device != "g1" {
			t.Fatalf("%+v, %v", s, err)
		}
	case <-time.After(time.Hour):
		t.Fatal("nothing was sent for an hour")
	}
	return s
}

func (f *fixture) mark(t *testing.T, key *ecdsa.PrivateKey, device string, epoch, seq uint64, text string) []byte {
	hash := sha256.Sum256([]byte(text))
	payload, err := canonical.Marshal([]any{1, device, epoch, seq, hash[:]})
	if err != nil {
		t.Fatal(err)
	}
	m, err := sign1.Sign(key, "mark", payload)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSendsAndWaitsForTheMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t)
		f.add(7, "a", "b")
		if s := f.next(t); s.Epoch != 7 || s.First != 1 || len(s.Events) != 2 {
			t.Fatalf("%+v", s)
		}
		f.add(7, "c")
		synctest.Wait()
		if len(f.wire.sent) != 0 {
			t.Fatal("a second batch is under way before the mark")
		}
		f.wire.marks <- f.mark(t, f.centre, "g1", 7, 2, "b")
		if s := f.next(t); s.First != 3 || len(s.Events) != 1 {
			t.Fatalf("%+v", s)
		}
		f.wire.marks <- f.mark(t, f.centre, "g1", 7, 3, "c")
		synctest.Wait()
		if s := f.out.State(); f.left() != 0 || s.Seq != 3 || s.Epoch != 7 || s.Fault != nil || s.Accepted.IsZero() {
			t.Fatalf("left %d, %+v", f.left(), s)
		}
	})
}

func TestNothingIsDeletedWithoutAMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t)
		f.add(7, "a")
		for range 5 {
			f.next(t) // again and again, each with an id of its own
		}
		synctest.Wait()
		if f.left() != 1 || !errors.Is(f.out.State().Fault, ErrNoMark) {
			t.Fatalf("%d events, %+v", f.left(), f.out.State())
		}
		seen := map[string]bool{}
		for _, id := range f.ids {
			seen[id] = true
		}
		if len(seen) != len(f.ids) {
			t.Errorf("ids repeat: %v", f.ids)
		}
		f.add(7, "b") // the next time it goes along
		for s := f.next(t); len(s.Events) != 2; s = f.next(t) {
		}
		f.wire.set(f.mark(t, f.centre, "g1", 7, 2, "b"), nil) // it went past us, and is asked for
		time.Sleep(10 * time.Minute)
		if f.left() != 0 || f.out.State().Fault != nil {
			t.Fatalf("%d events, %+v", f.left(), f.out.State())
		}
	})
}

// TestMarkIsNotWritten: a disk that takes no mark is no centre that holds another event, and is tried again.
func TestMarkIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t)
		f.add(7, "a")
		f.next(t)
		f.memory.fill(true)
		mark := f.mark(t, f.centre, "g1", 7, 1, "a")
		f.wire.marks <- mark
		synctest.Wait()
		if err := f.out.State().Fault; f.left() != 1 || !errors.Is(err, ErrKeep) || !errors.Is(err, errDisk) || errors.Is(err, ErrRefuse) {
			t.Fatalf("%d events, %v", f.left(), err)
		}
		f.memory.fill(false)
		f.wire.set(mark, nil)
		time.Sleep(10 * time.Minute)
		if err := f.out.State().Fault; f.left() != 0 || err != nil {
			t.Fatalf("%d events, %v", f.left(), err)
		}
	})
}

func TestLineDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t)
		f.wire.set(nil, errors.New("no line"))
		f.add(7, "a")
		time.Sleep(time.Hour)
		if s := f.out.State(); s.Fault == nil || f.left() != 1 {
			t.Fatalf("%+v", s)
		}
		f.wire.set(nil, nil)
		back := time.Now()
		f.next(t)
		if d := time.Since(back); d > 2*longPause {
			t.Errorf("took %v after the line came back", d)
		}
	})
}

func TestMarksNotToBelieve(t *testing.T) {
	stranger, _ := newKey(t)
	for name, c := range map[string]struct {
		mark func(*fixture) []byte
		want error
	}{
		"another key":     {func(f *fixture) []byte { return f.mark(t, stranger, "g1", 7, 1, "a") }, sign1.ErrUnknownKey},
		"another device":  {func(f *fixture) []byte { return f.mark(t, f.centre, "g2", 7, 1, "a") }, ErrMark},
		"another hash":    {func(f *fixture) []byte { return f.mark(t, f.centre, "g1", 7, 1, "x") }, ErrRefuse},
		"another epoch":   {func(f *fixture) []byte { return f.mark(t, f.centre, "g1", 8, 1, "a") }, nil},
		"an old one":      {func(f *fixture) []byte { return f.mark(t, f.centre, "g1", 7, 0, "") }, nil},
		"noise":           {func(f *fixture) []byte { return []byte("noise") }, ErrMark},
		"too long":        {func(f *fixture) []byte { return bytes.Repeat([]byte{0xd2}, 1<<20) }, ErrMark},
		"another purpose": {func(f *fixture) []byte { return f.mark(t, f.centre, "g1", 7, 1, "a")[1:] }, ErrMark},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := run(t)
				f.add(7, "a")
				f.next(t)
				f.wire.marks <- c.mark(f)
				synctest.Wait()
				if err := f.out.State().Fault; f.left() != 1 || !errors.Is(err, c.want) {
					t.Fatalf("%d events, %v", f.left(), err)
				}
				f.wire.marks <- f.mark(t, f.centre, "g1", 7, 1, "a") // a good one ends the trouble
				synctest.Wait()
				if err := f.out.State().Fault; f.left() != 0 || err != nil {
					t.Fatalf("%d events, %v", f.left(), err)
				}
			})
		})
	}
}

func TestForm(t *testing.T) {
	big := strings.Repeat("x", 400<<10)
	huge := strings.Repeat("x", 2<<20)
	entry := func(epoch, seq uint64, text string) journal.Entry {
		return journal.Entry{Epoch: epoch, Seq: seq, Bytes: []byte(text)}
	}
	many := make([]journal.Entry, 1500)
	for n := range many {
		many[n] = entry(1, uint64(n)+1, "x")
	}
	for name, c := range map[string]struct {
		in              []journal.Entry
		count, withheld uint64
	}{
		"nothing":            {nil, 0, 0},
		"two epochs":         {[]journal.Entry{entry(1, 5, "a"), entry(1, 6, "b"), entry(2, 7, "c")}, 2, 0},
		"a hole":             {[]journal.Entry{entry(1, 5, "a"), entry(1, 7, "b")}, 1, 0},
		"many":               {many, maxEvents, 0},
		"large":              {[]journal.Entry{entry(1, 1, big), entry(1, 2, big), entry(1, 3, big)}, 2, 0},
		"too large comes":    {[]journal.Entry{entry(1, 1, "a"), entry(1, 2, huge)}, 1, 0},
		"too large for ever": {[]journal.Entry{entry(1, 2, huge), entry(1, 3, "b")}, 1, 1},
	} {
		b, err := form("g1", c.in)
		if err != nil || b.count != c.count || b.withheld != c.withheld || len(b.payload) > maxBatch-envelope/2 {
			t.Errorf("%s: %d events, %d withheld, %d bytes, %v", name, b.count, b.withheld, len(b.payload), err)
		}
	}
}

// TestFullBatchOnTheWire: the largest batch of the longest name, signed and with the headers that
// NATS adds, is within the mebibyte that a server takes whose max_payload nobody has set.
func TestFullBatchOnTheWire(t *testing.T) {
	key, _ := newKey(t)
	device, room := strings.Repeat("g", 64), maxBatch-envelope
	for events := 1; events <= maxEvents; events += maxEvents - 1 {
		var full []journal.Entry
		for n := range events {
			full = append(full, journal.Entry{Epoch: 1<<64 - 1, Seq: 1<<63 + uint64(n), Bytes: make([]byte, room/events-perEvent)})
		}
		b, err := form(device, full)
		if err != nil || b.count != uint64(events) || b.withheld != 0 {
			t.Fatal(b.count, b.withheld, err)
		}
		signed, err := sign1.Sign(key, "batch", b.payload)
		if err != nil {
			t.Fatal(err)
		}
		header := fmt.Sprintf("NATS/1.0\r\nNats-Msg-Id: %s/%016x/%d-%d/%d\r\nNats-Expected-Stream: EV\r\n\r\n", device, b.epoch, b.first, b.last(), 1<<32)
		if n := len(header) + len(signed); n > 1<<20 || n < 1<<20-1<<13 {
			t.Errorf("%d events are %d bytes on the wire", events, n)
		}
	}
}

// TestHowManyInABatch: a backlog goes in larger batches while marks come at once, and in smaller
// ones when the line does not carry a batch in the patience.
func TestHowManyInABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := run(t)
		f.add(7, slices.Repeat([]string{"x"}, 6000)...)
		confirm := func(s sent) {
			f.wire.marks <- f.mark(t, f.centre, "g1", 7, s.First+uint64(len(s.Events))-1, "x")
		}
		for _, want := range []int{200, 400, 800, 1000, 1000} {
			s := f.next(t)
			if len(s.Events) != want {
				t.Fatalf("%d events, want %d", len(s.Events), want)
			}
			confirm(s)
		}
		if s := f.next(t); len(s.Events) != 1000 { // and no mark comes
			t.Fatalf("%d events", len(s.Events))
		}
		s := f.next(t)
		if len(s.Events) != usualEvents {
			t.Fatalf("%d events go again", len(s.Events))
		}
		time.Sleep(f.out.o.Patience / 2)
		confirm(s)
		if s = f.next(t); len(s.Events) != usualEvents {
			t.Fatalf("%d events after a slow mark", len(s.Events))
		}
		f.wire.slow(true)
		confirm(s)
		time.Sleep(time.Hour)
		f.wire.slow(false)
		if s = f.next(t); len(s.Events) != 1 {
			t.Fatalf("%d events over a line that carries nothing", len(s.Events))
		}
		confirm(s)
		if s = f.next(t); len(s.Events) != 2 {
			t.Fatalf("%d events after it", len(s.Events))
		}
	})
}

func FuzzOpenMark(f *testing.F) {
	centre, keys := newKey(f)
	hash := sha256.Sum256(nil)
	payload, err := canonical.Marshal([]any{1, "g1", 7, 1, hash[:]})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		data, err := sign1.Sign(centre, "mark", payload)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := openMark(keys, "g1", data); err == nil && (m.Device != "g1" || len(m.Hash) != 32) {
			t.Fatalf("believed %+v", m)
		}
	})
}
