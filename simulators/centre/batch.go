package centre

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

var (
	errUnknownDevice = errors.New("the device is not enrolled")
	errSignature     = errors.New("not signed by the device")
	errForm          = errors.New("not a batch")
)

// Limits of PROTOCOL part C.
const (
	maxBatch  = 1 << 20
	maxEvent  = 16 << 10
	maxEvents = 1000
)

// batch is a device's run of events, believed.
type batch struct {
	device       string
	epoch, first uint64
	items        []item
}

// item is one event as it came, or only the hash of one that was too large to send.
type item struct {
	hash   [32]byte
	bytes  []byte
	kind   string
	prev   []byte // hash of the event before; nil if the event does not say
	reason string // why it is poison; "" = good
}

var lenient = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: maxEvents, MaxNestedLevels: 8, IndefLength: cbor.IndefLengthForbidden}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// believe checks the signature of a message on <kind>.<device>, and returns the device's
// name and what it signed for a purpose.
func believe(subject, purpose string, data []byte, lookup func(string) (device, bool)) (name string, payload []byte, err error) {
	_, name, _ = strings.Cut(subject, ".")
	if len(data) > maxBatch {
		return name, nil, fmt.Errorf("%w: %d bytes", errForm, len(data))
	}
	d, ok := lookup(name)
	if !ok {
		return name, nil, errUnknownDevice
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(data); err != nil {
		return name, nil, fmt.Errorf("%w: %v", errForm, err)
	}
	if kid, _ := m.Headers.Protected[cose.HeaderLabelKeyID].([]byte); !bytes.Equal(kid, d.kid) {
		return name, nil, fmt.Errorf("%w: another key", errSignature)
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, d.key)
	if err != nil {
		return name, nil, err
	}
	if err := m.Verify([]byte(purpose), v); err != nil {
		return name, nil, errSignature
	}
	return name, m.Payload, nil
}

// openBatch checks shape and signature of a message on ev.<device>. Poison inside a good
// batch is marked, not refused: it must not hold up the rest.
func openBatch(subject string, data []byte, lookup func(string) (device, bool)) (batch, error) {
	name, payload, err := believe(subject, "batch", data, lookup)
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
	if err := lenient.Unmarshal(payload, &p); err != nil || p.V != 1 || len(p.Events) == 0 {
		return batch{}, fmt.Errorf("%w: version %d, %d events, %v", errForm, p.V, len(p.Events), err)
	}
	if p.Device != name {
		return batch{}, fmt.Errorf("%w: it came as %s and says it is from another", errForm, name)
	}
	if p.First == 0 || p.First+uint64(len(p.Events)) < p.First {
		return batch{}, fmt.Errorf("%w: first event numbered %d", errForm, p.First)
	}
	b := batch{device: name, epoch: p.Epoch, first: p.First}
	for n, raw := range p.Events {
		b.items = append(b.items, readItem(raw, fmt.Sprintf("%s/%016x/%d", name, p.Epoch, p.First+uint64(n))))
	}
	return b, nil
}

func readItem(raw cbor.RawMessage, place string) item {
	var withheld struct {
		_    struct{} `cbor:",toarray"`
		Hash []byte
		Size uint64
	}
	if err := lenient.Unmarshal(raw, &withheld); err == nil && len(withheld.Hash) == sha256.Size {
		return item{hash: [32]byte(withheld.Hash), reason: fmt.Sprintf("withheld: %d bytes, too large to send", withheld.Size)}
	}
	var text []byte
	if err := lenient.Unmarshal(raw, &text); err != nil {
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
