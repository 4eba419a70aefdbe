package issuer

import (
	"bytes"
	"compress/zlib"
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
	entries := make([]byte, (codes+3)/4)
	for index, v := range values {
		entries[index/4] |= v << (index % 4 * 2)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	must(z.Write(entries))
	if err := z.Close(); err != nil {
		panic(err)
	}
	key := i.keys["status"]
	return key.sign(map[int]any{1: es256, 4: key.kid, 16: "application/statuslist+cwt"}, "status:", CBOR(map[int]any{
		2: uri, 4: issued.Add(ttl).Unix(), 6: issued.Unix(), 65534: int64(ttl / time.Second),
		65533: map[string]any{"bits": 2, "lst": packed.Bytes()},
	}))
}
