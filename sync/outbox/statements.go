package outbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/sync/sign1"
	"github.com/fxamacker/cbor/v2"
)

// ErrCheckpoint means: a checkpoint is not the device's, or none.
var ErrCheckpoint = errors.New("outbox: not a checkpoint that the device has signed")

// Sign signs a payload for a purpose with the device key.
type Sign func(purpose string, payload []byte) ([]byte, error)

// Checkpoint signs that an event has that hash (PROTOCOL C4):
//
//	aad "checkpoint", payload = [1, device: tstr, epoch: uint, seq: uint, sha256: bstr]
func Checkpoint(device string, sign Sign) journal.Signer {
	return func(epoch, seq uint64, hash [32]byte) ([]byte, error) {
		payload, err := canonical.Marshal([]any{1, device, epoch, seq, hash[:]})
		if err != nil {
			return nil, fmt.Errorf("outbox: %w", err)
		}
		return sign("checkpoint", payload)
	}
}

// OpenCheckpoint checks the signature of a checkpoint.
func OpenCheckpoint(keys sign1.Keys, data []byte) (chain.Checkpoint, error) {
	if len(data) > maxMark {
		return chain.Checkpoint{}, fmt.Errorf("%w: %d bytes", ErrCheckpoint, len(data))
	}
	payload, err := sign1.Open(keys, "checkpoint", data)
	if err != nil {
		return chain.Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	var m mark // of the same form
	if err := cbor.Unmarshal(payload, &m); err != nil || m.V != 1 || len(m.Hash) != sha256.Size {
		return chain.Checkpoint{}, fmt.Errorf("%w: version %d or malformed", ErrCheckpoint, m.V)
	}
	return chain.Checkpoint{Device: m.Device, Epoch: m.Epoch, Point: chain.Point{Seq: m.Seq, Hash: [32]byte(m.Hash)}}, nil
}

// Return signs how much of a share the device has spent (PROTOCOL C6):
//
//	aad "lease-return", payload = [1, device: tstr, epoch: uint, quota: tstr, day: tstr, serial: uint, spent: uint]
func (o *Outbox) Return(h standing.Holding) ([]byte, error) {
	payload, err := canonical.Marshal([]any{1, o.o.Device, h.Epoch, h.Quota, h.Day, h.Serial, h.Spent})
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	return o.o.Sign("lease-return", payload)
}

// Witness has the centre remember what the chain is, faster than the chain itself gets there:
// whoever changes, hides or cuts off events of this device afterwards is found out.
type Witness struct {
	Head func() (epoch, seq uint64, hash [32]byte, err error)        // of the journal
	Sign journal.Signer                                              // signs a checkpoint
	Tell func(ctx context.Context, what string, signed []byte) error // the centre, which stores it
	Log  *slog.Logger
}

const (
	witnessLook   = time.Second      // between two looks at the head
	witnessEvents = 100              // new events that make a checkpoint due,
	witnessAge    = 10 * time.Second // and how old the last one may be while there are any
)

// Run sends checkpoints until ctx ends, and returns ctx's error. What cannot be sent now waits for
// a later head, which says more.
func (w Witness) Run(ctx context.Context) error {
	var epoch, seq uint64
	last := time.Now().Add(-witnessAge)
	for tick := time.NewTicker(witnessLook); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
		e, s, hash, err := w.Head()
		if err != nil || s == 0 || e == epoch && (s == seq || s < seq+witnessEvents && time.Since(last) < witnessAge) {
			continue
		}
		signed, err := w.Sign(e, s, hash)
		if err == nil {
			err = w.Tell(ctx, "cp", signed)
		}
		if err != nil {
			w.Log.Debug("checkpoint", "err", err)
			continue
		}
		epoch, seq, last = e, s, time.Now()
	}
}
