package sink

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"example.org/checkpoint/simulators/centre/registry"
	"github.com/fxamacker/cbor/v2"
)

// maxEvent bounds an event in bytes (PROTOCOL part C).
const maxEvent = 16 << 10

// batch is a device's run of events, believed.
type batch struct {
	device       string
	epoch, first uint64
	items        []item
}

func (b batch) last() uint64 { return b.first + uint64(len(b.items)) - 1 }

// where says which event item n is.
func (b batch) where(n int) string {
	return fmt.Sprintf("%s/%016x/%d", b.device, b.epoch, b.first+uint64(n))
}

// item is one event as it came, or only the hash of one that was too large to send.
type item struct {
	hash   [32]byte
	bytes  []byte
	kind   string
	prev   []byte // hash of the event before; nil if the event does not say
	reason string // why it is poison; "" = good
}

// openBatch checks shape and signature of a message on ev.<device>. Poison inside a good
// batch is marked, not refused: it must not hold up the rest.
func openBatch(r *registry.Registry, subject string, data []byte) (batch, error) {
	name, payload, err := r.Believe(subject, "batch", data)
	if err != nil {
		return batch{}, err
	}
	var p struct {
		_            struct{} `cbor:",toarray"`
		V            int
		Device       string
		Epoch, First uint64
		Events       []cbor.RawMessage
	}
	if err := registry.Read(payload, &p); err != nil || p.V != 1 || len(p.Events) == 0 {
		return batch{}, fmt.Errorf("%w: version %d, %d events, %v", registry.ErrForm, p.V, len(p.Events), err)
	}
	if p.Device != name {
		return batch{}, fmt.Errorf("%w: it came as %s and says it is from another", registry.ErrForm, name)
	}
	if p.First == 0 || p.First+uint64(len(p.Events)) < p.First {
		return batch{}, fmt.Errorf("%w: first event numbered %d", registry.ErrForm, p.First)
	}
	b := batch{device: name, epoch: p.Epoch, first: p.First}
	b.items = make([]item, len(p.Events))
	for n, raw := range p.Events {
		b.items[n] = readItem(raw, b.where(n))
	}
	return b, nil
}

func readItem(raw cbor.RawMessage, place string) item {
	var text []byte
	if err := registry.Read(raw, &text); err != nil {
		var withheld struct {
			_    struct{} `cbor:",toarray"`
			Hash []byte
			Size uint64
		}
		if err := registry.Read(raw, &withheld); err == nil && len(withheld.Hash) == sha256.Size {
			return item{hash: [32]byte(withheld.Hash), reason: fmt.Sprintf("withheld: %d bytes, too large to send", withheld.Size)}
		}
		return item{hash: sha256.Sum256(raw), bytes: raw, reason: "not a byte string"}
	}
	i := item{hash: sha256.Sum256(text), bytes: text}
	if len(text) > maxEvent {
		i.reason = fmt.Sprintf("%d bytes, more than %d", len(text), maxEvent)
		return i
	}
	var e struct{ SpecVersion, ID, Type, Prev string }
	if err := json.Unmarshal(text, &e); err != nil {
		i.reason = "not JSON"
		return i
	}
	kind, ok := strings.CutSuffix(strings.TrimPrefix(e.Type, "checkpoint."), ".v1")
	if !ok || kind == "" || e.SpecVersion != "1.0" {
		i.reason = "not an event of version 1"
		return i
	}
	if e.ID != place {
		i.reason = "its id is not its place"
		return i
	}
	i.kind = kind
	if prev, err := hex.DecodeString(e.Prev); err == nil && len(prev) == sha256.Size {
		i.prev = prev
	}
	return i
}
