package centre

import (
	"fmt"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

const (
	maxList = 1 << 20 // bytes of a list of orders
	signed  = 0xd2    // the first byte of a tagged COSE_Sign1 (RFC 9052 section 2)
)

// Orders takes orders/latest.cose apart: one order by itself, or the CBOR array of the byte
// strings of several, none of which is decoded yet. An order stands for ever, so that they are as many as
// there were ever places to halt: at most 4096.
func Orders(data []byte) ([][]byte, error) {
	if len(data) > maxList {
		return nil, fmt.Errorf("orders: %w: more than %d bytes", credential.ErrMalformed, maxList)
	}
	if len(data) > 0 && data[0] == signed {
		return [][]byte{data}, nil
	}
	list, err := cosecwt.Strings(data)
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	return list, nil
}
