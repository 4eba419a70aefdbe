package registry

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

var (
	ErrUnknown   = errors.New("the device is not enrolled")   // it has no card
	ErrSignature = errors.New("not signed by the device")     // another key, or other bytes
	ErrKey       = errors.New("another key")                  // than that of its card: of ErrSignature
	ErrForm      = errors.New("not what a device says there") // it does not parse, or is too large
)

// MaxMessage bounds what a device signs at once, in bytes (PROTOCOL part C).
const MaxMessage = 1 << 20

// maxItems bounds the arrays in it.
const maxItems = 1000

// Believe checks the signature of a message on <kind>.<device>, and returns the device's
// name and what it signed for a purpose.
func (r *Registry) Believe(subject, purpose string, data []byte) (name string, payload []byte, err error) {
	_, name, _ = strings.Cut(subject, ".")
	if len(data) > MaxMessage {
		return name, nil, fmt.Errorf("%w: %d bytes", ErrForm, len(data))
	}
	d, ok := r.Lookup(name)
	if !ok {
		return name, nil, ErrUnknown
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(data); err != nil {
		return name, nil, fmt.Errorf("%w: %v", ErrForm, err)
	}
	if kid, _ := m.Headers.Protected[cose.HeaderLabelKeyID].([]byte); !bytes.Equal(kid, d.kid) {
		return name, nil, fmt.Errorf("%w: %w", ErrSignature, ErrKey)
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, d.key)
	if err != nil {
		return name, nil, err
	}
	if err := m.Verify([]byte(purpose), v); err != nil {
		return name, nil, ErrSignature
	}
	return name, m.Payload, nil
}

var lenient = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: maxItems, MaxNestedLevels: 8, IndefLength: cbor.IndefLengthForbidden}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// Read decodes CBOR of a device, bounded.
func Read(data []byte, into any) error { return lenient.Unmarshal(data, into) }
