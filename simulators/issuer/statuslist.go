package issuer

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"time"
)

// Values of a status list of 2 bits (FORMATS A1).
const (
	StatusValid     = 0
	StatusWithdrawn = 1
	StatusAmber     = 2
	StatusRed       = 3
)

// StatusList signs a list of some codes, all valid but those named, as
// status/<Name>/<uri>.cwt. It lives for ttl.
func (i *Issuer) StatusList(uri string, codes uint, values map[uint]byte, issued time.Time, ttl time.Duration) []byte {
	return i.StatusListOf(2, uri, codes, values, issued, ttl)
}

// StatusListOf is a list with another number of bits for each code: 1, 2, 4 or 8.
func (i *Issuer) StatusListOf(bits uint, uri string, codes uint, values map[uint]byte, issued time.Time, ttl time.Duration) []byte {
	return i.Statement("status", "status:", map[int]any{16: "application/statuslist+cwt"}, CBOR(map[int]any{
		2: uri, 4: issued.Add(ttl).Unix(), 6: issued.Unix(), 65534: int64(ttl / time.Second),
		65533: map[string]any{"bits": bits, "lst": deflate(entries(codes, bits, values))},
	}))
}

// NotGoodList is what venues get instead: one bit for each code that is not as printed.
func (i *Issuer) NotGoodList(uri string, codes uint, values map[uint]byte, issued time.Time, ttl time.Duration) []byte {
	bits := map[uint]byte{}
	for index, v := range values {
		bits[index] = min(v, 1)
	}
	return i.StatusListOf(1, uri, codes, bits, issued, ttl)
}

// StatusDelta signs what turns one list of 2 bits into the next, as status/<Name>/<uri>.delta.
func (i *Issuer) StatusDelta(uri string, codesBefore, codes uint, before, after map[uint]byte, issued time.Time, ttl time.Duration) []byte {
	from, to := entries(codesBefore, 2, before), entries(codes, 2, after)
	base, result := sha256.Sum256(from), sha256.Sum256(to)
	for n := range min(len(from), len(to)) {
		to[n] ^= from[n]
	}
	return i.Statement("status", "status-delta:", nil, CBOR(map[int]any{
		1: uri, 2: base[:], 3: result[:], 4: deflate(to), 5: issued.Unix(), 6: issued.Add(ttl).Unix(),
	}))
}

func entries(codes, bits uint, values map[uint]byte) []byte {
	out := make([]byte, (codes*bits+7)/8)
	for index, v := range values {
		out[index*bits/8] |= v << (index * bits % 8)
	}
	return out
}

func deflate(b []byte) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	must(z.Write(b))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return packed.Bytes()
}
