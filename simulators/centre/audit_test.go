package centre

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"example.org/checkpoint/simulators/centre/sink"
	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	bolt "go.etcd.io/bbolt"
)

// checkpoint signs and sends that an event has a hash.
func (b *bench) checkpoint(epoch, seq uint64, event []byte) {
	b.t.Helper()
	hash := sha256.Sum256(event)
	payload, err := cbor.Marshal([]any{1, "g1", epoch, seq, hash[:]})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.js.Publish(b.t.Context(), "cp.g1", sealFor(b.t, b.key, "checkpoint", payload)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) faults() (kinds []string) {
	b.t.Helper()
	a, err := b.c.store.Audit(b.c.registry)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range a.Faults {
		kinds = append(kinds, fmt.Sprintf("%s %d", f.Kind, f.Seq))
	}
	return kinds
}

// TestAudit: whatever happens to a chain, at the device before it is sent or at the centre
// afterwards, shows up to the last checkpoint.
func TestAudit(t *testing.T) {
	for name, c := range map[string]struct {
		want     string
		tampered uint64
		do       func(b *bench, events [][]byte)
	}{
		"nothing": {"", 0, func(b *bench, e [][]byte) {
			b.publish(b.sign(b.key, 7, 1, e[0], e[1], e[2], e[3], e[4]))
			b.checkpoint(7, 5, e[4])
		}},
		"the device's end cut off": {"truncation 4", 0, func(b *bench, e [][]byte) {
			b.checkpoint(7, 5, e[4])
			b.publish(b.sign(b.key, 7, 1, e[0], e[1], e[2]))
		}},
		"all of it": {"truncation 1", 0, func(b *bench, e [][]byte) { b.checkpoint(7, 5, e[4]) }},
		"made anew at the device, and whole in itself": {"edit 5", 1, func(b *bench, e [][]byte) {
			b.checkpoint(7, 5, e[4])
			b.eventually("checkpoint", func() bool { l, _ := b.c.store.Checkpoints("g1"); return len(l) == 1 })
			b.prev = [32]byte{}
			b.publish(b.sign(b.key, 7, 1, b.event(7, 1, "started"), b.event(7, 2, "passed"), b.event(7, 3, "passed"), b.event(7, 4, "passed"), b.event(7, 5, "passed")))
		}},
		"the same, the checkpoint comes later": {"edit 5", 1, func(b *bench, e [][]byte) {
			b.prev = [32]byte{}
			b.publish(b.sign(b.key, 7, 1, b.event(7, 1, "started"), b.event(7, 2, "passed"), b.event(7, 3, "passed"), b.event(7, 4, "passed"), b.event(7, 5, "passed")))
			b.marks(5)
			b.checkpoint(7, 5, e[4])
		}},
		"two stories": {"", 1, func(b *bench, e [][]byte) {
			b.publish(b.sign(b.key, 7, 1, e[0], e[1], e[2], e[3], e[4]))
			b.checkpoint(7, 5, e[4])
			b.eventually("checkpoint", func() bool { l, _ := b.c.store.Checkpoints("g1"); return len(l) == 1 })
			b.checkpoint(7, 5, e[3])
		}},
		"edited at the centre": {"edit 2", 0, func(b *bench, e [][]byte) {
			b.tamper(e, func(k *bolt.Bucket) error {
				v := slices.Clone(k.Get(place(2)))
				v[len(v)-2] = 'x'
				return k.Put(place(2), v)
			})
		}},
		"one deleted at the centre": {"gap 3", 0, func(b *bench, e [][]byte) {
			b.tamper(e, func(k *bolt.Bucket) error { return k.Delete(place(3)) })
		}},
		"two swapped at the centre": {"reorder 2", 0, func(b *bench, e [][]byte) {
			b.tamper(e, func(k *bolt.Bucket) error {
				two, three := slices.Clone(k.Get(place(2))), slices.Clone(k.Get(place(3)))
				if err := k.Put(place(2), three); err != nil {
					return err
				}
				return k.Put(place(3), two)
			})
		}},
		"made anew at the centre, with the hash that a checkpoint names": {"edit 5", 0, func(b *bench, e [][]byte) {
			b.prev = [32]byte{}
			var anew [5][]byte
			for i := range anew {
				anew[i] = b.event(7, uint64(i+1), "withdrew")
			}
			b.tamper(e, func(k *bolt.Bucket) error {
				var err error
				for i, text := range anew {
					hash := sha256.Sum256(text)
					err = errors.Join(err, k.Put(place(uint64(i+1)), append(hash[:], text...)))
				}
				checkpoints := k.Tx().Bucket([]byte("checkpoints"))
				v := slices.Clone(checkpoints.Get(place(5)))
				hash := sha256.Sum256(anew[4])
				copy(v, hash[:])
				return errors.Join(err, checkpoints.Put(place(5), v))
			})
		}},
		"the first follows another": {"edit 1", 0, func(b *bench, e [][]byte) {
			b.prev = [32]byte{1}
			one, two := b.event(7, 1, "started"), b.event(7, 2, "passed")
			b.publish(b.sign(b.key, 7, 1, one, two))
			b.checkpoint(7, 2, two)
		}},
		"the end deleted at the centre": {"truncation 5", 0, func(b *bench, e [][]byte) {
			b.tamper(e, func(k *bolt.Bucket) error { return k.Delete(place(5)) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, t.TempDir())
			events := [][]byte{b.event(7, 1, "started")}
			for seq := uint64(2); seq <= 5; seq++ {
				events = append(events, b.event(7, seq, "presented"))
			}
			c.do(b, events)
			want := []string{c.want}
			if c.want == "" {
				want = nil
			}
			b.eventually("checkpoint", func() bool { l, _ := b.c.store.Checkpoints("g1"); return len(l) == 1 })
			b.eventually("alarm", func() bool { return b.counts().Tampered == c.tampered })
			b.eventually(fmt.Sprint("audit ", want, " not ", b.faults()), func() bool { return slices.Equal(b.faults(), want) })
		})
	}
}

// TestAuditWithAHub: what a hall's hub has witnessed while the centre was away counts too, once it is
// taken in. Of a device whose card is gone, or another's, the checkpoints prove nothing any more.
func TestAuditWithAHub(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	hub, err := NewHub(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hub.Close)
	nc, err := nats.Connect(hub.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	var events [][]byte
	for seq := uint64(1); seq <= 5; seq++ {
		events = append(events, b.event(7, seq, "passed"))
	}
	centre := b.js
	if b.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	b.checkpoint(7, 2, events[1])
	b.checkpoint(7, 5, events[4])
	b.js = centre
	b.publish(b.sign(b.key, 7, 1, events[0], events[1], events[2])) // the end was cut off
	b.marks(3)
	if f := b.faults(); len(f) > 0 {
		t.Errorf("without the hub: %v", f)
	}
	for range 2 {
		taking := sink.Sink{Store: b.c.store, Registry: b.c.registry, Log: b.c.o.Log}
		if err := b.c.takeIn(t.Context(), nc, &taking, "hall"); err != nil {
			t.Fatal(err)
		}
		if f := b.faults(); !slices.Equal(f, []string{"truncation 4"}) {
			t.Errorf("with the hub: %v", f)
		}
	}
	b.publish(b.sign(b.key, 7, 4, events[3], events[4]))
	b.marks(5)
	if a, err := b.c.store.Audit(b.c.registry); err != nil || len(a.Faults) > 0 || a.Unproven != 0 {
		t.Errorf("%+v %v", a, err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.enrol("g1", other, dir)
	b.eventually("another card", func() bool {
		a, err := b.c.store.Audit(b.c.registry)
		return err == nil && len(a.Faults) == 0 && a.Unproven == 1
	})
}

// place is the key of g1's event in epoch 7.
func place(seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte("g1\x00"), 7), seq)
}

// tamper stores events and a checkpoint, and changes the store afterwards.
func (b *bench) tamper(e [][]byte, change func(*bolt.Bucket) error) {
	b.t.Helper()
	b.publish(b.sign(b.key, 7, 1, e[0], e[1], e[2], e[3], e[4]))
	b.checkpoint(7, 5, e[4])
	b.marks(5)
	b.eventually("checkpoint", func() bool { l, _ := b.c.store.Checkpoints("g1"); return len(l) == 1 })
	if err := b.c.db.Update(func(tx *bolt.Tx) error { return change(tx.Bucket([]byte("events"))) }); err != nil {
		b.t.Fatal(err)
	}
}
