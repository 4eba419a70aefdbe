package credential_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/dcc"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/credential/provisional"
	"example.org/checkpoint/firmware/credential/venue"
	"example.org/checkpoint/simulators/issuer"
)

// longest is the most that a code may have in bytes, as base45 has it.
const longest = (4296 - 5) / 3 * 2

// What reading one code may allocate in bytes; a packed one may be 64 KiB of CBOR, and
// a map of one pair takes a hundred times the bytes that it is written in.
const (
	allowed       = 64 << 10
	allowedPacked = 8 << 20
)

// opened gives every presentation the same inside.
type opened []byte

func (o opened) Open(_, _, _, _ []byte) ([]byte, error) { return o, nil }

// TestHostileWork counts the bytes that are allocated for texts that are made to be
// dear: deep, wide, packed, promising more than they hold.
func TestHostileWork(t *testing.T) {
	fill := func(b []byte) []byte { return bytes.Repeat(b, longest/len(b)) }
	sign1 := func(payload []byte) []byte { // a COSE_Sign1 that nobody has signed, around as much as fits
		payload = payload[:min(len(payload), longest-110)]
		header := issuer.CBOR(map[int]any{1: -7, 4: make([]byte, 8)})
		return issuer.Wrap(header, payload, make([]byte, 64), issuer.Sound)
	}
	ints := func(n int) map[int]any {
		m := map[int]any{}
		for i := range n {
			m[-1000-i] = i
		}
		return m
	}
	packed := func(b []byte) []byte {
		var out bytes.Buffer
		z := zlib.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	huge := binary.BigEndian.AppendUint32([]byte{0x9a}, 1<<31)
	hostile := map[string][]byte{
		"arrays in one another":     fill([]byte{0x81}),
		"maps in one another":       fill([]byte{0xa1, 0x01}),
		"tags in one another":       fill([]byte{0xd2}),
		"arrays without end":        fill([]byte{0x9f}),
		"a promise of 2^31 items":   append(huge, fill([]byte{0})[:longest-5]...),
		"a promise of 2^63 bytes":   fill([]byte{0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
		"small integers":            fill([]byte{0}),
		"empty arrays, signed":      sign1(fill([]byte{0x80})),
		"deep, signed":              sign1(fill([]byte{0x81})),
		"64 claims, signed":         sign1(issuer.CBOR(ints(64))),
		"wide and wide, signed":     sign1(issuer.CBOR(map[int]any{169: map[int]any{1: ints(64), 2: ints(64), 3: ints(64)}, 1: "HK"})),
		"four presented, all deep":  sign1(issuer.CBOR(map[int]any{3: "x", 6: 1, 10: make([]byte, 8), -70002: [][]byte{fill([]byte{0x81})[:650], sign1(fill([]byte{0x80})[:500]), fill([]byte{0xa1, 1})[:650], {}}})),
		"many empty arrays, packed": packed(append([]byte{0x99, 0xff, 0x00}, bytes.Repeat([]byte{0x80}, 0xff00)...)),
		"many small maps, packed":   packed(append([]byte{0x99, 0x50, 0x00}, bytes.Repeat([]byte{0xa1, 0, 0}, 0x5000)...)),
		"a bomb of zeros":           packed(make([]byte, 2<<20)),
		"a bomb of empty arrays":    packed(append(binary.BigEndian.AppendUint32([]byte{0x9a}, 1<<20), bytes.Repeat([]byte{0x80}, 1<<20)...)),
		"a bomb of deep arrays":     packed(bytes.Repeat([]byte{0x81}, 1<<20)),
		"a bomb of small maps":      packed(append(binary.BigEndian.AppendUint32([]byte{0x9a}, 1<<18), bytes.Repeat([]byte{0xa1, 0, 0}, 1<<18)...)),
		"sound, and not ours":       sign1(issuer.CBOR(map[int]any{1: strings.Repeat("x", 2000)})),
	}
	alone := func(decode func([]byte) (credential.Credential, error)) func([]byte) error {
		return func(code []byte) error { _, err := decode(code); return err }
	}
	for name, data := range hostile {
		data = data[:min(len(data), longest)]
		for prefix, read := range map[string]func([]byte) error{
			healthcode.Prefix:         alone(healthcode.Decode),
			venue.Prefix:              alone(venue.Decode),
			venue.LeaveHomeSafePrefix: alone(venue.DecodeLeaveHomeSafe),
			provisional.Prefix:        alone(provisional.Decode),
			dcc.Prefix:                alone(dcc.Decode),
			holder.Prefix:             func(code []byte) error { _, err := holder.Decode(nil, code); return err },
			holder.SealedPrefix:       func(code []byte) error { _, err := holder.DecodeSealed(nil, code); return err },
			"inside a seal": func([]byte) error {
				_, err := holder.DecodeSealed(opened(data), []byte(holder.SealedPrefix+issuer.Base45(issuer.CBOR([]any{make([]byte, 8), make([]byte, 32), []byte{}}))))
				return err
			},
		} {
			code := []byte(prefix + issuer.Base45(data))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read(code)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s%s is taken", prefix, name)
			}
			most := uint64(allowed)
			if prefix == dcc.Prefix {
				most = allowedPacked
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > most {
				t.Errorf("%s%s: allocates %d bytes", prefix, name, n)
			}
		}
	}
}
