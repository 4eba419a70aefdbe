package dcc

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
)

// CBOR by hand, so that it can be wrong.
func head(major byte, n int) []byte {
	if n < 24 {
		return []byte{major<<5 | byte(n)}
	}
	return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
}
func join(parts ...[]byte) []byte      { return bytes.Join(parts, nil) }
func bstr(parts ...[]byte) []byte      { b := join(parts...); return join(head(2, len(b)), b) }
func tstr(s string) []byte             { return join(head(3, len(s)), []byte(s)) }
func uintOf(n int) []byte              { return head(0, n) }
func negative(n int) []byte            { return head(1, -1-n) }
func array(parts ...[]byte) []byte     { return join(head(4, len(parts)), join(parts...)) }
func mapOf(parts ...[]byte) []byte     { return join(head(5, len(parts)/2), join(parts...)) }
func tagged(n int, b ...[]byte) []byte { return join(head(6, n), join(b...)) }

var (
	null      = []byte{0xf6}
	kid       = bstr([]byte("12345678"))
	protected = bstr(mapOf(uintOf(1), negative(-7), uintOf(4), kid))
	signature = bstr(make([]byte, 64))
	dose      = mapOf(tstr("ci"), tstr("URN:UVCI:01:X"), tstr("dn"), uintOf(2), tstr("sd"), []byte{0xf9, 0x40, 0x00}, // 2.0
		tstr("dt"), tstr("2021-05-06"), tstr("mp"), tstr(" EU/1/20/1528 "))
	sample = mapOf(tstr("tt"), tstr("LP6464-4"), tstr("tr"), tstr("260415000"), tstr("sc"), tagged(0, tstr("2021-05-06T10:00:00+02:00")))
)

func claims(hcert ...[]byte) []byte {
	return mapOf(uintOf(1), tstr("DE"), uintOf(4), uintOf(60000), uintOf(6), []byte{0xf9, 0x50, 0x10}, // 32.5
		negative(-260), mapOf(uintOf(1), mapOf(hcert...)))
}

func sign1(protected, unprotected, payload, signature []byte) []byte {
	return tagged(18, array(protected, unprotected, bstr(payload), signature))
}

func pack(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

func text(packed []byte) []byte {
	const a = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	s := []byte(Prefix)
	for ; len(packed) > 1; packed = packed[2:] {
		n := int(packed[0])<<8 | int(packed[1])
		s = append(s, a[n%45], a[n/45%45], a[n/2025])
	}
	if len(packed) == 1 {
		s = append(s, a[packed[0]%45], a[packed[0]/45])
	}
	return s
}

func TestDecode(t *testing.T) {
	v := claims(tstr("v"), array(dose), tstr("t"), null, tstr("r"), array(), tstr("dob"), tstr("1980-02-29"))
	empty := mapOf()
	sound := sign1(protected, empty, v, signature)
	for _, tc := range []struct {
		name string
		text []byte
		want error
	}{
		{"sound", text(pack(sound)), nil},
		{"untagged", text(pack(sound[1:])), nil},
		{"tag 61 around", text(pack(tagged(61, sound))), nil},
		{"header in the unprotected part", text(pack(sign1(bstr(), mapOf(uintOf(1), negative(-7), uintOf(4), kid), v, signature))), nil},
		{"indefinite and unsorted payload", text(pack(sign1(protected, empty, join([]byte{0xbf}, v[1:], []byte{0xff}), signature))), nil},
		{"signature of another length", text(pack(sign1(protected, empty, v, bstr(make([]byte, 71))))), nil}, // trust refuses it
		{"no kid", text(pack(sign1(bstr(mapOf(uintOf(1), negative(-7))), empty, v, signature))), credential.ErrMalformed},
		{"kid is text", text(pack(sign1(bstr(mapOf(uintOf(1), negative(-7), uintOf(4), tstr("12345678"))), empty, v, signature))), credential.ErrMalformed},
		{"no algorithm", text(pack(sign1(bstr(mapOf(uintOf(4), kid)), empty, v, signature))), credential.ErrMalformed},
		{"ES384", text(pack(sign1(bstr(mapOf(uintOf(1), negative(-35), uintOf(4), kid)), empty, v, signature))), credential.ErrUnsupported},
		{"not base45", []byte(Prefix + "==="), credential.ErrMalformed},
		{"nothing", []byte(Prefix), credential.ErrMalformed},
		{"not compressed", text(sound), credential.ErrMalformed},
		{"bomb", text(pack(make([]byte, 2<<20))), credential.ErrMalformed},
		{"bytes after the stream", text(append(pack(sound), 0, 0)), credential.ErrMalformed},
		{"bytes after the structure", text(pack(append(bytes.Clone(sound), 0))), credential.ErrMalformed},
		{"three parts", text(pack(tagged(18, array(protected, empty, bstr(v))))), credential.ErrMalformed},
		{"detached payload", text(pack(tagged(18, array(protected, empty, null, signature)))), credential.ErrMalformed},
		{"exp twice", text(pack(sign1(protected, empty, mapOf(uintOf(4), uintOf(1), uintOf(4), uintOf(60000)), signature))), credential.ErrMalformed},
		{"no exp", text(pack(sign1(protected, empty, mapOf(uintOf(1), tstr("DE")), signature))), credential.ErrMalformed},
		{"no certificate", text(pack(sign1(protected, empty, mapOf(uintOf(4), uintOf(60000)), signature))), credential.ErrMalformed},
		{"no group", text(pack(sign1(protected, empty, claims(), signature))), credential.ErrMalformed},
		{"two groups", text(pack(sign1(protected, empty, claims(tstr("v"), array(dose), tstr("t"), array(sample)), signature))), credential.ErrMalformed},
		{"two doses", text(pack(sign1(protected, empty, claims(tstr("v"), array(dose, dose)), signature))), credential.ErrMalformed},
		{"a dose that is no map", text(pack(sign1(protected, empty, claims(tstr("v"), array(uintOf(1))), signature))), credential.ErrMalformed},
	} {
		c, err := Decode(tc.text)
		if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
			continue
		}
		if err == nil && (c.Signed.Use != "v" || string(c.Signed.KeyID) != "12345678" || c.ID.Text != "URN:UVCI:01:X") {
			t.Errorf("%s: %+v", tc.name, c)
		}
	}
}

func TestFacts(t *testing.T) {
	empty := mapOf()
	c, err := Decode(text(pack(sign1(protected, empty, claims(tstr("v"), array(dose), tstr("dob"), tstr("1980-02-29")), signature))))
	if err != nil {
		t.Fatal(err)
	}
	birth := credential.DayOf(time.Date(1980, 2, 29, 0, 0, 0, 0, time.UTC))
	shot := credential.DayOf(time.Date(2021, 5, 6, 0, 0, 0, 0, time.UTC))
	want := credential.Facts{Kind: "vaccination", Birth: &birth, Doses: []credential.Dose{{Day: shot, Product: "EU/1/20/1528", Number: 2, Of: 2}}}
	if !reflect.DeepEqual(c.Facts, want) {
		t.Errorf("%+v, want %+v", c.Facts, want)
	}
	if c.Signed.Issued.Unix() != 32 || c.NotAfter.Unix() != 60000 || !c.Through {
		t.Errorf("issued %s, until %s", c.Signed.Issued, c.NotAfter)
	}
	c, err = Decode(text(pack(sign1(protected, empty, claims(tstr("t"), array(sample), tstr("dob"), tstr("1980")), signature))))
	if err != nil {
		t.Fatal(err)
	}
	want = credential.Facts{Kind: "test", Tests: []credential.Test{{Sampled: time.Date(2021, 5, 6, 8, 0, 0, 0, time.UTC), Kind: "PCR", Negative: true}}}
	if !reflect.DeepEqual(c.Facts, want) {
		t.Errorf("%+v, want %+v", c.Facts, want)
	}
	c, err = Decode(text(pack(sign1(protected, empty, claims(tstr("r"), array(mapOf())), signature))))
	if want = (credential.Facts{Kind: "recovery"}); err != nil || !reflect.DeepEqual(c.Facts, want) {
		t.Errorf("%v: %+v, want %+v", err, c.Facts, want)
	}
}

// FuzzDecode also fuzzes what is compressed: mutations of the text rarely survive zlib.
func FuzzDecode(f *testing.F) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "vectors", "dcc", "dgc-testdata", "index.json"))
	if err != nil {
		f.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	var cases []struct{ HC1 string }
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(strings.TrimPrefix(c.HC1, Prefix)), false)
	}
	f.Add(sign1(protected, mapOf(), claims(tstr("v"), array(dose)), signature), true)
	f.Fuzz(func(t *testing.T, data []byte, inside bool) {
		code := append([]byte(Prefix), data...)
		if inside {
			code = text(pack(data))
		}
		c, err := Decode(code)
		switch {
		case err == nil && (c.Signed.Use == "" || c.NotAfter.IsZero() || len(c.Signed.Message) == 0):
			t.Fatalf("%+v", c)
		case err != nil && !errors.Is(err, credential.ErrMalformed) && !errors.Is(err, credential.ErrUnsupported):
			t.Fatalf("%v is no error of a decoder", err)
		}
	})
}
