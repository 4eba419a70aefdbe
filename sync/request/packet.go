package request

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/checkpoint/sync/sign1"
)

const (
	chunkSize = 256 << 10 // bytes of a packet in one request
	maxPacket = 2 << 20   // bytes (PROTOCOL part C)
)

// ErrPacket means that the packet can never be sent.
var ErrPacket = errors.New("request: a packet has 1 byte to 2 MiB")

// Receipt is the centre's word that it has a packet; nothing else ends one (PROTOCOL C8).
type Receipt struct {
	Signed []byte // COSE_Sign1 by the reply key, aad "receipt", to be kept beside the record
	At     int64  // Unix seconds
}

// Packet hands a sealed packet over in chunks, beginning where an earlier attempt ended, and
// gives the centre's receipt. After an error it may be called again at any time, after a
// restart too.
func (c *Client) Packet(ctx context.Context, id string, sealed []byte) (Receipt, error) {
	if len(sealed) == 0 || len(sealed) > maxPacket {
		return Receipt{}, ErrPacket
	}
	sum := sha256.Sum256(sealed)
	part := map[string]any{"id": id, "size": len(sealed), "sha256": hex.EncodeToString(sum[:])}
	// One step asks how much is there; the others bring a chunk each, and none is needed twice.
	for range 2 + maxPacket/chunkSize {
		key, err := c.newKey()
		if err != nil {
			return Receipt{}, err
		}
		var b struct {
			Have    int
			Receipt []byte
		}
		if _, err := c.ask(ctx, late, "packet", key, part, &b); err != nil {
			return Receipt{}, err
		}
		if len(b.Receipt) > 0 {
			return c.receipt(b.Receipt, id, sum[:])
		}
		if b.Have < 0 || b.Have >= len(sealed) {
			break
		}
		part["offset"], part["data"] = b.Have, sealed[b.Have:min(b.Have+chunkSize, len(sealed))]
	}
	return Receipt{}, fmt.Errorf("%w: it never has the whole packet", ErrUnknown)
}

// receipt checks that a receipt is for this packet.
func (c *Client) receipt(signed []byte, id string, sum []byte) (Receipt, error) {
	payload, err := sign1.Open(c.o.Keys(), "receipt", signed)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: receipt: %w", ErrUnknown, err)
	}
	var r struct {
		V                      int
		Device, Packet, SHA256 string
		At                     int64
	}
	got := []byte(nil)
	if json.Unmarshal(payload, &r) == nil {
		got, _ = hex.DecodeString(r.SHA256)
	}
	if r.V != 1 || r.Device != c.o.Device || r.Packet != id || !bytes.Equal(got, sum) {
		return Receipt{}, fmt.Errorf("%w: the receipt is for another packet", ErrUnknown)
	}
	return Receipt{Signed: signed, At: r.At}, nil
}
