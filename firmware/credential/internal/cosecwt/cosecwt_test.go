package cosecwt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/credential"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct {
		name, hex string
		ok        bool
	}{
		{"map in order", "a2 01 02 18 18 03", true},
		{"negative keys after positive ones", "a2 01 00 20 00", true},
		{"map out of order", "a2 20 00 01 00", false},
		{"duplicate key", "a2 01 00 01 01", false},
		{"one byte too many for an integer", "18 17", false},
		{"two bytes too many for a length", "59 0001 00", false},
		{"indefinite array", "9f ff", false},
		{"indefinite string", "5f 41 00 ff", false},
		{"trailing byte", "01 00", false},
		{"cut short", "a1 01", false},
		{"text that is no UTF-8", "61 ff", false},
		{"float that could be shorter", "fb 3ff8000000000000", false},
		{"shortest float", "f9 3e00", true},
		{"number in a bignum", "c2 41 01", false},
		{"64 items", "98 40" + strings.Repeat("00", 64), true},
		{"65 items", "98 41" + strings.Repeat("00", 65), false},
		{"8 levels", strings.Repeat("81", 7) + "80", true},
		{"9 levels", strings.Repeat("81", 8) + "80", false},
		{"8 levels and tags between", strings.Repeat("d8 64 81", 7) + "80", true},
		{"levels in a map's key", "a1" + strings.Repeat("81", 8) + "00 00", false},
		{"a date as a tag, which none of our formats has", "c1 00", false},
		{"nothing", "", false},
	} {
		v, err := Decode(unhex(t, tc.hex))
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v, %v", tc.name, v, err)
		}
		if err != nil && !errors.Is(err, credential.ErrMalformed) {
			t.Errorf("%s: %v is no ErrMalformed", tc.name, err)
		}
	}
}

func TestMap(t *testing.T) {
	v, err := Decode(unhex(t, "a5 01 61 61 04 1a 6b01c000 07 41 ff 20 d8 64 00 61 78 f6"))
	if err != nil {
		t.Fatal(err)
	}
	m := NewMap(v)
	if s := m.Text(1); s != "a" || m.Time(4).Unix() != 0x6b01c000 || !bytes.Equal(m.Bytes(7, 1), []byte{255}) || m.Err() != nil {
		t.Errorf("%q, %v", s, m.Err())
	}
	if m.Time(-1); m.Err() == nil {
		t.Error("a tagged number is taken for a time")
	}
	for name, read := range map[string]func(*Map){
		"null as text":     func(m *Map) { m.Text("x") },
		"null as bytes":    func(m *Map) { m.Bytes("x", -1) },
		"text as bytes":    func(m *Map) { m.Bytes(1, -1) },
		"text as a number": func(m *Map) { m.Int(1) },
		"bytes as text":    func(m *Map) { m.Text(7) },
		"other length":     func(m *Map) { m.Bytes(7, 2) },
		"number as a map":  func(m *Map) { m.Map(4).Text(1) },
		"what is not there": func(m *Map) {
			m.Uint(99)
		},
	} {
		m := NewMap(v)
		if read(m); !errors.Is(m.Err(), credential.ErrMalformed) {
			t.Errorf("%s: %v", name, m.Err())
		}
	}
	m = NewMap(v)
	if got := m.Keys(); len(got) != 4 || !slices.Contains(got, -1) {
		t.Errorf("keys %v", got)
	}
	if m.Closed() == nil {
		t.Error("closed, with keys that nobody read")
	}
}

// exampleSign1 is from RFC 9052 appendix C.2.1, with tag 18.
const exampleSign1 = "d2 84 43 a10126 a1 04 42 3131 54 546869732069732074686520636f6e74656e742e 58 40" +
	"8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"

func TestLenient(t *testing.T) {
	for name, prefix := range map[string]string{"tag 18": "d2", "no tag": "", "tag 61 around 18": "d83dd2"} {
		s, err := Lenient(unhex(t, prefix+strings.TrimPrefix(exampleSign1, "d2")))
		if err != nil || string(s.Payload) != "This is the content." || s.Protected.Int(1) != -7 || !bytes.Equal(s.Unprotected.Bytes(4, 2), []byte("11")) {
			t.Errorf("%s: %+v, %v", name, s, err)
			continue
		}
		// Sig_structure of the example, without external data
		want := unhex(t, "84 6a 5369676e617475726531 43 a10126 40 54 546869732069732074686520636f6e74656e742e")
		if got, err := s.Message(""); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: under the signature is %x, %v", name, got, err)
		}
	}
	if _, err := Strict(unhex(t, exampleSign1)); err == nil {
		t.Error("took an unprotected header for one of ours")
	}
	if _, err := Lenient(unhex(t, exampleSign1+"00")); err == nil {
		t.Error("took a byte after the end")
	}
}

// FuzzDecode checks that deterministic CBOR is what encodes to itself, and that
// the lenient reader takes whatever the strict one does.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{exampleSign1, "a201021818 03", "8181818181818180", "fb3ff8000000000000", "c11a6b01c000", "a1410000", "a1f9000000", "c249010000000000000000"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := Lenient(data); err == nil {
			s.Ours("x", "")
		}
		v, err := Decode(data)
		if err != nil {
			return
		}
		again, err := canonical.Marshal(v)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x is written %x, %v", data, again, err)
		}
		if w, err := Decode(again); err != nil || reflect.TypeOf(w) != reflect.TypeOf(v) {
			t.Fatalf("%x: %v", data, err)
		}
		NewMap(v).Closed()
	})
}
