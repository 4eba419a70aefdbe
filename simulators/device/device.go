// Package device pretends devices, as much of each as a centre can see: its card, its events
// in signed batches, its checkpoints, and its belief in nothing but the centre's signed marks
// and orders. Thousands fit into one process.
//
// It is written from the wire (PROTOCOL C2, C4, C5) and shares no code with the real device.
package device

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

var (
	// ErrDenied: the centre's mark names another event than the one that is here.
	ErrDenied = errors.New("device: the centre marks another event than this device wrote")
	// ErrUnbelieved: something that came is not signed by the centre.
	ErrUnbelieved = errors.New("device: not signed by the centre")
)

// maxEvents is how many events a batch may have.
const maxEvents = 200

// Device is one pretended device. Send, Checkpoint and Record have one caller at a time.
type Device struct {
	name, site string
	key        *key
	line       *Line
	keys       *Keys
	marks      chan mark  // the newest
	faults     chan error // the first thing that was not believed
	heard      func(Order)

	epoch, seq uint64 // of the last event
	prev       [32]byte
	waiting    [][]byte // the events up to seq that are not marked
	batch      []byte   // the oldest of them, signed; nil = not yet
	sent       uint64   // bytes of batches that the stream has stored
}

// New makes a device with a new key and a new epoch.
func New(name, site string) (*Device, error) {
	k, err := newKey()
	if err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	d := &Device{name: name, site: site, key: k, marks: make(chan mark, 1), faults: make(chan error, 1)}
	d.epoch = binary.BigEndian.Uint64(random(8))
	return d, nil
}

// Card is the enrolment card, for the centre's registry.
func (d *Device) Card() []byte { return d.key.card(d.name, d.site) }

// Connect takes a line to the centre and listens on it; heard is told every believed order as
// it comes, from the line's goroutine. keys are those of the centre, of GET /keys.
func (d *Device) Connect(url string, keys *Keys, heard func(Order)) error {
	line, err := Dial(url, d.name)
	if err != nil {
		return err
	}
	d.line, d.keys, d.heard = line, keys, heard
	return line.Listen(d.take, "mark."+d.name, "cmd.all", "cmd."+d.name)
}

// Fork is a copy of the device as its disk is now: the same key, name and epoch, and no line.
// What both write from here on contradicts each other.
func (d *Device) Fork() *Device {
	return &Device{name: d.name, site: d.site, key: d.key, marks: make(chan mark, 1), faults: make(chan error, 1),
		epoch: d.epoch, seq: d.seq, prev: d.prev, waiting: slices.Clone(d.waiting)}
}

// Close ends the line.
func (d *Device) Close() {
	if d.line != nil {
		d.line.Close()
	}
}

// take hears one message; the line calls it for one after the other.
func (d *Device) take(subject string, data []byte) {
	at := time.Now()
	if subject == "mark."+d.name {
		m, err := d.keys.mark(data)
		if err != nil || m.Device != d.name {
			d.fault(fmt.Errorf("%w: a mark: %v", ErrUnbelieved, err))
			return
		}
		select { // one caller: nobody else puts a mark in between
		case <-d.marks:
		default:
		}
		d.marks <- m
		return
	}
	if len(data) == 0 || data[0] == '{' {
		return // a hint
	}
	o, err := d.keys.order(data)
	if err != nil {
		return // a lease, or what nobody signed: both mean nothing here
	}
	o.Heard = at
	if d.heard != nil {
		d.heard(o)
	}
}

func (d *Device) fault(err error) {
	select {
	case d.faults <- err:
	default:
	}
}

// Record writes n more events, each of the size and form of a verdict at a border.
func (d *Device) Record(n int, now time.Time) {
	for range n {
		d.seq++
		text := d.text(now)
		d.prev = sha256.Sum256(text)
		d.waiting = append(d.waiting, text)
	}
	d.batch = nil
}

// text is the next event (PROTOCOL C3).
func (d *Device) text(now time.Time) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"%s/%016x/%d","source":"/site/%s/device/%s/lane/1","type":"checkpoint.claimed.v1","time":"%s",`+
		`"datacontenttype":"application/json","prev":"%x","data":{"lane":"1","presentation":%d,"boot":1,"visit":"%x","verdict":{"outcome":"admit",`+
		`"reason":"satisfied","rule":"green-today","cite":"R05: on the day of issue in Hong Kong time","format":"HCE1","scheme":"HK","clock":"trusted",`+
		`"lists":[{"name":"policy/hk-border-departure.json","version":"1","age_s":17},{"name":"trust/HK.json","version":"1","age_s":17}]}}}`,
		d.name, d.epoch, d.seq, d.site, d.name, now.UTC().Format(time.RFC3339Nano), d.prev, d.seq, random(16))
}

// Batch is what waits, the oldest first, as it goes to ev.<device>; nil if nothing waits. It is
// signed once.
func (d *Device) Batch() []byte {
	if len(d.waiting) == 0 || d.batch != nil {
		return d.batch
	}
	events := []any{}
	for _, text := range d.waiting[:min(len(d.waiting), maxEvents)] {
		events = append(events, text)
	}
	d.batch = d.key.sign("batch", []any{1, d.name, d.epoch, d.seq - uint64(len(d.waiting)) + 1, events})
	return d.batch
}

// Send brings what waits to the centre: a batch at a time, each again every patience until a
// signed mark covers it. It returns when nothing waits or ctx ends.
func (d *Device) Send(ctx context.Context, patience time.Duration) error {
	refused := 0 // how often in a row the stream has not taken it
	for try := 0; len(d.waiting) > 0; {
		first := d.seq - uint64(len(d.waiting)) + 1
		last := min(d.seq, first+maxEvents-1)
		batch := d.Batch()
		err := d.line.Store(ctx, "ev."+d.name, fmt.Sprintf("%s/%016x/%d-%d/%d", d.name, d.epoch, first, last, try), batch, patience)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			refused++
			if err := pause(ctx, spread(refused)); err != nil {
				return err
			}
			continue
		}
		refused = 0
		d.sent += uint64(len(batch))
		if err := d.confirmed(ctx, last, patience); err != nil {
			return err
		}
		try++
	}
	return nil
}

// confirmed waits for a mark that covers last, at most so long, and forgets what is marked.
func (d *Device) confirmed(ctx context.Context, last uint64, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for len(d.waiting) > 0 && d.seq-uint64(len(d.waiting)) < last {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case err := <-d.faults:
			return err
		case m := <-d.marks:
			before := d.seq - uint64(len(d.waiting))
			if m.Epoch != d.epoch || m.Seq <= before || m.Seq > d.seq {
				continue
			}
			if hash := sha256.Sum256(d.waiting[m.Seq-before-1]); !slices.Equal(hash[:], m.Hash) {
				return ErrDenied
			}
			d.waiting, d.batch = slices.Delete(d.waiting, 0, int(m.Seq-before)), nil
		}
	}
	return nil
}

// Checkpoint has the centre witness the last event. What the stream does not take is said again,
// like a batch.
func (d *Device) Checkpoint(ctx context.Context, patience time.Duration) error {
	signed := d.key.sign("checkpoint", []any{1, d.name, d.epoch, d.seq, d.prev[:]})
	for refused := 1; ; refused++ {
		err := d.line.Store(ctx, "cp."+d.name, "", signed, patience)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := pause(ctx, spread(refused)); err != nil {
			return err
		}
	}
}

// spread is how long a device waits after the nth refusal in a row: from 250 ms, doubled up to 15 s,
// and up to half of that longer, so that many do not come back as one.
func spread(n int) time.Duration {
	d := min(250*time.Millisecond<<min(n-1, 6), 15*time.Second)
	return d + rand.N(d/2)
}

// Seq is the number of the last event, Waiting how many are not marked, Sent how many bytes of
// batches the centre's stream has stored.
func (d *Device) Seq() uint64  { return d.seq }
func (d *Device) Waiting() int { return len(d.waiting) }
func (d *Device) Sent() uint64 { return d.sent }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
