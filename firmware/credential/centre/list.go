package centre

import (
	"fmt"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

const (
	maxList = 64 << 10 // bytes of a list of orders
	signed  = 0xd2     // the first byte of a tagged COSE_Sign1 (RFC 9052 section 2)
)

// Orders takes orders/latest.cose apart: one order by itself, or the CBOR array of the byte
// strings of several, none of which is decoded yet.
func Orders(data []byte) ([][]byte, error) {
	if len(data) > maxList {
		return nil, fmt.Errorf("orders: %w: more than %d bytes", credential.ErrMalformed, maxList)
	}
	if len(data) > 0 && data[0] == signed {
		return [][]byte{data}, nil
	}
	v, err := cosecwt.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	list, ok := v.([]any)
	out := make([][]byte, 0, len(list))
	for _, one := range list {
		b, is := one.([]byte)
		out, ok = append(out, b), ok && is
	}
	if !ok {
		return nil, fmt.Errorf("orders: %w: want an array of byte strings", credential.ErrMalformed)
	}
	return out, nil
}
