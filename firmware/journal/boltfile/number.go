package boltfile

import "encoding/binary"

// U64 is how keys and values hold a number: big endian, so that keys sort as they count.
func U64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Number reads what U64 wrote; 0 if there is nothing.
func Number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
