package outbox

import (
	"crypto/sha256"
	"fmt"

	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/sync/sign1"
	"github.com/fxamacker/cbor/v2"
)

// How many events a batch may have follows from how long the last took: more, while marks come
// in less than an eighth of the patience, as a backlog does on a good line; fewer, when the
// line does not carry one batch in all of it.
const (
	usualEvents = 200
	maxEvents   = 1000
)

const (
	maxBatch = 1 << 20 // bytes on the wire, signature and all
	envelope = 512     // bound on what signature, header and array add to the events
	perEvent = 5       // bound on what one event's length adds
)

// batch is a run of events of one epoch without a gap, ready to be signed:
//
//	payload = [1, device: tstr, epoch: uint, first seq: uint, [1* bstr / [sha256: bstr, size: uint]]]
//
// An event too large for any batch is replaced by its hash and size, so that it is known
// and blocks nothing; the centre keeps the hash in quarantine.
type batch struct {
	epoch, first, count uint64
	withheld            uint64
	payload             []byte
}

func (b batch) last() uint64 { return b.first + b.count - 1 }

var canonical = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// next forms the batch that is due; its count is 0 when nothing waits.
func (o *Outbox) next() (batch, error) {
	entries, err := o.journal.Entries(o.most, maxBatch-envelope-maxEvents*perEvent)
	if err != nil {
		return batch{}, fmt.Errorf("outbox: read the journal: %w", err)
	}
	return form(o.o.Device, entries)
}

func form(device string, entries []journal.Entry) (batch, error) {
	if len(entries) == 0 {
		return batch{}, nil
	}
	b := batch{epoch: entries[0].Epoch, first: entries[0].Seq}
	room := maxBatch - envelope
	var events []any
	for _, e := range entries {
		if e.Epoch != b.epoch || e.Seq != b.first+b.count || b.count == maxEvents {
			break
		}
		if room -= len(e.Bytes) + perEvent; room < 0 {
			if b.count > 0 {
				break
			}
			hash := sha256.Sum256(e.Bytes)
			events, b.count, b.withheld = append(events, []any{hash[:], len(e.Bytes)}), 1, 1
			break
		}
		events = append(events, e.Bytes)
		b.count++
	}
	var err error
	b.payload, err = canonical.Marshal([]any{1, device, b.epoch, b.first, events})
	return b, err
}

// mark is [1, device, epoch, seq, sha256 of event seq].
type mark struct {
	_          struct{} `cbor:",toarray"`
	V          int
	Device     string
	Epoch, Seq uint64
	Hash       []byte
}

// maxMark bounds a signed mark: a device name of 64 characters and two keys' worth of room.
const maxMark = 512

func openMark(trusted sign1.Keys, device string, data []byte) (mark, error) {
	if len(data) > maxMark {
		return mark{}, fmt.Errorf("%w: %d bytes", ErrMark, len(data))
	}
	payload, err := sign1.Open(trusted, "mark", data)
	if err != nil {
		return mark{}, fmt.Errorf("%w: %w", ErrMark, err)
	}
	var m mark
	if err := cbor.Unmarshal(payload, &m); err != nil || m.V != 1 || len(m.Hash) != sha256.Size {
		return mark{}, fmt.Errorf("%w: version %d or malformed", ErrMark, m.V)
	}
	if m.Device != device {
		return mark{}, fmt.Errorf("%w: it is for another device", ErrMark)
	}
	return m, nil
}
